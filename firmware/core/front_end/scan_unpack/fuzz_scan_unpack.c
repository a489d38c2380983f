// SPDX-License-Identifier: MIT

/// Unpacks anything: every frame is whole, every code fits, and no frame is counted twice.

#include <stdlib.h>

#include "scan_unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static uint64_t look_at_block(const struct adc_block *block, uint32_t inputs)
{
    check(block->frame_count <= ADC_FRAME_LIMIT);
    check(!block->channel_swap || block->frame_count > 0);
    for (uint32_t n = 0; n < block->frame_count && !block->channel_swap; n++) {
        for (uint32_t input = 0; input < inputs; input++) {
            check(block->code[input][n] >= 0 && block->code[input][n] <= 0xfff);
        }
    }
    return block->channel_swap ? 0 : block->frame_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct adc_block block;
    if (size < 2) {
        return 0;
    }
    const enum scan_format format = (enum scan_format)(data[0] % 3);
    const uint32_t inputs = 1u + data[0] / 4u % 8u;
    const uint8_t tags[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    const size_t piece = 1u + data[1] % 64u;
    struct scan_unpack unpack;
    check(scan_unpack_init(&unpack, format, tags, inputs) == STATUS_OK);
    uint64_t frames = 0;
    size_t at = 2;
    scan_unpack_open(&unpack, &block);
    while (at < size || scan_unpack_is_complete(&unpack, &block)) {
        const size_t offered = size - at < piece ? size - at : piece;
        if (offered > 0 && data[at] == 0xff) {
            scan_unpack_overrun(&unpack);
        }
        const size_t used = scan_unpack_take(&unpack, data + at, offered, &block);
        check(used <= offered);
        check(used > 0 || offered == 0 || scan_unpack_is_complete(&unpack, &block));
        at += used;
        if (scan_unpack_is_complete(&unpack, &block)) {
            frames += look_at_block(&block, inputs);
            scan_unpack_open(&unpack, &block);
        }
    }
    frames += look_at_block(&block, inputs);
    check(frames == unpack.counters.frames);
    return 0;
}
