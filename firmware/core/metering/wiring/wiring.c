// SPDX-License-Identifier: MIT
#include "wiring.h"

#include <stdbool.h>

struct wiring wiring_of_one_voltage(unsigned channels, double volts_per_code,
                                    double amperes_per_code)
{
    struct wiring wiring = { .reference_input = 0 };
    wiring.unit_per_code[0] = volts_per_code;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        if (n < channels) {
            wiring.channel[n] = (struct wiring_channel){ 0, (uint8_t)(n + 1u) };
            wiring.unit_per_code[n + 1u] = amperes_per_code;
        } else {
            wiring.channel[n] = (struct wiring_channel){ WIRING_NO_INPUT, WIRING_NO_INPUT };
        }
    }
    return wiring;
}

void wiring_keep_first(struct wiring *wiring, unsigned channels)
{
    for (unsigned n = channels; n < READING_CHANNEL_COUNT; n++) {
        wiring->channel[n] = (struct wiring_channel){ WIRING_NO_INPUT, WIRING_NO_INPUT };
    }
}

uint8_t wiring_channels(const struct wiring *wiring)
{
    unsigned mask = 0;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        mask |= wiring->channel[n].voltage_input != WIRING_NO_INPUT ? 1u << n : 0u;
    }
    return (uint8_t)mask;
}

static bool input_is_sound(const struct wiring *wiring, unsigned input, unsigned input_count)
{
    if (input >= input_count || input >= ADC_INPUT_LIMIT) {
        return false;
    }
    const double scale = wiring->unit_per_code[input];
    return (scale > 0.0 && scale < 1e9) || (scale < 0.0 && scale > -1e9);
}

static unsigned count_voltages(const struct wiring *wiring)
{
    unsigned count = 0;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const uint8_t voltage = wiring->channel[n].voltage_input;
        bool is_new = voltage != WIRING_NO_INPUT;
        for (unsigned k = 0; k < n; k++) {
            is_new = is_new && wiring->channel[k].voltage_input != voltage;
        }
        count += is_new ? 1u : 0u;
    }
    return count;
}

enum status wiring_check(const struct wiring *wiring, unsigned input_count)
{
    bool sound = wiring_channels(wiring) != 0 && count_voltages(wiring) <= WIRING_VOLTAGE_LIMIT &&
                 input_is_sound(wiring, wiring->reference_input, input_count);
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct wiring_channel *channel = &wiring->channel[n];
        if (channel->voltage_input != WIRING_NO_INPUT) {
            sound = sound && input_is_sound(wiring, channel->voltage_input, input_count) &&
                    input_is_sound(wiring, channel->current_input, input_count);
        }
    }
    return sound ? STATUS_OK : STATUS_INVALID;
}
