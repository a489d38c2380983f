// SPDX-License-Identifier: MIT
#include "status.h"

#include <stdio.h>

int main(void)
{
    printf("the module list stands alone: %s\n", status_name(STATUS_OK));
    return 0;
}
