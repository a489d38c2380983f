// SPDX-License-Identifier: MIT
#include "rest_period.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

enum { SECOND_MS = 1000, DAY_MS = 86400000 };

enum status rest_period_start(const char *period, int64_t now_ms, int64_t *start_ms)
{
    const time_t now_s = (time_t)(now_ms / SECOND_MS);
    struct tm local;

    if (strcmp(period, "all") == 0) {
        *start_ms = 0;
        return STATUS_OK;
    }
    if (localtime_r(&now_s, &local) == NULL) {
        return STATUS_INVALID;
    }
    if (strcmp(period, "week") == 0) {
        local.tm_mday -= (local.tm_wday + 6) % 7; // tm_wday counts from Sunday.
    } else if (strcmp(period, "month") == 0) {
        local.tm_mday = 1;
    } else if (strcmp(period, "year") == 0) {
        local.tm_mday = 1;
        local.tm_mon = 0;
    } else if (strcmp(period, "today") != 0) {
        return STATUS_INVALID;
    }
    local.tm_hour = 0;
    local.tm_min = 0;
    local.tm_sec = 0;
    local.tm_isdst = -1; // Midnight may lie on the other side of a change of the clocks.
    *start_ms = (int64_t)mktime(&local) * SECOND_MS;
    return STATUS_OK;
}

int64_t rest_bucket_ms(int64_t range_ms, int64_t points)
{
    static const int64_t widths_s[] = { 1,   2,   5,    10,   15,   30,    60,    120,   300,
                                        600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400 };
    for (size_t i = 0; i < sizeof widths_s / sizeof widths_s[0]; i++) {
        // One bucket more than the range needs, since both of its ends may fall inside a bucket.
        if (range_ms / (widths_s[i] * SECOND_MS) + 2 <= points) {
            return widths_s[i] * SECOND_MS;
        }
    }
    const int64_t room = points > 2 ? points - 2 : 1;
    return (range_ms / room / DAY_MS + 1) * DAY_MS;
}
