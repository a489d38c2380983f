// SPDX-License-Identifier: MIT
#include "wiring_step.h"

#include <stdbool.h>
#include <stddef.h>

#include "portable_math.h"

static const double pi = 3.14159265358979323846;

/// Places in the history: before, the windows in which it happens, at once after, and later.
enum {
    BEFORE = 2,
    BEFORE_COUNT = 4,
    JUMP_FROM = 4,
    JUMP = 6,
    JUMP_TO = 8,
    JUMP_COUNT = 2,
    LATER = 20,
    LATER_COUNT = 4,
};

static const double least_jump_a = 0.02;
static const double angle_limit_deg = 30.0;
static const double least_rest = 0.1; ///< Of the jump that is left: motors start with more.
static const double most_rest = 1.5;
static const double most_slope = 0.1; ///< Of the jump, within the four tenths of a second before.

double wiring_phasor_size(struct wiring_phasor phasor)
{
    return portable_sqrt(phasor.in_phase_a * phasor.in_phase_a +
                         phasor.quadrature_a * phasor.quadrature_a);
}

double wiring_phasor_lag_deg(struct wiring_phasor phasor)
{
    return portable_atan2(phasor.quadrature_a, phasor.in_phase_a) * 180.0 / pi;
}

double wiring_wrap_deg(double degrees)
{
    while (degrees > 180.0) {
        degrees -= 360.0;
    }
    while (degrees < -180.0) {
        degrees += 360.0;
    }
    return degrees;
}

static struct wiring_phasor difference(struct wiring_phasor to, struct wiring_phasor from)
{
    return (struct wiring_phasor){ to.in_phase_a - from.in_phase_a,
                                   to.quadrature_a - from.quadrature_a };
}

/// The mean of `count` windows, the first `from` after the oldest.
static struct wiring_phasor mean(const struct wiring_steps *steps, unsigned from, unsigned count)
{
    struct wiring_phasor sum = { 0.0, 0.0 };
    for (unsigned i = 0; i < count; i++) {
        const struct wiring_phasor *one =
            &steps->recent[(steps->windows + from + i) % WIRING_STEP_WINDOWS];
        sum.in_phase_a += one->in_phase_a;
        sum.quadrature_a += one->quadrature_a;
    }
    return (struct wiring_phasor){ sum.in_phase_a / count, sum.quadrature_a / count };
}

static bool is_step(struct wiring_phasor jump, struct wiring_phasor change)
{
    const double size = wiring_phasor_size(jump);
    const double rest = wiring_phasor_size(change);
    const double turn =
        wiring_wrap_deg(wiring_phasor_lag_deg(change) - wiring_phasor_lag_deg(jump));
    return size > least_jump_a && rest > least_rest * size && rest < most_rest * size &&
           turn < angle_limit_deg && turn > -angle_limit_deg;
}

static void keep(struct wiring_steps *steps, const struct wiring_step *found)
{
    struct wiring_step *place = NULL;
    for (uint32_t i = 0; i < steps->count; i++) {
        struct wiring_step *held = &steps->step[i];
        if (found->window < held->window + LATER) {
            // The same step, seen from a window further on: its clearest view counts.
            if (found->jump_a > held->jump_a) {
                *held = *found;
            }
            return;
        }
        if (place == NULL || held->jump_a < place->jump_a) {
            place = held;
        }
    }
    if (steps->count < WIRING_STEP_LIMIT) {
        steps->step[steps->count++] = *found;
    } else if (place->jump_a < found->jump_a) {
        *place = *found;
    }
}

void wiring_steps_add(struct wiring_steps *steps, struct wiring_phasor current)
{
    steps->recent[steps->windows % WIRING_STEP_WINDOWS] = current;
    steps->windows++;
    if (steps->windows < WIRING_STEP_WINDOWS) {
        return;
    }
    const struct wiring_phasor before = mean(steps, BEFORE, BEFORE_COUNT);
    const struct wiring_phasor jump =
        difference(mean(steps, JUMP_TO, JUMP_COUNT), mean(steps, JUMP_FROM, JUMP_COUNT));
    const struct wiring_phasor change = difference(mean(steps, LATER, LATER_COUNT), before);
    // A cloud over a panel is on its way before; a switch is not.
    const struct wiring_phasor slope =
        difference(mean(steps, JUMP_FROM, JUMP_COUNT), mean(steps, BEFORE, JUMP_COUNT));
    if (is_step(jump, change) &&
        wiring_phasor_size(slope) < most_slope * wiring_phasor_size(jump)) {
        const struct wiring_step step = { .window = steps->windows - WIRING_STEP_WINDOWS + JUMP,
                                          .jump_a = wiring_phasor_size(jump),
                                          .before = before,
                                          .change = change };
        keep(steps, &step);
    }
}
