// SPDX-License-Identifier: MIT
#pragma once

/// Takes the harmonics of one channel out of the transforms that are made for spectra, while a load
/// is watched.

#include <stdbool.h>
#include <stdint.h>

#include "calibration_response.h"
#include "spectrum_tap.h"

/// Owned by the caller. Use it only through the functions below.
struct calibration_harmonics {
    bool begun; ///< A window has passed; it may have begun before the load was watched.
    unsigned voltage_input;
    unsigned current_input;
    uint64_t ended_us; ///< Of the window in hand.
    bool has_voltage;  ///< The window's voltage has been seen; so the next.
    bool has_current;
    bool clipped;
    double frequency_hz;
    struct calibration_phasor voltage[CALIBRATION_ORDERS];
    struct calibration_phasor current[CALIBRATION_ORDERS];
    struct calibration_response response;
};

/// Forgets what was seen and watches two inputs.
void calibration_harmonics_begin(struct calibration_harmonics *harmonics, unsigned voltage_input,
                                 unsigned current_input);

/// Looks at one input of a window; those of one window come one after another.
void calibration_harmonics_take(struct calibration_harmonics *harmonics,
                                const struct spectrum_bins *bins);
