// SPDX-License-Identifier: MIT

/// Any text is refused with a place and a reason, or gives a rate for every moment.

#include <stdint.h>
#include <string.h>

#include "tariff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[TARIFF_TEXT_SIZE + 8];
    struct tariff tariff;
    struct tariff_fault fault = { 0, NULL };
    if (size >= sizeof text) {
        return 0;
    }
    for (size_t n = 0; n < size; n++) {
        text[n] = (char)data[n];
    }
    text[size] = '\0';
    if (tariff_parse(&tariff, text, &fault) != STATUS_OK) {
        if (fault.what == NULL || fault.at > strlen(text)) {
            __builtin_trap();
        }
        return 0;
    }
    const struct time_zone zone = time_zone_utc();
    struct tariff_clock clock;
    tariff_clock_init(&clock, &tariff, &zone, 3);
    for (int64_t utc_ms = 1763690000000; utc_ms < 1763690000000 + 366 * INT64_C(86400000);
         utc_ms += 7 * INT64_C(3333333)) {
        if (tariff_clock_rate(&clock, true, utc_ms) >= READING_RATE_COUNT) {
            __builtin_trap();
        }
    }
    return 0;
}
