// SPDX-License-Identifier: MIT
#pragma once

/// What the sums of a stretch mean in volts, amperes and watts.
///
/// Structure and signs follow IEEE 1459-2010, single phase, non-sinusoidal. The means of voltage
/// and current are removed exactly: an offset of the converter cannot be told from a direct
/// current, and transformers pass none.
///
/// Q is the non-active power sqrt(S^2 - P^2) (IEEE 1459 calls it N) with the sign of the
/// fundamental's reactive power, which the lagged voltage gives. Q1 itself comes with the
/// harmonics.

#include <stdbool.h>

#include "cycle_sums.h"
#include "wiring.h"

struct quantities {
    double voltage_v;    ///< Root mean square, mean removed.
    double current_a;    ///< Root mean square, mean removed.
    double active_w;     ///< Positive flows from the grid to the load.
    double reactive_var; ///< Positive is inductive.
    double apparent_va;  ///< voltage_v * current_a.
    double power_factor; ///< active_w / apparent_va, -1 to 1; 0 when nothing flows.
};

/// Computes one channel. `lag_angle` is the lag of the sums in radians of the mains. `offsets` are
/// the codes that stand for nothing, by input; NULL takes the means of the stretch itself, which is
/// right for whole cycles only.
struct quantities quantities_of(const struct cycle_sums *sums, const struct wiring *wiring,
                                unsigned channel, double lag_angle, const double *offsets);

/// Puts power and power factor to 0, keeping the root mean squares: there is no mains to measure
/// against.
void quantities_without_reference(struct quantities *quantities);

/// Fills in apparent, reactive power (`inductive` gives its sign) and power factor from the other
/// three.
void quantities_complete(struct quantities *quantities, bool inductive);
