// SPDX-License-Identifier: MIT
#pragma once

/// What the sums of a stretch mean in volts, amperes and watts.
///
/// Structure and signs follow IEEE 1459-2010, single phase, non-sinusoidal. The means of voltage
/// and current are removed exactly: an offset of the converter cannot be told from a direct
/// current, and transformers pass none.
///
/// Q is that of the fundamental, Q1. Of a piece of a cycle, which has no fundamental, it comes from
/// the voltage one frame before and after, as if there were no harmonics.

#include "cycle_sums.h"
#include "wiring.h"

struct quantities {
    double voltage_v;    ///< Root mean square, mean removed.
    double current_a;    ///< Root mean square, mean removed.
    double active_w;     ///< Positive flows from the grid to the load.
    double reactive_var; ///< Of the fundamental; positive is inductive.
    double apparent_va;  ///< voltage_v * current_a.
    double power_factor; ///< active_w / apparent_va, -1 to 1; 0 when nothing flows.
};

/// Computes one channel. `frame_angle` is a frame in radians of the mains. `offsets` are
/// the codes that stand for nothing, by input; NULL takes the means of the stretch itself, which is
/// right for whole cycles only.
struct quantities quantities_of(const struct cycle_sums *sums, const struct wiring *wiring,
                                unsigned channel, double frame_angle, const double *offsets);

/// Puts power and power factor to 0, keeping the root mean squares: there is no mains to measure
/// against.
void quantities_without_reference(struct quantities *quantities);

/// Fills in apparent power and power factor from the others.
void quantities_complete(struct quantities *quantities);
