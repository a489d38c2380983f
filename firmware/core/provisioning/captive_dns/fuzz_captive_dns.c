// SPDX-License-Identifier: MIT

/// Any message gets no reply, or one of the same number that is no longer than one answer more, and
/// which the server itself does not answer again.

#include <string.h>

#include "captive_dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t address[4] = { 192, 168, 4, 1 };
    uint8_t reply[CAPTIVE_DNS_SIZE_LIMIT];
    uint8_t second[CAPTIVE_DNS_SIZE_LIMIT];
    size_t reply_size = 0;
    size_t second_size = 0;

    if (captive_dns_answer(data, size, address, reply, &reply_size) != STATUS_OK) {
        return 0;
    }
    if (reply_size < 12 || reply_size > size + 16 || memcmp(reply, data, 2) != 0 ||
        captive_dns_answer(reply, reply_size, address, second, &second_size) != STATUS_CORRUPT) {
        __builtin_trap();
    }
    return 0;
}
