// SPDX-License-Identifier: MIT
#include "scan_unpack.h"

enum { CODE_MASK = 0xfff, NO_INPUT = ADC_INPUT_LIMIT };

size_t scan_format_word_size(enum scan_format format)
{
    return format == SCAN_FORMAT_TYPE1 ? 2 : 4;
}

/// The bits of a word that hold its tag.
static uint32_t mask_of(enum scan_format format)
{
    switch (format) {
    case SCAN_FORMAT_TYPE1:
        return 0xf000;
    case SCAN_FORMAT_TYPE2_3BITS:
        return 0x1e000;
    case SCAN_FORMAT_TYPE2_4BITS:
        return 0x3e000;
    }
    return 0;
}

/// A tag in its place in the word; beyond the mask when the format cannot tell it.
static uint32_t bits_of(enum scan_format format, uint32_t tag)
{
    switch (format) {
    case SCAN_FORMAT_TYPE1:
        return tag << 12;
    case SCAN_FORMAT_TYPE2_3BITS:
        return (tag & 8u) != 0 ? UINT32_MAX : (tag & 7u) << 13 | (tag & SCAN_UNIT_2) << 12;
    case SCAN_FORMAT_TYPE2_4BITS:
        return tag << 13;
    }
    return UINT32_MAX;
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
    unpack->tag_mask = mask_of(format);
    for (uint32_t input = 0; input < input_count; input++) {
        const uint32_t bits = bits_of(format, tags[input]);
        if (tags[input] >= SCAN_TAG_COUNT || (bits & ~unpack->tag_mask) != 0 ||
            unpack->input_of_tag[tags[input]] != NO_INPUT) {
            return STATUS_INVALID;
        }
        unpack->tag_bits[input] = bits;
        unpack->input_of_tag[tags[input]] = (uint8_t)input;
    }
    return STATUS_OK;
}

static unsigned tag_of(enum scan_format format, uint32_t word)
{
    if (format == SCAN_FORMAT_TYPE1) {
        return (word >> 12) & 0xfu;
    }
    return format == SCAN_FORMAT_TYPE2_3BITS ? ((word >> 13) & 0x7u) | ((word >> 12) & SCAN_UNIT_2)
                                             : ((word >> 13) & 0x1fu);
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

/// A word came in the wrong place: the words of the frame in progress are in no frame now, and
/// this one may begin another.
static void doubt(struct scan_unpack *unpack, uint32_t input)
{
    unpack->counters.alien_words += input == NO_INPUT ? 1u : 0u;
    add_saturated(&unpack->doubted, unpack->position);
    unpack->position = 0;
    unpack->in_doubt = true;
    if (input != 0) {
        add_saturated(&unpack->doubted, 1);
    }
}

static inline void take_word(struct scan_unpack *unpack, uint32_t word, struct adc_block *block)
{
    const uint32_t input = unpack->input_of_tag[tag_of(unpack->format, word)];
    unpack->counters.words++;
    if (input != unpack->position) {
        doubt(unpack, input);
        if (input != 0) {
            return;
        }
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

static uint32_t word_at(const uint8_t *bytes, size_t word_size)
{
    const uint32_t low = bytes[0] | (uint32_t)bytes[1] << 8;
    return word_size == 2 ? low : low | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/// Takes one byte of a word that the buffers cut.
static void take_byte(struct scan_unpack *unpack, uint8_t byte, size_t word_size,
                      struct adc_block *block)
{
    unpack->held[unpack->held_size++] = byte;
    if (unpack->held_size == word_size) {
        unpack->held_size = 0;
        take_word(unpack, word_at(unpack->held, word_size), block);
    }
}

/// The usual case, quickly: whole frames in order, straight into the block. Stops before the first
/// frame that is anything else.
static size_t take_sound_frames(struct scan_unpack *unpack, const uint8_t *bytes, size_t size,
                                size_t word_size, struct adc_block *block)
{
    const size_t frame_size = word_size * unpack->input_count;
    size_t used = 0;
    while (size - used >= frame_size && block->frame_count < ADC_FRAME_LIMIT) {
        const uint8_t *at = bytes + used;
        for (uint32_t input = 0; input < unpack->input_count; input++, at += word_size) {
            const uint32_t word = word_at(at, word_size);
            if ((word & unpack->tag_mask) != unpack->tag_bits[input]) {
                return used;
            }
            block->code[input][block->frame_count] = (int32_t)(word & CODE_MASK);
        }
        block->frame_count++;
        unpack->counters.frames++;
        unpack->counters.words += unpack->input_count;
        used += frame_size;
    }
    return used;
}

size_t scan_unpack_take(struct scan_unpack *unpack, const uint8_t *bytes, size_t size,
                        struct adc_block *block)
{
    const size_t word_size = scan_format_word_size(unpack->format);
    size_t used = 0;
    while (used < size && !scan_unpack_is_complete(unpack, block)) {
        if (unpack->held_size == 0 && unpack->position == 0 && !unpack->in_doubt &&
            !unpack->is_first) {
            used += take_sound_frames(unpack, bytes + used, size - used, word_size, block);
            if (used == size || scan_unpack_is_complete(unpack, block)) {
                break;
            }
        }
        if (unpack->held_size == 0 && size - used >= word_size) {
            take_word(unpack, word_at(bytes + used, word_size), block);
            used += word_size;
        } else {
            take_byte(unpack, bytes[used++], word_size, block);
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

enum status scan_mean(enum scan_format format, uint8_t tag, const uint8_t *bytes, size_t size,
                      int32_t *mean)
{
    const size_t word_size = scan_format_word_size(format);
    const uint32_t words = (uint32_t)(size / word_size);
    uint64_t sum = 0;

    if (words == 0 || size % word_size != 0) {
        return STATUS_CORRUPT;
    }
    for (size_t at = 0; at < size; at += word_size) {
        const uint32_t word = word_at(bytes + at, word_size);
        if (tag_of(format, word) != tag) {
            return STATUS_CORRUPT;
        }
        sum += word & CODE_MASK;
    }
    *mean = (int32_t)((sum * SCAN_MEAN_SCALE + words / 2u) / words);
    return STATUS_OK;
}
