// SPDX-License-Identifier: MIT
#include "recording_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "number_text.h"

enum {
    WAV_PCM = 1,
    WAV_EXTENSIBLE = 0xfffe,
    WAV_CHUNK_HEADER = 8,
    WAV_FORMAT_SIZE = 16,
};

void recording_frames_free(struct recording_frames *frames)
{
    free(frames->code);
    free(frames->gap);
    *frames = (struct recording_frames){ .code = NULL };
}

static bool layout_is_sound(const struct recording_layout *layout, unsigned columns)
{
    if (layout->input_count == 0 || layout->input_count > ADC_INPUT_LIMIT || columns == 0 ||
        columns > RECORDING_COLUMN_LIMIT) {
        return false;
    }
    for (unsigned n = 0; n < layout->input_count; n++) {
        if (layout->column[n] >= columns || !isfinite(layout->codes_per_unit[n])) {
            return false;
        }
    }
    return true;
}

static enum status make_room(struct recording_frames *frames, size_t frame_count, uint8_t inputs)
{
    frames->input_count = inputs;
    frames->code = calloc(frame_count > 0 ? frame_count : 1, inputs * sizeof frames->code[0]);
    return frames->code != NULL ? STATUS_OK : STATUS_FULL;
}

static int32_t to_code(double value, double codes_per_unit)
{
    const double code = codes_per_unit == 0.0 ? value : value * codes_per_unit;
    if (code >= RECORDING_CODE_LIMIT) {
        return RECORDING_CODE_LIMIT;
    }
    return code <= -RECORDING_CODE_LIMIT ? -RECORDING_CODE_LIMIT : (int32_t)lround(code);
}

/// A little-endian signed integer of 2, 3 or 4 bytes; of 4 bytes, the upper 24 bits.
static int32_t pcm_code(const uint8_t *bytes, unsigned size)
{
    uint32_t raw = 0;
    for (unsigned n = 0; n < size; n++) {
        raw |= (uint32_t)bytes[n] << (8u * (n + 4u - size));
    }
    const int32_t wide = (int32_t)raw;
    return size == 2 ? wide / 65536 : (wide - (int32_t)(raw & 0xffu)) / 256;
}

/// Interleaved codes of `size` bytes each.
static enum status take_pcm(const uint8_t *data, size_t bytes, unsigned columns, unsigned size,
                            const struct recording_layout *layout, struct recording_frames *frames)
{
    if (!layout_is_sound(layout, columns)) {
        return STATUS_INVALID;
    }
    const size_t frame_size = (size_t)columns * size;
    frames->frame_count = bytes / frame_size;
    frames->code_max = size == 2 ? INT16_MAX : RECORDING_CODE_LIMIT;
    frames->code_min = -frames->code_max - 1;
    const enum status status = make_room(frames, frames->frame_count, layout->input_count);
    for (size_t f = 0; status == STATUS_OK && f < frames->frame_count; f++) {
        for (unsigned n = 0; n < layout->input_count; n++) {
            const int32_t code = pcm_code(data + f * frame_size + layout->column[n] * size, size);
            frames->code[f * layout->input_count + n] =
                layout->codes_per_unit[n] == 0.0 ? code : to_code(code, layout->codes_per_unit[n]);
        }
    }
    return status;
}

static uint32_t u32_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static unsigned u16_at(const uint8_t *bytes)
{
    return (unsigned)bytes[0] | (unsigned)bytes[1] << 8;
}

