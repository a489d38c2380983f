// SPDX-License-Identifier: MIT
#include "scan_source.h"

enum {
    PAIR_SIZE = 4,
    LAP_BUFFERS =
        2,         ///< So many buffers late and not made up for: the DMA has lapped the interrupt.
    LATE_FADES = 8 ///< An eighth of what is late is forgotten with each buffer, since rates drift.
};

enum status scan_source_init(struct scan_source *source, const struct scan_port *port,
                             const struct scan_settings *settings)
{
    *source =
        (struct scan_source){ .port = port, .pairs_are_swapped = settings->pairs_are_swapped };
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

/// Puts the words of each pair in the order of their conversion.
static void swap_pairs(struct scan_buffer *buffer)
{
    for (size_t at = 0; at < buffer->size; at += PAIR_SIZE) {
        for (size_t n = 0; n < PAIR_SIZE / 2; n++) {
            const uint8_t byte = buffer->bytes[at + n];
            buffer->bytes[at + n] = buffer->bytes[at + n + PAIR_SIZE / 2];
            buffer->bytes[at + n + PAIR_SIZE / 2] = byte;
        }
    }
}

/// How long the words of the buffer took to convert.
static uint64_t duration_us(const struct scan_source *source)
{
    const uint64_t words = source->buffer.size / scan_format_word_size(source->unpack.format);
    return words * UINT64_C(1000000000) /
           (frame_clock_rate_mhz(&source->clock) * source->unpack.input_count);
}

/// Whether buffers are missing before this one, by the time stamps.
static bool has_lapped(struct scan_source *source)
{
    const uint64_t before_us = source->stamp_us;
    const uint64_t spent_us = source->buffer.filled_us - before_us;
    source->stamp_us = source->buffer.filled_us;
    if (before_us == 0 || source->buffer.filled_us < before_us || source->buffer.overrun ||
        !frame_clock_is_measured(&source->clock)) {
        source->late_us = 0;
        return false;
    }
    const uint64_t usual_us = duration_us(source);
    const uint64_t sum_us = source->late_us + spent_us;
    const bool was_late = source->late_us > LAP_BUFFERS * usual_us;
    source->late_us = sum_us > usual_us ? sum_us - usual_us : 0;
    if (spent_us < usual_us / 2) {
        return false; // Part of a burst.
    }
    if (was_late && source->late_us > LAP_BUFFERS * usual_us) {
        source->late_us = 0;
        source->laps++;
        return true;
    }
    if (!was_late && source->late_us <= LAP_BUFFERS * usual_us) {
        source->late_us -= source->late_us / LATE_FADES;
    }
    return false;
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
    if (source->buffer.size > SCAN_BUFFER_SIZE ||
        (source->pairs_are_swapped && source->buffer.size % PAIR_SIZE != 0)) {
        source->buffer.size = 0;
        return STATUS_IO;
    }
    if (source->pairs_are_swapped) {
        swap_pairs(&source->buffer);
    }
    if (has_lapped(source) || source->buffer.overrun) {
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
                                .input_spacing_s = scan_source_delay_s(source, 1),
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
