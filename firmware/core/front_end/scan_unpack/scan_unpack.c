// SPDX-License-Identifier: MIT
#include "scan_unpack.h"

enum { CODE_MASK = 0xfff, NO_INPUT = ADC_INPUT_LIMIT };

size_t scan_format_word_size(enum scan_format format)
{
    return format == SCAN_FORMAT_TYPE1 ? 2 : 4;
}

/// The number of tags that a format can tell apart.
static uint32_t tag_limit(enum scan_format format)
{
    switch (format) {
    case SCAN_FORMAT_TYPE1:
        return 16;
    case SCAN_FORMAT_TYPE2_3BITS:
    case SCAN_FORMAT_TYPE2_4BITS:
        return SCAN_TAG_COUNT;
    }
    return 0;
}

enum status scan_unpack_init(struct scan_unpack *unpack, enum scan_format format,
                             const uint8_t *tags, uint32_t input_count)
{
    if (input_count == 0 || input_count > ADC_INPUT_LIMIT) {
        return STATUS_INVALID;
    }
    *unpack =
        (struct scan_unpack){ .format = format, .input_count = input_count, .is_first = true };
    for (unsigned tag = 0; tag < SCAN_TAG_COUNT; tag++) {
        unpack->input_of_tag[tag] = NO_INPUT;
    }
    for (uint32_t input = 0; input < input_count; input++) {
        if (tags[input] >= tag_limit(format) || unpack->input_of_tag[tags[input]] != NO_INPUT) {
            return STATUS_INVALID;
        }
        unpack->input_of_tag[tags[input]] = (uint8_t)input;
    }
    return STATUS_OK;
}

static unsigned tag_of(enum scan_format format, uint32_t word)
{
    switch (format) {
    case SCAN_FORMAT_TYPE1:
        return (word >> 12) & 0xfu;
    case SCAN_FORMAT_TYPE2_3BITS:
        return ((word >> 13) & 0x7u) | ((word >> 16) & 1u) * SCAN_UNIT_2;
    case SCAN_FORMAT_TYPE2_4BITS:
        return ((word >> 13) & 0xfu) | ((word >> 17) & 1u) * SCAN_UNIT_2;
    }
    return 0;
}

static void add_saturated(uint32_t *sum, uint32_t more)
{
    *sum = *sum > UINT32_MAX - more ? UINT32_MAX : *sum + more;
}

/// A believed frame has come after words that were not: says what the hole was.
static void end_hole(struct scan_unpack *unpack)
{
    const uint32_t count = unpack->input_count;
    const uint32_t over = unpack->doubted % count;
    const uint32_t missing = over == 0 ? 0 : count - over;
    unpack->hole_frames = unpack->doubted / count + (missing > 0 ? 1u : 0u);
    unpack->hole_is_unknown = missing > 0 || unpack->overrun;
    unpack->hole_is_swap = !unpack->hole_is_unknown && unpack->hole_frames > 0;
    unpack->hole_ended = true;
    unpack->counters.missing_words += missing;
    unpack->counters.lost_frames += unpack->hole_frames;
    unpack->counters.swaps += unpack->hole_is_swap ? 1u : 0u;
    unpack->in_doubt = false;
    unpack->overrun = false;
    unpack->doubted = 0;
}

static void put_frame(const struct scan_unpack *unpack, struct adc_block *block)
{
    for (uint32_t input = 0; input < unpack->input_count; input++) {
        block->code[input][block->frame_count] = unpack->code[input];
    }
    block->frame_count++;
}

/// All words of a frame are there, in order.
static void complete_frame(struct scan_unpack *unpack, struct adc_block *block)
{
    unpack->position = 0;
    unpack->counters.frames++;
    if (unpack->in_doubt && !unpack->is_first) {
        end_hole(unpack);
        return;
    }
    // A stream may begin within a scan: what lies before its first frame is no loss.
    unpack->is_first = false;
    unpack->in_doubt = false;
    unpack->overrun = false;
    unpack->doubted = 0;
    put_frame(unpack, block);
}

static void take_word(struct scan_unpack *unpack, uint32_t word, struct adc_block *block)
{
    const uint32_t input = unpack->input_of_tag[tag_of(unpack->format, word)];
    unpack->counters.words++;
    unpack->counters.alien_words += input == NO_INPUT ? 1u : 0u;
    if (input != unpack->position) {
        // The words of the frame in progress are in no frame now.
        add_saturated(&unpack->doubted, unpack->position);
        unpack->position = 0;
        unpack->in_doubt = true;
    }
    if (input != unpack->position) {
        add_saturated(&unpack->doubted, 1);
        return;
    }
    unpack->code[input] = (int32_t)(word & CODE_MASK);
    unpack->position++;
    if (unpack->position == unpack->input_count) {
        complete_frame(unpack, block);
    }
}

void scan_unpack_open(struct scan_unpack *unpack, struct adc_block *block)
{
    block->frame_count = 0;
    block->lost_frames = 0;
    block->lost_unknown = false;
    block->channel_swap = false;
    if (!unpack->hole_ended) {
        return;
    }
    if (unpack->hole_is_swap) {
        const uint32_t told =
            unpack->hole_frames < ADC_FRAME_LIMIT ? unpack->hole_frames : ADC_FRAME_LIMIT;
        block->channel_swap = true;
        block->frame_count = told;
        block->lost_frames = unpack->hole_frames - told;
        unpack->hole_is_swap = false;
        unpack->hole_frames = 0;
        return;
    }
    block->lost_frames = unpack->hole_frames;
    block->lost_unknown = unpack->hole_is_unknown;
    unpack->hole_ended = false;
    put_frame(unpack, block);
}

bool scan_unpack_is_complete(const struct scan_unpack *unpack, const struct adc_block *block)
{
    return block->channel_swap || unpack->hole_ended || block->frame_count >= ADC_FRAME_LIMIT;
}

size_t scan_unpack_take(struct scan_unpack *unpack, const uint8_t *bytes, size_t size,
                        struct adc_block *block)
{
    const size_t word_size = scan_format_word_size(unpack->format);
    size_t used = 0;
    while (used < size && !scan_unpack_is_complete(unpack, block)) {
        unpack->held[unpack->held_size++] = bytes[used++];
        if (unpack->held_size == word_size) {
            uint32_t word = unpack->held[0] | (uint32_t)unpack->held[1] << 8;
            if (word_size == SCAN_WORD_SIZE_LIMIT) {
                word |= (uint32_t)unpack->held[2] << 16 | (uint32_t)unpack->held[3] << 24;
            }
            unpack->held_size = 0;
            take_word(unpack, word, block);
        }
    }
    return used;
}

void scan_unpack_overrun(struct scan_unpack *unpack)
{
    add_saturated(&unpack->doubted, unpack->position);
    unpack->position = 0;
    unpack->held_size = 0;
    unpack->in_doubt = true;
    unpack->overrun = true;
}
