// SPDX-License-Identifier: MIT
#include "scan_source.h"

enum status scan_source_init(struct scan_source *source, const struct scan_port *port,
                             const struct scan_settings *settings)
{
    *source = (struct scan_source){ .port = port };
    if (settings->words_per_1000s == 0 || settings->input_count == 0) {
        return STATUS_INVALID;
    }
    frame_clock_init(&source->clock, settings->words_per_1000s / settings->input_count);
    return scan_unpack_init(&source->unpack, settings->format, settings->tag,
                            settings->input_count);
}

/// The buffer is used up: tells the clock what has passed in it.
static void pass_time(struct scan_source *source)
{
    const struct scan_counters *counters = &source->unpack.counters;
    const uint64_t total = counters->frames + counters->lost_frames;
    if (source->unpack.in_doubt || counters->missing_words != source->missing_words) {
        source->missing_words = counters->missing_words;
        frame_clock_restart(&source->clock);
    }
    frame_clock_pass(&source->clock, total - source->clocked_frames, source->buffer.filled_us);
    source->clocked_frames = total;
}

static enum status next_buffer(struct scan_source *source)
{
    source->used = 0;
    source->buffer.size = 0;
    source->buffer.overrun = false;
    const enum status status = source->port->read(source->port->ctx, &source->buffer);
    if (status != STATUS_OK || source->buffer.size == 0) {
        source->buffer.size = 0;
        return status != STATUS_OK ? status : STATUS_BUSY;
    }
    if (source->buffer.size > SCAN_BUFFER_SIZE) {
        source->buffer.size = 0;
        return STATUS_IO;
    }
    if (source->buffer.overrun) {
        scan_unpack_overrun(&source->unpack);
        frame_clock_restart(&source->clock);
    }
    return STATUS_OK;
}

static enum status read_block(void *ctx, struct adc_block *block)
{
    struct scan_source *source = ctx;
    struct scan_unpack *unpack = &source->unpack;
    enum status status = STATUS_OK;
    scan_unpack_open(unpack, block);
    while (status == STATUS_OK && !scan_unpack_is_complete(unpack, block)) {
        if (source->used == source->buffer.size) {
            status = next_buffer(source);
        } else {
            source->used += scan_unpack_take(unpack, source->buffer.bytes + source->used,
                                             source->buffer.size - source->used, block);
            if (source->used == source->buffer.size) {
                pass_time(source);
            }
        }
    }
    return block->frame_count > 0 ? STATUS_OK : status;
}

static uint64_t rate_of(void *ctx)
{
    const struct scan_source *source = ctx;
    return frame_clock_rate_mhz(&source->clock);
}

struct adc_source scan_source_adc(struct scan_source *source)
{
    return (struct adc_source){ .input_count = (uint8_t)source->unpack.input_count,
                                .code_min = 0,
                                .code_max = SCAN_CODE_MAX,
                                .read = read_block,
                                .frame_rate_mhz = rate_of,
                                .ctx = source };
}

double scan_source_delay_s(const struct scan_source *source, unsigned input)
{
    const double words_per_s =
        (double)frame_clock_rate_mhz(&source->clock) * source->unpack.input_count / 1000.0;
    return input / words_per_s;
}

const struct scan_counters *scan_source_counters(const struct scan_source *source)
{
    return &source->unpack.counters;
}
