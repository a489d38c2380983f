// SPDX-License-Identifier: MIT
#pragma once

/// Finds where a current jumps: a load that is switched, not a cloud that passes over a panel.
///
/// Currents are phasors against the voltage. A step must happen within two windows and still be
/// there three seconds later, in the same direction.

#include <stdint.h>

enum { WIRING_STEP_LIMIT = 4, WIRING_STEP_WINDOWS = 24 };

struct wiring_phasor {
    double in_phase_a;
    double quadrature_a; ///< Positive is behind the voltage.
};

struct wiring_step {
    uint32_t window; ///< The window in which it happened, counted from the first.
    double jump_a;   ///< Within two windows.
    struct wiring_phasor before;
    struct wiring_phasor change; ///< From before to three seconds later.
};

/// Owned by the caller; starts zeroed.
struct wiring_steps {
    uint32_t windows;
    uint32_t count;
    struct wiring_step step[WIRING_STEP_LIMIT]; ///< The largest; in no order.
    struct wiring_phasor recent[WIRING_STEP_WINDOWS];
};

/// Adds a window; windows follow on.
void wiring_steps_add(struct wiring_steps *steps, struct wiring_phasor current);

double wiring_phasor_size(struct wiring_phasor phasor);

/// The angle by which the current is behind, -180 to 180 degrees.
double wiring_phasor_lag_deg(struct wiring_phasor phasor);

/// `degrees` brought into -180 to 180.
double wiring_wrap_deg(double degrees);
