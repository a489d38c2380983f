// SPDX-License-Identifier: MIT
#include "calibration_harmonics.h"

#include <stddef.h>

void calibration_harmonics_begin(struct calibration_harmonics *harmonics, unsigned voltage_input,
                                 unsigned current_input)
{
    *harmonics = (struct calibration_harmonics){ .voltage_input = voltage_input,
                                                 .current_input = current_input };
}

static void read_orders(struct calibration_phasor phasor[CALIBRATION_ORDERS],
                        const struct spectrum_bins *bins)
{
    for (uint32_t n = 0; n < CALIBRATION_ORDERS; n++) {
        const size_t bin = (size_t)(2 * n + 1) * bins->cycles;
        const bool exists = bin < RFFT_BINS && bins->scale > 0.0;
        phasor[n] = exists ? (struct calibration_phasor){ bins->bin[2 * bin] / bins->scale,
                                                          bins->bin[2 * bin + 1] / bins->scale }
                           : (struct calibration_phasor){ 0.0, 0.0 };
    }
}

/// Both inputs of a window have been seen.
static void add_window(struct calibration_harmonics *harmonics)
{
    if (harmonics->begun && !harmonics->clipped) {
        calibration_response_add(&harmonics->response, harmonics->voltage, harmonics->current,
                                 harmonics->frequency_hz);
    }
    harmonics->begun = true;
    harmonics->has_voltage = false;
    harmonics->has_current = false;
    harmonics->clipped = false;
}

void calibration_harmonics_take(struct calibration_harmonics *harmonics,
                                const struct spectrum_bins *bins)
{
    const bool is_voltage = bins->input == harmonics->voltage_input;
    const bool is_current = bins->input == harmonics->current_input;
    if (!is_voltage && !is_current) {
        return;
    }
    if (bins->ended_us != harmonics->ended_us) {
        harmonics->ended_us = bins->ended_us;
        harmonics->has_voltage = false;
        harmonics->has_current = false;
        harmonics->clipped = false;
    }
    harmonics->frequency_hz = bins->frequency_hz;
    harmonics->clipped = harmonics->clipped || bins->clipped;
    if (is_voltage) {
        read_orders(harmonics->voltage, bins);
        harmonics->has_voltage = true;
    }
    if (is_current) {
        read_orders(harmonics->current, bins);
        harmonics->has_current = true;
    }
    if (harmonics->has_voltage && harmonics->has_current) {
        add_window(harmonics);
    }
}
