// SPDX-License-Identifier: MIT

/// How many samples a second the metering path takes on one core: one voltage and eight currents at
/// 10 kHz, from the converter's block to readings at the sink. Build it with the preset "release".
/// Fails when the best round misses the target, as it may beside other work.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "processing_task.h"
#include "sampling_task.h"
#include "synthesizer.h"

enum { BLOCKS = 4096, INPUTS = 9, ROUNDS = 40 };

static const double TARGET = 200.0; ///< Million samples a second.

/// Blocks made beforehand, given out again and again.
struct memory_source {
    struct adc_block *block;
    uint64_t next;
};

static enum status read_memory(void *ctx, struct adc_block *block)
{
    struct memory_source *memory = ctx;
    const struct adc_block *from = &memory->block[memory->next++ % BLOCKS];
    block->frame_count = from->frame_count;
    block->lost_frames = 0;
    block->lost_unknown = false;
    block->channel_swap = false;
    memcpy(block->code, from->code, INPUTS * sizeof from->code[0]);
    return STATUS_OK;
}

static uint64_t ten_kilohertz(void *ctx)
{
    (void)ctx;
    return 10000000;
}

static enum status count(void *ctx, const struct reading *reading)
{
    uint64_t *readings = ctx;
    *readings += reading->channels != 0;
    return STATUS_OK;
}

/// Processor time, so that a busy machine does not look slow.
static double cpu_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/// Fills the blocks from the synthesizer and prints what that costs.
static bool fill(struct adc_block *blocks)
{
    const struct synthesizer_settings settings = synthesizer_settings_default();
    struct synthesizer *synthesizer;
    if (synthesizer_open(&settings, &synthesizer) != STATUS_OK) {
        return false;
    }
    const struct adc_source source = synthesizer_source(synthesizer);
    const double start = cpu_s();
    uint64_t frames = 0;
    for (unsigned n = 0; n < BLOCKS; n++) {
        if (source.read(source.ctx, &blocks[n]) != STATUS_OK) {
            return false;
        }
        frames += blocks[n].frame_count;
    }
    const double frame_s = (cpu_s() - start) / (double)frames;
    printf("synthesizer   %.0f ns a frame of 9 codes, %.2f %% of a core at 10 kHz\n", 1e9 * frame_s,
           100.0 * frame_s * 10000.0);
    synthesizer_close(synthesizer);
    return true;
}

int main(void)
{
    static struct sampling_task sampling;
    static struct processing_task processing;
    static struct cycle_window slots[SAMPLING_TASK_WINDOWS];
    struct ring ring;
    uint64_t readings = 0;
    struct memory_source memory = { .block = calloc(BLOCKS, sizeof memory.block[0]) };
    const struct adc_source source = { .input_count = INPUTS,
                                       .code_min = 0,
                                       .code_max = 4095,
                                       .read = read_memory,
                                       .frame_rate_mhz = ten_kilohertz,
                                       .ctx = &memory };
    const struct wiring wiring = synthesizer_wiring();
    const struct reading_sink sink = { .commit = count, .ctx = &readings };
    const struct sampling_settings sampling_settings = sampling_settings_default();
    const struct processing_settings settings = processing_settings_default();
    if (memory.block == NULL || !fill(memory.block) ||
        ring_init(&ring, slots, sizeof slots[0], SAMPLING_TASK_WINDOWS) != STATUS_OK ||
        sampling_task_init(&sampling, &source, &wiring, &ring, &sampling_settings) != STATUS_OK ||
        processing_task_init(&processing, &wiring, &ring, &sink, &settings, NULL) != STATUS_OK) {
        (void)fprintf(stderr, "bench_metering: no start\n");
        free(memory.block);
        return 1;
    }
    double best_s = 1e9;
    double total_s = 0.0;
    uint64_t frames = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const uint64_t before = sampling.counters.frames;
        const double start = cpu_s();
        for (unsigned n = 0; n < BLOCKS; n++) {
            if (sampling_task_step(&sampling, 0) != STATUS_OK ||
                processing_task_step(&processing) != STATUS_OK) {
                free(memory.block);
                return 1;
            }
        }
        const double spent = cpu_s() - start;
        const uint64_t done = sampling.counters.frames - before;
        const double frame_s = spent / (double)done;
        best_s = frame_s < best_s ? frame_s : best_s;
        total_s += spent;
        frames += done;
    }
    const double mean_s = total_s / (double)frames;
    const double best = INPUTS / best_s * 1e-6;
    printf("metering      %.0f million samples a second and core (best round %.0f, target %.0f), "
           "%.1f ns a frame of 9, %.3f %% of a core at 10 kHz\n",
           INPUTS / mean_s * 1e-6, best, TARGET, 1e9 * mean_s, 100.0 * mean_s * 10000.0);
    printf("              %llu frames, %llu readings, %llu merges\n", (unsigned long long)frames,
           (unsigned long long)readings, (unsigned long long)sampling.counters.merges);
    printf("memory        sampling %zu, processing %zu, a window %zu bytes\n", sizeof sampling,
           sizeof processing, sizeof slots[0]);
    free(memory.block);
    return best >= TARGET ? 0 : 1;
}
