// SPDX-License-Identifier: MIT
#pragma once

/// What one boot knows about wall-clock time, and when its journal deserves a new anchor record.
///
/// An anchor is due at the first knowledge of time, when a better source speaks, every hour, and
/// when a source at least as good disagrees by more than both uncertainties and the crystal's drift
/// allow. A worse source never overrides a better one.

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

enum {
    TIMEKEEPER_ANCHOR_PERIOD_MS = 3600 * 1000,
    TIMEKEEPER_DRIFT_PPM = 100, ///< Worst crystal over temperature and ageing.
};

/// Storage for one boot, owned by the caller. Use it only through the functions below.
struct timekeeper {
    bool known;
    bool pending;                ///< An anchor was asked for and has not been committed yet.
    struct anchor best;          ///< The newest observation that was believed.
    uint64_t anchored_uptime_ms; ///< When an anchor was last handed out.
};

void timekeeper_init(struct timekeeper *timekeeper);

/// Takes one observation: at `observed->uptime_ms` a source said `observed->utc_ms`.
///
/// @return true  `*observed` is due as an anchor record; say timekeeper_anchored() once it is kept,
///               until then every observation is due.
bool timekeeper_observe(struct timekeeper *timekeeper, const struct anchor *observed);

/// The anchor that timekeeper_observe() asked for has been committed.
void timekeeper_anchored(struct timekeeper *timekeeper, const struct anchor *anchor);

/// Tells Unix time at `uptime_ms` and the half width of the interval that holds it.
///
/// @return false  the time is not known in this boot; the outputs are untouched.
bool timekeeper_utc_ms(const struct timekeeper *timekeeper, uint64_t uptime_ms, int64_t *utc_ms,
                       uint32_t *uncertainty_ms);
