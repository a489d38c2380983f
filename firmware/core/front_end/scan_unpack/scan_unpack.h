// SPDX-License-Identifier: MIT
#pragma once

/// Turns the words that an ESP32's own converter writes by DMA into frames.
///
/// The converter scans a table of inputs and tags each result with its channel. Tags are looked at
/// word by word, because the hardware may drop words, repeat them or change their order:
///
///     0 1 2 | 0 1 2 | 0 2 | 0 1 2        one word is missing: a frame is lost and counted
///     0 1 2 | 1 0 2 | 0 1 2              the order changed: the frame is told as a channel swap
///
/// A frame is believed when all its words came in the order of the scan. After a word in the wrong
/// place nothing is believed until a whole frame has come; what lay between is counted by words.
/// When words are missing it cannot be seen whether whole scans are missing too: the hole is told
/// as unknown, with the least number of frames that it can be.
///
/// Word formats are those of ESP-IDF's adc_digi_output_data_t.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adc_source.h"
#include "status.h"

enum scan_format {
    SCAN_FORMAT_TYPE1 = 0,   ///< 16 bits: code 11..0, channel 15..12. ESP32, ESP32-S2.
    SCAN_FORMAT_TYPE2_3BITS, ///< 32 bits: code 11..0, channel 15..13, unit 16. ESP32-C3, -C2.
    SCAN_FORMAT_TYPE2_4BITS, ///< 32 bits: code 11..0, channel 16..13, unit 17. ESP32-S3, -C6.
};

enum {
    SCAN_WORD_SIZE_LIMIT = 4,
    SCAN_UNIT_2 = 16, ///< Added to the tags of the second converter.
    SCAN_TAG_COUNT = 32,
};

struct scan_counters {
    uint64_t words;         ///< Words looked at.
    uint64_t frames;        ///< Frames believed.
    uint64_t lost_frames;   ///< The least number of frames that were not.
    uint64_t missing_words; ///< Words that cannot have come, modulo a scan.
    uint64_t alien_words;   ///< Words with a tag that is not in the scan.
    uint64_t swaps;         ///< Times that words came in another order, none missing.
};

/// Storage for one unpacker, owned by the caller. Use it only through the functions below.
struct scan_unpack {
    enum scan_format format;
    uint32_t input_count;
    uint8_t input_of_tag[SCAN_TAG_COUNT]; ///< ADC_INPUT_LIMIT: the tag is not in the scan.
    uint32_t tag_mask;                    ///< The bits of a word that are its tag.
    uint32_t tag_bits[ADC_INPUT_LIMIT];   ///< What they are, by input.
    struct scan_counters counters;
    uint8_t held[SCAN_WORD_SIZE_LIMIT]; ///< The beginning of a word that is not complete.
    uint32_t held_size;
    int32_t code[ADC_INPUT_LIMIT]; ///< The frame in progress.
    uint32_t position;             ///< Words of it.
    bool is_first;                 ///< No frame was believed yet.
    bool in_doubt;                 ///< Since the last believed frame a word was in the wrong place.
    uint32_t doubted;              ///< Words since then that are in no frame, saturated.
    bool overrun;                  ///< Words were lost before the unpacker saw them.
    bool hole_ended;               ///< `code` is the first frame after a hole, and in no block yet.
    uint32_t hole_frames;
    bool hole_is_swap;
    bool hole_is_unknown;
};

/// Binds the unpacker to a scan of `input_count` tags, in the order of the converter's table. A tag
/// is the channel number, plus SCAN_UNIT_2 for the second converter.
///
/// @return STATUS_INVALID  no input or too many, or a tag is out of range or there twice.
MUST_CHECK enum status scan_unpack_init(struct scan_unpack *unpack, enum scan_format format,
                                        const uint8_t *tags, uint32_t input_count);

/// Begins a block. The frames of a hole that has ended are told here; a block that tells of a swap
/// is complete at once.
void scan_unpack_open(struct scan_unpack *unpack, struct adc_block *block);

/// Takes bytes into the block until it is complete and returns how many. Words may be cut anywhere.
size_t scan_unpack_take(struct scan_unpack *unpack, const uint8_t *bytes, size_t size,
                        struct adc_block *block);

/// Whether the block takes no more: it is full, or a hole follows, or it tells of a swap.
bool scan_unpack_is_complete(const struct scan_unpack *unpack, const struct adc_block *block);

/// The driver has dropped an unknown number of bytes. They were whole words when the driver drops
/// whole buffers; the rest of a cut word is forgotten.
void scan_unpack_overrun(struct scan_unpack *unpack);

enum { SCAN_MEAN_SCALE = 16 };

/// The mean of words of one tag, in sixteenths of a code, so that averaging gains what it can.
///
/// @return STATUS_CORRUPT  there is no word, or part of one, or one of another tag; `*mean` is
///                         untouched.
MUST_CHECK enum status scan_mean(enum scan_format format, uint8_t tag, const uint8_t *bytes,
                                 size_t size, int32_t *mean);

/// Bytes of one word.
size_t scan_format_word_size(enum scan_format format);
