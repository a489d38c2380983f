// SPDX-License-Identifier: MIT
#include "recording.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 1 << 16, SIZE_LIMIT = 1 << 29 };

struct recording {
    struct recording_frames frames;
    const struct clock *clock;
    uint64_t rate_mhz;
    bool loop;
    bool seam; ///< The next block is the first after a loop's seam.
    bool started;
    uint64_t started_us;
    uint64_t delivered; ///< Frames since the start, lost ones included.
    size_t next;        ///< Frame to deliver next.
    size_t next_gap;
};

static enum status read_file(const char *path, uint8_t **data, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return errno == ENOENT ? STATUS_MISSING : STATUS_IO;
    }
    enum status status = STATUS_OK;
    size_t capacity = 0;
    *data = NULL;
    *size = 0;
    do {
        capacity = capacity == 0 ? FIRST_CAPACITY : 2 * capacity;
        uint8_t *larger = capacity <= SIZE_LIMIT ? realloc(*data, capacity) : NULL;
        if (larger == NULL) {
            status = STATUS_FULL;
            break;
        }
        *data = larger;
        *size += fread(*data + *size, 1, capacity - *size, file);
    } while (*size == capacity);
    if (ferror(file)) {
        status = STATUS_IO;
    }
    (void)fclose(file);
    if (status != STATUS_OK) {
        free(*data);
        *data = NULL;
    }
    return status;
}

enum status recording_open(const char *path, const struct recording_settings *settings,
                           struct recording **out)
{
    *out = NULL;
    uint8_t *data;
    size_t size;
    enum status status = read_file(path, &data, &size);
    if (status != STATUS_OK) {
        return status;
    }
    struct recording *recording = calloc(1, sizeof *recording);
    status = recording == NULL
                 ? STATUS_FULL
                 : recording_file_parse(data, size, &settings->layout, &recording->frames);
    free(data);
    if (status == STATUS_OK) {
        recording->clock = settings->clock;
        recording->loop = settings->loop;
        const double rate_hz =
            settings->rate_hz > 0.0 ? settings->rate_hz : recording->frames.rate_hz;
        if (settings->code_min != settings->code_max) {
            recording->frames.code_min = settings->code_min;
            recording->frames.code_max = settings->code_max;
        }
        status = rate_hz >= 1.0 && rate_hz <= 1e6 ? STATUS_OK : STATUS_INVALID;
        recording->rate_mhz = status == STATUS_OK ? (uint64_t)llround(rate_hz * 1000.0) : 0;
    }
    if (status != STATUS_OK) {
        recording_close(recording);
        return status;
    }
    *out = recording;
    return STATUS_OK;
}

void recording_close(struct recording *recording)
{
    if (recording != NULL) {
        recording_frames_free(&recording->frames);
        free(recording);
    }
}

/// How many frames may be delivered now.
static uint64_t due_frames(struct recording *recording)
{
    if (recording->clock == NULL) {
        return ADC_FRAME_LIMIT;
    }
    const uint64_t now_us = recording->clock->uptime_us(recording->clock->ctx);
    if (!recording->started) {
        recording->started = true;
        recording->started_us = now_us;
    }
    const uint64_t elapsed_us = now_us - recording->started_us;
    const uint64_t due_thousandths = elapsed_us / 1000000u * recording->rate_mhz +
                                     elapsed_us % 1000000u * recording->rate_mhz / 1000000u;
    const uint64_t due = due_thousandths / 1000u;
    return due > recording->delivered ? due - recording->delivered : 0;
}

/// Where the run of frames without a hole that begins at `next` ends.
static size_t run_end(const struct recording *recording)
{
    const struct recording_frames *frames = &recording->frames;
    return recording->next_gap < frames->gap_count ? frames->gap[recording->next_gap].frame
                                                   : frames->frame_count;
}

static enum status read_block(void *ctx, struct adc_block *block)
{
    struct recording *recording = ctx;
    const struct recording_frames *frames = &recording->frames;
    if (recording->next == frames->frame_count) {
        if (!recording->loop) {
            return STATUS_MISSING;
        }
        recording->next = 0;
        recording->next_gap = 0;
        recording->seam = true;
    }
    const uint64_t due = due_frames(recording);
    uint32_t lost = 0;
    if (recording->next_gap < frames->gap_count && recording->next == run_end(recording)) {
        lost = frames->gap[recording->next_gap].lost_frames;
    }
    if (due <= lost) {
        return STATUS_BUSY;
    }
    recording->next_gap += lost > 0;
    const size_t left = run_end(recording) - recording->next;
    uint64_t count = due - lost < ADC_FRAME_LIMIT ? due - lost : (uint64_t)ADC_FRAME_LIMIT;
    count = count < left ? count : left;

    block->frame_count = (uint32_t)count;
    block->lost_frames = lost;
    block->lost_unknown = recording->seam;
    block->channel_swap = false;
    const int32_t *code = frames->code + recording->next * frames->input_count;
    for (uint32_t n = 0; n < count; n++) {
        for (unsigned input = 0; input < frames->input_count; input++) {
            block->code[input][n] = *code++;
        }
    }
    recording->seam = false;
    recording->next += count;
    recording->delivered += count + lost;
    return STATUS_OK;
}

static uint64_t frame_rate_mhz(void *ctx)
{
    const struct recording *recording = ctx;
    return recording->rate_mhz;
}

struct adc_source recording_source(struct recording *recording)
{
    return (struct adc_source){
        .input_count = recording->frames.input_count,
        .code_min = recording->frames.code_min,
        .code_max = recording->frames.code_max,
        .read = read_block,
        .frame_rate_mhz = frame_rate_mhz,
        .ctx = recording,
    };
}
