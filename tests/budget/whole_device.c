// SPDX-License-Identifier: MIT

/// An image that holds every module of the device and does nothing: it is read, not run.

int main(void)
{
    return 0;
}
