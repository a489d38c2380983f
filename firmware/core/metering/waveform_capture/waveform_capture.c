// SPDX-License-Identifier: MIT
#include "waveform_capture.h"

#include <string.h>

static uint16_t all_inputs(const struct waveform_plan *plan)
{
    unsigned inputs = 0;
    for (uint32_t n = 0; n < plan->turns; n++) {
        inputs |= plan->turn[n];
    }
    return (uint16_t)inputs;
}

static int32_t clamped(int64_t value)
{
    return value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

enum status waveform_capture_init(struct waveform_capture *capture,
                                  const struct waveform_plan *plan, uint64_t *storage,
                                  size_t storage_size)
{
    if (plan->turns == 0 || plan->turns > READING_CHANNEL_COUNT || plan->decimation == 0 ||
        plan->decimation > WAVEFORM_DECIMATION_LIMIT) {
        return STATUS_INVALID;
    }
    if (storage == NULL || waveform_plan_storage(plan) > storage_size) {
        return STATUS_FULL;
    }
    *capture = (struct waveform_capture){ .plan = *plan,
                                          .rate_hz = (double)plan->rate_mhz / 1000.0,
                                          .remembered = all_inputs(plan) };
    return ring_init(&capture->ring, storage, (uint32_t)waveform_plan_slot(plan), plan->slots);
}

struct captured_window *waveform_capture_peek(struct waveform_capture *capture)
{
    return ring_peek(&capture->ring);
}

void waveform_capture_release(struct waveform_capture *capture)
{
    ring_release(&capture->ring);
}

/// Place of a boundary that lies before the frame to come, in samples from the first one. A sample
/// stands for the middle of its frames.
static int64_t place_of(const struct waveform_capture *capture, uint32_t frames, double fraction)
{
    const int64_t decimation = capture->plan.decimation;
    const double part = fraction >= 0.0 && fraction <= 1.0 ? fraction : fraction > 1.0 ? 1.0 : 0.0;
    const int64_t frame_q32 =
        ((int64_t)frames - 1) * ((int64_t)1 << 32) + (int64_t)(part * 4294967296.0);
    return (frame_q32 - (decimation - 1) * ((int64_t)1 << 31)) / decimation;
}

static void drop(struct waveform_capture *capture, uint32_t *counter, uint16_t why)
{
    if (capture->state != WAVEFORM_IDLE) {
        (*counter)++;
        capture->missed |= why;
        capture->state = WAVEFORM_IDLE;
    }
}

/// The crossing at which the unproven window ends is what it seems to be.
static void give_out(struct waveform_capture *capture)
{
    if (capture->unproven != NULL) {
        capture->unproven = NULL;
        capture->counters.captured++;
        ring_publish(&capture->ring);
    }
}

/// It may not be. Whatever was begun after it has been dropped already.
static void withdraw(struct waveform_capture *capture, uint32_t *counter, uint16_t why)
{
    if (capture->unproven != NULL) {
        (*counter)++;
        capture->missed |= (uint16_t)(capture->unproven->missed | why);
        capture->turn = (capture->turn + capture->plan.turns - 1) % capture->plan.turns;
        capture->unproven = NULL;
    }
}

/// Adds frames of one input to its samples.
static void add_input(struct waveform_capture *capture, unsigned input, int32_t *sample,
                      const int32_t *codes, uint32_t count)
{
    const uint32_t decimation = capture->plan.decimation;
    uint32_t filled = capture->frames % decimation;
    int64_t sum = capture->sum[input];
    for (uint32_t n = 0; n < count; n++) {
        sum += codes[n];
        if (++filled == decimation) {
            *sample++ = clamped(sum);
            sum = 0;
            filled = 0;
        }
    }
    capture->sum[input] = sum;
}

/// The newest frames of every input, from wherever they are.
struct frames {
    const int32_t *code[ADC_INPUT_LIMIT];
    uint32_t count;
    uint16_t clipped; ///< Bit n: input n touched a rail.
};

static void add(struct waveform_capture *capture, const struct frames *frames)
{
    struct captured_window *window = capture->window;
    const uint32_t stored = capture->frames / capture->plan.decimation;
    if ((capture->frames + frames->count) / capture->plan.decimation > window->capacity) {
        drop(capture, &capture->counters.unreferenced, READING_QUALITY_NO_REFERENCE);
        withdraw(capture, &capture->counters.unreferenced, READING_QUALITY_NO_REFERENCE);
        return;
    }
    int32_t *sample = window->sample + stored;
    for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
        if ((window->inputs & 1u << input) != 0) {
            add_input(capture, input, sample, frames->code[input], frames->count);
            sample += window->capacity;
        }
    }
    window->clipped |= frames->clipped & window->inputs;
    capture->frames += frames->count;
}

static void add_history(struct waveform_capture *capture, uint32_t count)
{
    struct frames frames = { .count = count, .clipped = capture->history_clipped };
    for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
        frames.code[input] = &capture->history[input][WAVEFORM_HISTORY - count];
    }
    add(capture, &frames);
}

static void add_block(struct waveform_capture *capture, const struct adc_block *block,
                      uint32_t from, uint32_t to)
{
    struct frames frames = { .count = to - from, .clipped = block->clipped };
    for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
        frames.code[input] = &block->code[input][from];
    }
    add(capture, &frames);
}

