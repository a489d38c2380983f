// SPDX-License-Identifier: MIT
#pragma once

/// Mains with disturbances that are known exactly, and a meter from the converter's codes to
/// events.

#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"
#include "cycle_window.h"
#include "half_cycles.h"
#include "power_quality.h"
#include "ring.h"
#include "sampling_task.h"
#include "wiring.h"

enum {
    DISTURBED_RATE = 10000,     ///< Frames a second.
    DISTURBED_DECLARED_V = 230, ///< 657 codes rms.
    DISTURBED_SLOTS = 256,
    DISTURBED_WINDOWS = 4,
    DISTURBED_STEPS = 8,
    DISTURBED_EVENTS = 64,
    DISTURBED_FINE_US = 20, ///< Step of the integrals that are taken for the truth.
    DISTURBED_FINE = 4000000 / DISTURBED_FINE_US,
};

/// From `at_s` on the voltage is `share` of what is declared, its phase `jump` further.
struct mains_step {
    double at_s;
    double share;
    double jump;
};

struct disturbed_mains {
    double frequency_hz;
    double phase; ///< Of the fundamental at 0 s.
    double distortion;
    double noise_codes;
    unsigned steps;
    struct mains_step step[DISTURBED_STEPS];
    uint64_t frame;
    uint32_t dice;
};

struct disturbed_meter {
    struct disturbed_mains mains;
    struct adc_source source;
    struct wiring wiring;
    struct ring windows;
    struct cycle_window window_slots[DISTURBED_WINDOWS];
    struct sampling_task sampling;
    struct ring ring;
    struct half_cycle slots[DISTURBED_SLOTS];
    struct half_cycles half_cycles;
    struct power_quality quality;
    struct power_event event[DISTURBED_EVENTS];
    unsigned events;
    double energy[DISTURBED_FINE +
                  1];    ///< Integral of the square from 0 on, in steps of DISTURBED_FINE_US.
    double worst_urms;   ///< Worst error of Urms(1/2), share of the declared voltage.
    double worst_excess; ///< The same, less what the noise itself accounts for.
    unsigned checked;
};

/// Begins with `mains` at 0 s on a converter of 12 bits.
void disturbed_meter_init(struct disturbed_meter *meter, const struct disturbed_mains *mains,
                          const struct power_quality_settings *settings);

/// Integrates the square of the signal over `seconds`, 4 at most: what disturbed_meter_run() and
/// disturbed_meter_extreme() compare with.
void disturbed_meter_integrate(struct disturbed_meter *meter, double seconds);

/// The lowest or the highest true Urms(1/2) from zero crossing to zero crossing, while the steps
/// make no phase jump.
double disturbed_meter_extreme(const struct disturbed_meter *meter, double from_s, double to_s,
                               bool highest);

/// Runs the meter for `seconds`. With `check` every Urms(1/2) from 0.3 s on is compared with the
/// truth over its own cycle.
void disturbed_meter_run(struct disturbed_meter *meter, double seconds, bool check);

/// The first event of `kind` that was found, or NULL.
const struct power_event *disturbed_meter_event(const struct disturbed_meter *meter, unsigned kind);
