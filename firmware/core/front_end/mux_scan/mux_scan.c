// SPDX-License-Identifier: MIT
#include "mux_scan.h"

enum status mux_scan_init(struct mux_scan *scan, const struct mux_settings *settings)
{
    if (settings->input_count == 0 || settings->input_count > ADC_INPUT_LIMIT ||
        settings->discards > MUX_DISCARD_LIMIT) {
        return STATUS_INVALID;
    }
    *scan = (struct mux_scan){ .settings = *settings,
                               .length = settings->input_count * (settings->discards + 1u) };
    return STATUS_OK;
}

uint8_t mux_scan_address(const struct mux_scan *scan)
{
    return scan->settings.address[scan->position / (scan->settings.discards + 1u)];
}

static uint32_t sum_saturated(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/// Tells in a block that has no frames yet what was lost before them.
static void tell_losses(struct mux_scan *scan, struct adc_block *block)
{
    block->lost_frames = sum_saturated(block->lost_frames, scan->lost_frames);
    block->lost_unknown = block->lost_unknown || scan->lost_unknown;
    scan->lost_frames = 0;
    scan->lost_unknown = false;
}

void mux_scan_open(struct mux_scan *scan, struct adc_block *block)
{
    block->frame_count = 0;
    block->lost_frames = 0;
    block->lost_unknown = false;
    block->channel_swap = false;
    tell_losses(scan, block);
}

bool mux_scan_take(struct mux_scan *scan, int32_t code, struct adc_block *block)
{
    const uint32_t per_input = scan->settings.discards + 1u;
    if (scan->position % per_input == scan->settings.discards) {
        scan->code[scan->position / per_input] = code;
    }
    scan->position++;
    if (scan->position < scan->length) {
        return false;
    }
    scan->position = 0;
    if (scan->is_spoilt) {
        scan->is_spoilt = false;
        scan->lost_frames = sum_saturated(scan->lost_frames, 1);
        if (block->frame_count == 0) {
            tell_losses(scan, block);
        }
        return block->frame_count > 0;
    }
    for (unsigned input = 0; input < scan->settings.input_count; input++) {
        block->code[input][block->frame_count] = scan->code[input];
    }
    block->frame_count++;
    return block->frame_count == ADC_FRAME_LIMIT;
}

void mux_scan_lose(struct mux_scan *scan, uint32_t conversions)
{
    if (conversions == 0) {
        scan->lost_unknown = true;
        scan->is_spoilt = false;
        scan->position = 0;
        return;
    }
    const uint64_t reached = (uint64_t)scan->position + conversions;
    scan->lost_frames = sum_saturated(scan->lost_frames, (uint32_t)(reached / scan->length));
    scan->position = (uint32_t)(reached % scan->length);
    scan->is_spoilt = scan->position != 0;
}

double mux_scan_delay(const struct mux_scan *scan, unsigned input)
{
    return (double)input / scan->settings.input_count;
}

uint64_t mux_scan_frame_rate(const struct mux_scan *scan, uint64_t conversion_rate)
{
    return (conversion_rate + scan->length / 2u) / scan->length;
}
