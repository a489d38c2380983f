// SPDX-License-Identifier: MIT
#pragma once

/// Tells whether what a channel measures is too small to count.
///
/// A current input with nothing on it shows noise, and noise times voltage is a power that changes
/// its sign from window to window. A register that only grows would add it up for ever. The power
/// is therefore averaged with its sign over about a second, active and reactive apart, which leaves
/// little of noise and all of a load. A channel creeps when the magnitude of that average has been
/// below the threshold for a second; it stops at once when the average, or four times as much in a
/// single window, reaches the threshold. A channel that was never seen creeps.

#include <stdbool.h>

struct creep {
    double active_w; ///< Averages.
    double reactive_var;
    double below_s; ///< How long the average has been below the threshold.
};

/// A channel that creeps.
void creep_init(struct creep *creep);

/// Takes the power of one window of `seconds`. Returns whether it is too small to count.
/// A threshold of 0 lets everything count.
bool creep_take(struct creep *creep, double active_w, double reactive_var, double seconds,
                double threshold_va);

/// What the newest window came to, for a piece of a cycle that is too short to judge.
bool creep_goes_on(const struct creep *creep, double threshold_va);
