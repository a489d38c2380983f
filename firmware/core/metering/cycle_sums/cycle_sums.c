// SPDX-License-Identifier: MIT
#include "cycle_sums.h"

#include <string.h>

enum { LAG_PER_SECOND = 200 }; // One over a quarter of a 50 Hz cycle.

void frame_history_init(struct frame_history *history, double rate_hz)
{
    memset(history, 0, sizeof *history);
    double lag = rate_hz / LAG_PER_SECOND + 0.5;
    lag = lag < 1.0 ? 1.0 : lag;
    history->lag = lag < CYCLE_SUMS_LAG_LIMIT ? (uint32_t)lag : (uint32_t)CYCLE_SUMS_LAG_LIMIT;
}

/// The first channel that shares this channel's voltage keeps its past for all of them.
static unsigned keeper_of(const struct wiring *wiring, unsigned channel)
{
    unsigned first = 0;
    while (wiring->channel[first].voltage_input != wiring->channel[channel].voltage_input) {
        first++;
    }
    return first;
}

void frame_history_take(struct frame_history *history, const struct wiring *wiring,
                        const struct adc_block *block)
{
    const uint32_t past = history->lag + 1u;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const unsigned input = wiring->channel[n].voltage_input;
        if (input != WIRING_NO_INPUT && keeper_of(wiring, n) == n) {
            int32_t *start = history->voltage[n] + FRAME_HISTORY_PAST;
            memmove(start - past, start + history->held - past, past * sizeof start[0]);
            memcpy(start, block->code[input], block->frame_count * sizeof start[0]);
        }
    }
    for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
        history->before[input] = history->newest[input];
        history->newest[input] = block->code[input][block->frame_count - 1u];
    }
    history->held = block->frame_count;
}

/// The voltage of a channel one lag before the first frame of the block in hand.
static const int32_t *lagged_voltage(const struct frame_history *history,
                                     const struct wiring *wiring, unsigned channel)
{
    return history->voltage[keeper_of(wiring, channel)] + FRAME_HISTORY_PAST - history->lag;
}

struct sums_edge frame_history_edge(const struct frame_history *history,
                                    const struct wiring *wiring, const struct adc_block *block,
                                    uint32_t frame, double fraction)
{
    struct sums_edge edge = { .fraction = fraction };
    for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
        edge.before[input] = frame == 0 ? history->before[input] : block->code[input][frame - 1u];
        edge.after[input] = block->code[input][frame];
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        if (wiring->channel[n].voltage_input != WIRING_NO_INPUT) {
            const int32_t *lagged = lagged_voltage(history, wiring, n) + frame;
            edge.lagged_before[n] = lagged[-1];
            edge.lagged_after[n] = lagged[0];
        }
    }
    return edge;
}

void cycle_sums_begin(struct cycle_sums *sums, const struct sums_edge *begin)
{
    memset(sums, 0, sizeof *sums);
    sums->begin = *begin;
    sums->end = *begin;
}

static void add_input(struct cycle_sums *sums, unsigned input, const int32_t *x, uint32_t count)
{
    int64_t sum = 0;
    int64_t square = 0;
    for (uint32_t n = 0; n < count; n++) {
        sum += x[n];
        square += (int64_t)x[n] * x[n];
    }
    sums->sum[input] += sum;
    sums->square[input] += square;
}

static void add_channel(struct cycle_sums *sums, unsigned channel, const int32_t *voltage,
                        const int32_t *lagged, const int32_t *current, uint32_t count)
{
    int64_t cross = 0;
    int64_t late = 0;
    for (uint32_t n = 0; n < count; n++) {
        cross += (int64_t)voltage[n] * current[n];
        late += (int64_t)lagged[n] * current[n];
    }
    sums->cross[channel] += cross;
    sums->lagged[channel] += late;
}

