// SPDX-License-Identifier: MIT
#pragma once

/// Reads recorded signals from the bytes of a file: raw 16-bit codes, CSV, or WAV.
///
/// Nothing in a file is trusted. The result is codes as a converter would have given them, one per
/// input and frame, and the places where the recording has holes.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adc_source.h"
#include "status.h"

enum recording_format {
    RECORDING_FORMAT_I16, ///< Little-endian 16-bit codes, `columns` of them a frame.
    RECORDING_FORMAT_CSV, ///< A line a frame; comma, semicolon or tab between values.
    RECORDING_FORMAT_WAV, ///< RIFF, PCM of 16, 24 or 32 bits.
};

enum {
    RECORDING_COLUMN_LIMIT = 64,
    RECORDING_CODE_LIMIT = (1 << 23) - 1, ///< Codes beyond are cut to this, as a converter would.
};

struct recording_layout {
    enum recording_format format;
    uint8_t input_count;             ///< 1 to ADC_INPUT_LIMIT.
    uint8_t columns;                 ///< Values per frame in an I16 file; others tell themselves.
    uint8_t column[ADC_INPUT_LIMIT]; ///< Which column, from 0, is input n.
    double codes_per_unit[ADC_INPUT_LIMIT]; ///< For real units; 0 takes values as codes.
};

/// A hole right before a frame.
struct recording_gap {
    size_t frame;
    uint32_t lost_frames;
};

/// Owned by the caller after a successful parse; give it back with recording_frames_free().
struct recording_frames {
    int32_t *code; ///< frame_count * input_count codes, frame by frame.
    size_t frame_count;
    uint8_t input_count;
    struct recording_gap *gap; ///< Ascending.
    size_t gap_count;
    double rate_hz;   ///< As the file says; 0 when it does not.
    int32_t code_min; ///< Rails of the converter, as far as the format tells.
    int32_t code_max;
};

/// Reads a file of `size` bytes. A CSV line that lacks a number where one is wanted is a lost
/// frame, except at the start, where it is a heading.
///
/// @return STATUS_INVALID  the layout asks for columns that cannot be;
///         STATUS_CORRUPT  these bytes are no such file, or hold no frame;
///         STATUS_FULL     no memory. `*frames` is empty after every failure.
MUST_CHECK enum status recording_file_parse(const uint8_t *data, size_t size,
                                            const struct recording_layout *layout,
                                            struct recording_frames *frames);

/// Frees what a parse gave. Empty frames are fine.
void recording_frames_free(struct recording_frames *frames);
