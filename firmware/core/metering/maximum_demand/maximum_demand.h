// SPDX-License-Identifier: MIT
#pragma once

/// The highest demand since the last reset, with its time, and who reset it when. It survives a
/// power cut: what is shown was stored before, and a cut leaves the old maximum or the new one.
///
/// One task owns it.

#include <stdbool.h>
#include <stdint.h>

#include "key_value.h"
#include "status.h"

enum { MAXIMUM_DEMAND_WHO_SIZE = 32 }; ///< Longest name of who resets, in characters.

struct maximum_demand_value {
    int64_t demand_mw;
    int64_t at_ms;          ///< Unix time of its end; 0 when it was not known, or with no maximum.
    int64_t previous_mw;    ///< The maximum that the last reset ended.
    int64_t previous_at_ms; ///< Its time.
    int64_t reset_at_ms;    ///< Unix time of the last reset; 0 when not known, or none.
    uint32_t resets;        ///< Counts them; stays at its end.
    char reset_by[MAXIMUM_DEMAND_WHO_SIZE + 1];
};

/// Storage owned by the caller. Use it only through the functions below.
struct maximum_demand {
    const struct key_value *values;
    struct maximum_demand_value value; ///< As it is stored.
    int64_t offered_mw;                ///< Highest that was offered and is not stored yet, or 0.
    int64_t offered_at_ms;
};

/// Reads the maximum kept last. `values` outlives it.
///
/// @return STATUS_MISSING  there was none: it begins at 0;
///         STATUS_CORRUPT  what was there is not ours: it begins at 0, with no reset counted;
///         STATUS_IO       storage failed: as STATUS_CORRUPT.
MUST_CHECK enum status maximum_demand_load(struct maximum_demand *maximum,
                                           const struct key_value *values);

/// Puts a demand forward; quick, and stores nothing yet.
void maximum_demand_offer(struct maximum_demand *maximum, int64_t demand_mw, int64_t at_ms);

/// Stores the highest of what was offered when it is a new maximum. May block for as long as the
/// disk does.
///
/// @return what key_value.set() returned; after a failure the next call tries again.
MUST_CHECK enum status maximum_demand_settle(struct maximum_demand *maximum);

/// Begins a new maximum at 0. `who` is cut at MAXIMUM_DEMAND_WHO_SIZE characters; `now_ms` is 0
/// when the time is not known. What was offered and not settled belongs to the period that ends.
///
/// @return what key_value.set() returned: after a failure nothing was reset.
MUST_CHECK enum status maximum_demand_reset(struct maximum_demand *maximum, int64_t now_ms,
                                            const char *who);