void cycle_sums_add(struct cycle_sums *sums, const struct wiring *wiring, unsigned input_count,
                    const struct adc_block *block, const struct frame_history *history,
                    uint32_t from, uint32_t to)
{
    const uint32_t count = to - from;
    for (unsigned input = 0; input < input_count; input++) {
        add_input(sums, input, block->code[input] + from, count);
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct wiring_channel *channel = &wiring->channel[n];
        if (channel->voltage_input != WIRING_NO_INPUT) {
            add_channel(sums, n, block->code[channel->voltage_input] + from,
                        lagged_voltage(history, wiring, n) + from,
                        block->code[channel->current_input] + from, count);
        }
    }
    sums->frames += count;
}

void cycle_sums_join(struct cycle_sums *sums, const struct cycle_sums *next)
{
    for (unsigned n = 0; n < ADC_INPUT_LIMIT; n++) {
        sums->sum[n] += next->sum[n];
        sums->square[n] += next->square[n];
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        sums->cross[n] += next->cross[n];
        sums->lagged[n] += next->lagged[n];
    }
    sums->frames += next->frames;
    sums->lost_frames += next->lost_frames;
    sums->end = next->end;
}

double cycle_sums_length(const struct cycle_sums *sums)
{
    return (double)sums->frames + sums->end.fraction - sums->begin.fraction;
}

/// The integral of a signal from edge to edge: the sum of all samples inside, corrected at both
/// ends for the trapezoids that the edges cut. `b` and `a` are the signal before and after each
/// edge.
static double mean(const struct cycle_sums *sums, int64_t sum, double begin_b, double begin_a,
                   double end_b, double end_a)
{
    const double length = cycle_sums_length(sums);
    if (!(length > 0.0)) {
        return 0.0;
    }
    const double head = 1.0 - sums->begin.fraction;
    const double tail = sums->end.fraction;
    const double at_begin = (head - 0.5) * begin_a + 0.5 * head * head * (begin_b - begin_a);
    const double at_end = (tail - 0.5) * end_b + 0.5 * tail * tail * (end_a - end_b);
    return ((double)sum + at_begin + at_end) / length;
}

double cycle_sums_mean(const struct cycle_sums *sums, unsigned input)
{
    return mean(sums, sums->sum[input], sums->begin.before[input], sums->begin.after[input],
                sums->end.before[input], sums->end.after[input]);
}

static double product(int32_t a, int32_t b)
{
    return (double)((int64_t)a * b);
}

double cycle_sums_mean_square(const struct cycle_sums *sums, unsigned input)
{
    const struct sums_edge *begin = &sums->begin;
    const struct sums_edge *end = &sums->end;
    return mean(sums, sums->square[input], product(begin->before[input], begin->before[input]),
                product(begin->after[input], begin->after[input]),
                product(end->before[input], end->before[input]),
                product(end->after[input], end->after[input]));
}

double cycle_sums_mean_product(const struct cycle_sums *sums, const struct wiring *wiring,
                               unsigned channel)
{
    const struct sums_edge *begin = &sums->begin;
    const struct sums_edge *end = &sums->end;
    const unsigned v = wiring->channel[channel].voltage_input;
    const unsigned i = wiring->channel[channel].current_input;
    return mean(sums, sums->cross[channel], product(begin->before[v], begin->before[i]),
                product(begin->after[v], begin->after[i]), product(end->before[v], end->before[i]),
                product(end->after[v], end->after[i]));
}

double cycle_sums_mean_lagged(const struct cycle_sums *sums, const struct wiring *wiring,
                              unsigned channel)
{
    const struct sums_edge *begin = &sums->begin;
    const struct sums_edge *end = &sums->end;
    const unsigned i = wiring->channel[channel].current_input;
    return mean(sums, sums->lagged[channel],
                product(begin->lagged_before[channel], begin->before[i]),
                product(begin->lagged_after[channel], begin->after[i]),
                product(end->lagged_before[channel], end->before[i]),
                product(end->lagged_after[channel], end->after[i]));
}
