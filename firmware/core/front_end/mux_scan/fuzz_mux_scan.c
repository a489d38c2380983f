// SPDX-License-Identifier: MIT

/// Takes and loses conversions in any order: no frame is lost uncounted, none counted twice.

#include <stdlib.h>

#include "mux_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct adc_block block;
    struct mux_scan scan;
    if (size < 2) {
        return 0;
    }
    const struct mux_settings settings = { .input_count = data[0], .discards = data[1] };
    if (mux_scan_init(&scan, &settings) != STATUS_OK) {
        return 0;
    }
    const uint32_t length = scan.length;
    uint64_t conversions = 0;
    uint64_t frames = 0;
    mux_scan_open(&scan, &block);
    for (size_t at = 2; at < size; at++) {
        const uint32_t lost = data[at] > 0xf0 ? data[at] - 0xf0u : 0;
        check(mux_scan_address(&scan) == 0);
        const bool complete = lost == 0 && mux_scan_take(&scan, data[at], &block);
        conversions += lost == 0 ? 1 : lost;
        check(block.frame_count <= ADC_FRAME_LIMIT);
        if (complete || lost > 0) {
            frames += block.frame_count + block.lost_frames;
            if (lost > 0) {
                mux_scan_lose(&scan, lost);
            }
            mux_scan_open(&scan, &block);
        }
    }
    frames += block.frame_count + block.lost_frames + scan.lost_frames;
    check(frames == conversions / length);
    return 0;
}