static enum status parse_wav(const uint8_t *data, size_t size,
                             const struct recording_layout *layout, struct recording_frames *frames)
{
    if (size < 12 || memcmp(data, "RIFF", 4) != 0 || memcmp(data + 8, "WAVE", 4) != 0) {
        return STATUS_CORRUPT;
    }
    const uint8_t *format = NULL;
    size_t at = 12;
    while (size - at >= WAV_CHUNK_HEADER) {
        const uint8_t *chunk = data + at;
        const size_t left = size - at - WAV_CHUNK_HEADER;
        // A recorder that was switched off leaves a length that reaches past the end.
        const size_t length = u32_at(chunk + 4) < left ? u32_at(chunk + 4) : left;
        const uint8_t *body = chunk + WAV_CHUNK_HEADER;
        if (memcmp(chunk, "fmt ", 4) == 0 && length >= WAV_FORMAT_SIZE) {
            format = body;
        } else if (memcmp(chunk, "data", 4) == 0) {
            if (format == NULL) {
                return STATUS_CORRUPT;
            }
            const unsigned tag = u16_at(format);
            const unsigned bits = u16_at(format + 14);
            if ((tag != WAV_PCM && tag != WAV_EXTENSIBLE) ||
                (bits != 16 && bits != 24 && bits != 32)) {
                return STATUS_CORRUPT;
            }
            frames->rate_hz = u32_at(format + 4);
            return take_pcm(body, length, u16_at(format + 2), bits / 8, layout, frames);
        }
        const size_t step = WAV_CHUNK_HEADER + length + (length & 1u);
        if (step > size - at) {
            break;
        }
        at += step;
    }
    return STATUS_CORRUPT;
}

/// Takes the wanted numbers from one line; false when one is missing.
static bool take_line(const char *line, const char *end, const struct recording_layout *layout,
                      int32_t *codes)
{
    unsigned found = 0;
    unsigned column = 0;
    for (const char *field = line; column < RECORDING_COLUMN_LIMIT; column++) {
        const char *stop = field;
        while (stop < end && *stop != ',' && *stop != ';' && *stop != '\t') {
            stop++;
        }
        for (unsigned n = 0; n < layout->input_count; n++) {
            double value;
            if (layout->column[n] == column) {
                if (!number_from_text(field, stop, &value)) {
                    return false;
                }
                codes[n] = to_code(value, layout->codes_per_unit[n]);
                found++;
            }
        }
        if (stop == end) {
            break;
        }
        field = stop + 1;
    }
    return found == layout->input_count;
}

static enum status parse_csv(const char *data, size_t size, const struct recording_layout *layout,
                             struct recording_frames *frames)
{
    if (!layout_is_sound(layout, RECORDING_COLUMN_LIMIT)) {
        return STATUS_INVALID;
    }
    size_t lines = 1;
    for (size_t n = 0; n < size; n++) {
        lines += data[n] == '\n';
    }
    frames->code_max = RECORDING_CODE_LIMIT;
    frames->code_min = -RECORDING_CODE_LIMIT;
    enum status status = make_room(frames, lines, layout->input_count);
    // No more holes than lines between two frames.
    frames->gap = calloc(lines / 2 + 1, sizeof frames->gap[0]);
    status = frames->gap == NULL ? STATUS_FULL : status;
    uint32_t lost = 0;
    const char *end = data + size;
    for (const char *line = data; status == STATUS_OK && line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop == NULL ? end : stop;
        if (take_line(line, stop, layout,
                      frames->code + frames->frame_count * layout->input_count)) {
            if (lost > 0 && frames->frame_count > 0) {
                frames->gap[frames->gap_count++] =
                    (struct recording_gap){ frames->frame_count, lost };
            }
            frames->frame_count++;
            lost = 0;
        } else {
            lost++;
        }
        line = stop + 1;
    }
    return status;
}

enum status recording_file_parse(const uint8_t *data, size_t size,
                                 const struct recording_layout *layout,
                                 struct recording_frames *frames)
{
    *frames = (struct recording_frames){ .code = NULL };
    enum status status = STATUS_INVALID;
    switch (layout->format) {
    case RECORDING_FORMAT_I16:
        status = take_pcm(data, size, layout->columns, 2, layout, frames);
        break;
    case RECORDING_FORMAT_CSV:
        status = parse_csv((const char *)data, size, layout, frames);
        break;
    case RECORDING_FORMAT_WAV:
        status = parse_wav(data, size, layout, frames);
        break;
    }
    if (status == STATUS_OK && frames->frame_count == 0) {
        status = STATUS_CORRUPT;
    }
    if (status != STATUS_OK) {
        recording_frames_free(frames);
    }
    return status;
}