static void remember(struct waveform_capture *capture, const struct adc_block *block, uint32_t from,
                     uint32_t to)
{
    const uint32_t count = to - from < WAVEFORM_HISTORY ? to - from : WAVEFORM_HISTORY;
    const size_t kept = WAVEFORM_HISTORY - count;
    capture->history_clipped =
        (uint16_t)((kept > 0 ? capture->history_clipped : 0u) | (count > 0 ? block->clipped : 0u));
    for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
        if ((capture->remembered & 1u << input) != 0) {
            int32_t *history = capture->history[input];
            memmove(history, history + count, kept * sizeof history[0]);
            memcpy(history + kept, &block->code[input][to - count], count * sizeof history[0]);
        }
    }
    capture->history_count = capture->history_count + count < WAVEFORM_HISTORY
                                 ? capture->history_count + count
                                 : WAVEFORM_HISTORY;
}

void waveform_capture_stay(struct waveform_capture *capture, uint16_t inputs)
{
    atomic_store_explicit(&capture->stay, inputs, memory_order_relaxed);
}

static uint16_t next_inputs(struct waveform_capture *capture)
{
    const uint32_t stay = atomic_load_explicit(&capture->stay, memory_order_relaxed);
    for (uint32_t n = 0; n < capture->plan.turns && stay != 0; n++) {
        if ((capture->plan.turn[n] & stay) == stay) {
            return capture->plan.turn[n];
        }
    }
    return capture->plan.turn[capture->turn];
}

/// Begins a window at the boundary that lay before the latest `ago` frames.
static void begin(struct waveform_capture *capture, double fraction, uint32_t cycles, uint32_t ago)
{
    const uint32_t before = WAVEFORM_BEFORE * capture->plan.decimation;
    if (capture->history_count < before + ago || cycles == 0) {
        return;
    }
    struct captured_window *window =
        capture->unproven != NULL ? ring_claim_second(&capture->ring) : ring_claim(&capture->ring);
    if (window == NULL) {
        capture->counters.passed_over++;
        return;
    }
    *window = (struct captured_window){
        .decimation = capture->plan.decimation,
        .capacity = capture->plan.samples,
        .inputs = next_inputs(capture),
    };
    capture->window = window;
    capture->state = WAVEFORM_FILLING;
    capture->cycles_wanted = cycles;
    capture->frames = 0;
    window->start_q32 = place_of(capture, before, fraction);
    for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
        capture->sum[input] = 0;
    }
    add_history(capture, before + ago);
}

static void finish(struct waveform_capture *capture)
{
    struct captured_window *window = capture->window;
    window->count = capture->frames / capture->plan.decimation;
    window->missed = capture->missed;
    capture->missed = 0;
    capture->state = WAVEFORM_IDLE;
    capture->turn = (capture->turn + 1) % capture->plan.turns;
    capture->unproven = window;
    begin(capture, capture->next_fraction, capture->next_cycles,
          WAVEFORM_AFTER * capture->plan.decimation);
}

static void take_frames(void *ctx, const struct adc_block *block, uint32_t from, uint32_t to)
{
    struct waveform_capture *capture = ctx;
    while (from < to) {
        uint32_t until = to;
        if (capture->state == WAVEFORM_TRAILING && to - from > capture->trailing) {
            until = from + capture->trailing;
        }
        if (capture->state != WAVEFORM_IDLE) {
            add_block(capture, block, from, until);
        }
        remember(capture, block, from, until);
        if (capture->state == WAVEFORM_TRAILING) {
            capture->trailing -= until - from;
            if (capture->trailing == 0) {
                finish(capture);
            }
        }
        from = until;
    }
}

static void take_cycle(struct waveform_capture *capture, const struct tap_boundary *boundary)
{
    struct captured_window *window = capture->window;
    if (++window->cycles < capture->cycles_wanted) {
        return;
    }
    window->end_q32 = place_of(capture, capture->frames, boundary->fraction);
    window->ended_us = boundary->uptime_us;
    window->rate_hz = capture->rate_hz / capture->plan.decimation;
    capture->state = WAVEFORM_TRAILING;
    capture->trailing = WAVEFORM_AFTER * capture->plan.decimation;
    capture->next_fraction = boundary->fraction;
    capture->next_cycles = boundary->window_ends ? boundary->cycles_per_window : 0;
}

static void take_boundary(void *ctx, const struct tap_boundary *boundary)
{
    struct waveform_capture *capture = ctx;
    const bool sound = boundary->cycle_frames > 0.0 && !boundary->jumped;
    capture->rate_hz = boundary->rate_hz > 0.0 ? boundary->rate_hz : capture->rate_hz;
    if (sound) {
        give_out(capture);
    }
    if (capture->state == WAVEFORM_FILLING && sound) {
        take_cycle(capture, boundary);
        return;
    }
    drop(capture, &capture->counters.jumps, READING_QUALITY_PHASE_JUMP);
    withdraw(capture, &capture->counters.jumps, READING_QUALITY_PHASE_JUMP);
    // As in the sampling task, a window begins where another ends, or what was no whole cycle.
    if (boundary->window_ends || !sound) {
        begin(capture, boundary->fraction, boundary->cycles_per_window, 0);
    }
}

static void take_gap(void *ctx, uint64_t lost_frames)
{
    struct waveform_capture *capture = ctx;
    (void)lost_frames;
    drop(capture, &capture->counters.gaps, READING_QUALITY_GAP);
    give_out(capture);
    capture->history_count = 0;
}

struct frame_tap waveform_capture_tap(struct waveform_capture *capture)
{
    return (struct frame_tap){
        .frames = take_frames, .boundary = take_boundary, .gap = take_gap, .ctx = capture
    };
}
