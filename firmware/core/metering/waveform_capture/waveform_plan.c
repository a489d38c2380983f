// SPDX-License-Identifier: MIT
#include "waveform_plan.h"

#include "waveform_capture.h"

enum { LONGEST_CYCLES = 10 };

static const uint64_t SLOWEST_MHZ = 1000000; ///< Rates in frames per thousand seconds.
static const uint64_t FASTEST_MHZ = 200000000;

/// Samples of one input in the longest window, rounded up, and what the interpolation needs.
static uint32_t samples_at(uint64_t rate_mhz, uint32_t decimation)
{
    const uint64_t per_window = (uint64_t)decimation * 1000 * WAVEFORM_SLOWEST_HZ;
    const uint64_t samples = (rate_mhz * LONGEST_CYCLES + per_window - 1) / per_window;
    return (uint32_t)samples + WAVEFORM_BEFORE + WAVEFORM_AFTER + 1;
}

static size_t slot_size(uint32_t samples, uint32_t inputs)
{
    const size_t size =
        offsetof(struct captured_window, sample) + (size_t)samples * inputs * sizeof(int32_t);
    return (size + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t);
}

size_t waveform_plan_size(uint64_t rate_mhz, uint32_t decimation, uint32_t inputs, uint32_t slots)
{
    if (decimation < 1 || rate_mhz > FASTEST_MHZ) {
        return 0;
    }
    return slot_size(samples_at(rate_mhz, decimation), inputs) * slots;
}

size_t waveform_plan_slot(const struct waveform_plan *plan)
{
    return slot_size(plan->samples, plan->inputs);
}

size_t waveform_plan_storage(const struct waveform_plan *plan)
{
    return waveform_plan_slot(plan) * plan->slots;
}

static uint32_t count_of(uint32_t mask)
{
    uint32_t count = 0;
    for (; mask != 0; mask &= mask - 1) {
        count++;
    }
    return count;
}

/// The inputs of channel `n`; 0 when it is not measured.
static uint16_t inputs_of(const struct wiring *wiring, unsigned n)
{
    const struct wiring_channel *channel = &wiring->channel[n];
    if (channel->voltage_input >= ADC_INPUT_LIMIT || channel->current_input >= ADC_INPUT_LIMIT) {
        return 0;
    }
    return (uint16_t)(1u << channel->voltage_input | 1u << channel->current_input);
}

static void take_turns(struct waveform_plan *plan, const struct wiring *wiring,
                       enum waveform_mode mode)
{
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const uint16_t inputs = inputs_of(wiring, n);
        if (inputs != 0 && mode == WAVEFORM_ROTATION) {
            plan->turn[plan->turns++] = inputs;
        } else if (inputs != 0) {
            plan->turns = 1;
            plan->turn[0] |= inputs;
        }
    }
    for (uint32_t n = 0; n < plan->turns; n++) {
        const uint32_t inputs = count_of(plan->turn[n]);
        plan->inputs = inputs > plan->inputs ? inputs : plan->inputs;
    }
}

enum status waveform_plan_make(struct waveform_plan *plan, const struct wiring *wiring,
                               enum waveform_mode mode, uint64_t rate_mhz, uint32_t slots,
                               size_t storage_size)
{
    *plan = (struct waveform_plan){ .rate_mhz = rate_mhz, .slots = slots };
    take_turns(plan, wiring, mode);
    if (plan->turns == 0 || rate_mhz < SLOWEST_MHZ || rate_mhz > FASTEST_MHZ || slots == 0 ||
        slots > 1024 || (slots & (slots - 1)) != 0) {
        return STATUS_INVALID;
    }
    for (uint32_t decimation = 1; decimation <= WAVEFORM_DECIMATION_LIMIT; decimation++) {
        if (decimation > 1 && rate_mhz / decimation < WAVEFORM_SLOWEST_RATE_HZ * UINT64_C(1000)) {
            break;
        }
        plan->decimation = decimation;
        plan->samples = samples_at(rate_mhz, decimation);
        if (waveform_plan_storage(plan) <= storage_size) {
            return STATUS_OK;
        }
    }
    return STATUS_FULL;
}
