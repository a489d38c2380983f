// SPDX-License-Identifier: MIT
#pragma once

/// Which input of the converter sees what, and how much one code is worth.

#include <stdint.h>

#include "adc_source.h"
#include "reading.h"
#include "status.h"

enum {
    WIRING_NO_INPUT = 0xff,
    /// So many different voltages: one that has no current of its own has no channel.
    WIRING_VOLTAGE_LIMIT = (int)ADC_INPUT_LIMIT / 2 < (int)READING_CHANNEL_COUNT
                               ? (int)ADC_INPUT_LIMIT / 2
                               : (int)READING_CHANNEL_COUNT,
};

/// One channel is a voltage and a current that are multiplied. Channels may share a voltage.
struct wiring_channel {
    uint8_t voltage_input; ///< WIRING_NO_INPUT: the channel is not measured.
    uint8_t current_input;
};

struct wiring {
    struct wiring_channel channel[READING_CHANNEL_COUNT];
    double unit_per_code[ADC_INPUT_LIMIT]; ///< Volts or amperes per code; negative turns a reversed
                                           ///< sensor.
    uint8_t reference_input;               ///< The voltage whose cycles set the windows.
};

/// One voltage on input 0 and currents on inputs 1 to `channels`, 1 to READING_CHANNEL_COUNT of
/// them.
struct wiring wiring_of_one_voltage(unsigned channels, double volts_per_code,
                                    double amperes_per_code);

/// Measures the first `channels` alone, of those that were.
void wiring_keep_first(struct wiring *wiring, unsigned channels);

/// Bit n is set when channel n is measured.
uint8_t wiring_channels(const struct wiring *wiring);

/// @return STATUS_INVALID  no channel is measured, an input is not one of `input_count`, there are
///                         more than WIRING_VOLTAGE_LIMIT voltages, or a scale is 0 or not finite.
MUST_CHECK enum status wiring_check(const struct wiring *wiring, unsigned input_count);
