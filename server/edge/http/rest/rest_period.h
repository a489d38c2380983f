// SPDX-License-Identifier: MIT
#pragma once

/// Turns "today", "week", "month", "year" and "all" into instants, in the server's time zone. Weeks
/// begin on Monday (ISO 8601). And chooses the buckets of a series.

#include <stdint.h>

#include "status.h"

/// Start of the period that contains `now_ms`; 0 for "all".
///
/// @return STATUS_INVALID  no such period.
MUST_CHECK enum status rest_period_start(const char *period, int64_t now_ms, int64_t *start_ms);

/// The narrowest bucket of a round width that covers `range_ms` with at most `points` buckets.
/// Under a minute: 1, 2, 5, 10, 15 or 30 s; else whole minutes that divide an hour or a day, or
/// days.
int64_t rest_bucket_ms(int64_t range_ms, int64_t points);
