// SPDX-License-Identifier: MIT

/// Any text either is no time zone, or one in which every moment has a date.

#include <stdint.h>
#include <string.h>

#include "local_time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TIME_ZONE_TEXT_SIZE + 3];
    struct time_zone zone;
    size_t fault = 0;
    int64_t unix_s = 1763690000;

    if (size >= sizeof text) {
        return 0;
    }
    for (size_t n = 0; n < size; n++) {
        text[n] = (char)data[n];
    }
    text[size] = '\0';
    if (time_zone_parse(&zone, text, &fault) != STATUS_OK) {
        if (fault > strlen(text)) {
            __builtin_trap();
        }
        return 0;
    }
    for (unsigned n = 0; n < 64; n++) {
        const struct local_time local = local_time_at(&zone, unix_s);
        const int32_t days = local_time_days(local.year, local.month, local.day);
        const int64_t local_s =
            (int64_t)days * 86400 + local.hour * 3600 + local.minute * 60 + local.second;
        if (local_s - local.offset_s != unix_s) {
            __builtin_trap();
        }
        unix_s = (unix_s * 31 + (int64_t)size * 7919) % 253402300800;
    }
    return 0;
}
