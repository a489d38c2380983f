// SPDX-License-Identifier: MIT
#include "cycle_sums.h"

#include <string.h>

#include "dot_product.h"
#include "oscillator.h"

_Static_assert((int)ADC_FRAME_LIMIT <= (int)DOT_PRODUCT_COUNT, "a block is summed in one call");
_Static_assert((int)OSCILLATOR_PEAK < (int)DOT_PRODUCT_NARROW, "waves are narrow");

enum {
    CARRY_SHARE = 4,       ///< Of what a boundary is off, a quarter counts.
    CARRY_LIMIT = 1 << 23, ///< 1/512 of a turn.
};

static const double DETUNED = 0.01; ///< A cycle longer or shorter by this was not expected.

void frame_history_init(struct frame_history *history)
{
    memset(history, 0, sizeof *history);
}

/// Copies one input's codes into 16 bits; false when one of them is too large.
static bool narrow_input(struct frame_history *history, unsigned input,
                         const struct adc_block *block)
{
    enum { LIMIT = DOT_PRODUCT_NARROW - 1 };
    // Once a code does not fit, nobody looks at the others.
    const int32_t *codes = block->code[input];
    const int32_t last = history->before[0][input];
    int16_t *narrow = history->code[input];
    const uint32_t count = block->frame_count;
    if ((uint32_t)last + LIMIT > 2u * LIMIT) {
        return false;
    }
    *narrow++ = (int16_t)last;
    for (uint32_t n = 0; n < count; n++) {
        const int32_t code = codes[n];
        if ((uint32_t)code + LIMIT > 2u * LIMIT) {
            return false;
        }
        narrow[n] = (int16_t)code;
    }
    return true;
}

void frame_history_take(struct frame_history *history, unsigned input_count,
                        const struct adc_block *block)
{
    const uint32_t count = block->frame_count;
    // Zeros would be far from the offset of a converter, and weigh in the sums at other lags.
    for (unsigned input = 0; !history->begun && input < input_count; input++) {
        history->newest[0][input] = history->newest[1][input] = block->code[input][0];
    }
    history->begun = true;
    memcpy(history->before, history->newest, sizeof history->before);
    for (unsigned input = 0; input < input_count; input++) {
        const int32_t *codes = block->code[input];
        history->newest[0][input] = codes[count - 1u];
        history->newest[1][input] = count > 1 ? codes[count - 2u] : history->before[0][input];
    }
    history->narrow = true;
    for (unsigned input = 0; input < input_count && history->narrow; input++) {
        history->narrow = narrow_input(history, input, block);
    }
}

struct sums_edge frame_history_edge(const struct frame_history *history,
                                    const struct adc_block *block, uint32_t frame, double fraction)
{
    struct sums_edge edge = { .fraction = fraction };
    for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
        const int32_t *codes = block->code[input];
        edge.earlier[input] =
            frame >= 2 ? codes[frame - 2u] : history->before[frame == 0 ? 1 : 0][input];
        edge.before[input] = frame >= 1 ? codes[frame - 1u] : history->before[0][input];
        edge.after[input] = codes[frame];
    }
    return edge;
}

void cycle_sums_begin(struct cycle_sums *sums, const struct sums_edge *begin)
{
    memset(sums, 0, sizeof *sums);
    sums->begin = *begin;
    sums->end = *begin;
}

void cycle_sums_tune(struct cycle_sums *sums, double period_frames, int32_t start)
{
    struct sums_wave *wave = &sums->wave;
    wave->step = oscillator_step(period_frames);
    wave->first_step = wave->step;
    wave->first_phase = (uint32_t)start + (uint32_t)((1.0 - sums->begin.fraction) * wave->step);
    wave->next_phase = wave->first_phase;
}

int32_t cycle_sums_carry(const struct cycle_sums *sums)
{
    const struct sums_wave *wave = &sums->wave;
    const uint32_t beyond = (uint32_t)((1.0 - sums->end.fraction) * wave->step);
    const int32_t off = (int32_t)(wave->next_phase - beyond);
    const bool near = wave->step != 0 && off < CARRY_LIMIT && off > -CARRY_LIMIT;
    return near ? off - off / CARRY_SHARE : 0;
}

void cycle_sums_check_tune(struct cycle_sums *sums, double cycle_frames)
{
    const double turns = cycle_frames * sums->wave.step / 4294967296.0;
    if (!(turns <= 1.0 + DETUNED && turns >= 1.0 - DETUNED)) {
        memset(&sums->wave, 0, sizeof sums->wave);
    }
}

static void add_input(struct cycle_sums *sums, unsigned input, const int32_t *x, uint32_t count)
{
    sums->sum[input] += dot_product_wide_sum(x, count);
    sums->square[input] += dot_product_wide(x, x, count);
}

static void add_input_narrow(struct cycle_sums *sums, unsigned input, const int16_t *x,
                             uint32_t count)
{
    const struct narrow_power power = dot_product_narrow_power(x, count);
    sums->sum[input] += power.sum;
    sums->square[input] += power.square;
}

/// Adds v i at the three lags; `v_last` and `i_last` come right before `v` and `i`.
static void add_channel(struct cycle_sums *sums, unsigned channel, const int32_t *v, int32_t v_last,
                        const int32_t *i, int32_t i_last, uint32_t count)
{
    sums->cross[channel] += dot_product_wide(v, i, count);
    sums->behind[channel] += (int64_t)v_last * i[0] + dot_product_wide(v, i + 1, count - 1u);
    sums->ahead[channel] += (int64_t)i_last * v[0] + dot_product_wide(v + 1, i, count - 1u);
}

static void add_channel_narrow(struct cycle_sums *sums, unsigned channel, const int16_t *v,
                               const int16_t *i, uint32_t count)
{
    const struct narrow_lags lags = dot_product_narrow_lags(v, i, count);
    sums->cross[channel] += lags.together;
    sums->behind[channel] += lags.behind;
    sums->ahead[channel] += lags.ahead;
}

/// Runs the oscillator over `count` frames and correlates every input with it.
static void add_wave(struct cycle_sums *sums, unsigned input_count, const struct adc_block *block,
                     struct frame_history *history, uint32_t from, uint32_t count)
{
    struct sums_wave *wave = &sums->wave;
    int16_t *cosine = history->cosine;
    int16_t *sine = history->sine;
    wave->next_phase = oscillator_run(wave->next_phase, wave->step, count, cosine, sine);
    wave->frames += count;
    wave->advance += (uint64_t)wave->step * count;
    wave->cosine += dot_product_narrow_sum(cosine, count);
    wave->sine += dot_product_narrow_sum(sine, count);
    wave->cosine_square += dot_product_narrow(cosine, cosine, count);
    wave->sine_square += dot_product_narrow(sine, sine, count);
    wave->cosine_sine += dot_product_narrow(cosine, sine, count);
    for (unsigned input = 0; input < input_count; input++) {
        if (history->narrow) {
            const int16_t *x = history->code[input] + 1 + from;
            const struct narrow_waves waves = dot_product_narrow_waves(x, cosine, sine, count);
            wave->with_cosine[input] += waves.with_cosine;
            wave->with_sine[input] += waves.with_sine;
        } else {
            const int32_t *x = block->code[input] + from;
            wave->with_cosine[input] += dot_product_mixed(x, cosine, count);
            wave->with_sine[input] += dot_product_mixed(x, sine, count);
        }
    }
}

void cycle_sums_add(struct cycle_sums *sums, const struct wiring *wiring, unsigned input_count,
                    const struct adc_block *block, struct frame_history *history, uint32_t from,
                    uint32_t to)
{
    if (to <= from) {
        return;
    }
    const uint32_t count = to - from;
    for (unsigned input = 0; input < input_count; input++) {
        if (history->narrow) {
            add_input_narrow(sums, input, history->code[input] + 1 + from, count);
        } else {
            add_input(sums, input, block->code[input] + from, count);
        }
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const unsigned v = wiring->channel[n].voltage_input;
        const unsigned i = wiring->channel[n].current_input;
        if (v != WIRING_NO_INPUT && history->narrow) {
            add_channel_narrow(sums, n, history->code[v] + 1 + from, history->code[i] + 1 + from,
                               count);
        } else if (v != WIRING_NO_INPUT) {
            const int32_t v_last = from > 0 ? block->code[v][from - 1u] : history->before[0][v];
            const int32_t i_last = from > 0 ? block->code[i][from - 1u] : history->before[0][i];
            add_channel(sums, n, block->code[v] + from, v_last, block->code[i] + from, i_last,
                        count);
        }
    }
    if (sums->wave.step != 0) {
        add_wave(sums, input_count, block, history, from, count);
    }
    sums->frames += count;
}

void cycle_sums_lose(struct cycle_sums *sums, uint64_t frames)
{
    sums->lost_frames += frames;
    sums->wave.next_phase += (uint32_t)(sums->wave.step * frames);
}

bool cycle_sums_room(const struct cycle_sums *sums, const struct cycle_sums *next,
                     uint32_t largest_code)
{
    const uint64_t code =
        largest_code > (uint32_t)OSCILLATOR_PEAK ? largest_code : (uint32_t)OSCILLATOR_PEAK;
    const uint64_t room = (uint64_t)1 << 62;
    return sums->frames + next->frames <= room / (code * code);
}

static void join_waves(struct sums_wave *wave, const struct sums_wave *next)
{
    if (next->frames == 0) {
        return;
    }
    if (wave->frames == 0) {
        wave->first_phase = next->first_phase;
        wave->first_step = next->first_step;
    }
    wave->step = next->step;
    wave->next_phase = next->next_phase;
    wave->frames += next->frames;
    wave->advance += next->advance;
    wave->cosine += next->cosine;
    wave->sine += next->sine;
    wave->cosine_square += next->cosine_square;
    wave->sine_square += next->sine_square;
    wave->cosine_sine += next->cosine_sine;
    for (unsigned n = 0; n < ADC_INPUT_LIMIT; n++) {
        wave->with_cosine[n] += next->with_cosine[n];
        wave->with_sine[n] += next->with_sine[n];
    }
}

void cycle_sums_join(struct cycle_sums *sums, const struct cycle_sums *next)
{
    for (unsigned n = 0; n < ADC_INPUT_LIMIT; n++) {
        sums->sum[n] += next->sum[n];
        sums->square[n] += next->square[n];
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        sums->cross[n] += next->cross[n];
        sums->behind[n] += next->behind[n];
        sums->ahead[n] += next->ahead[n];
    }
    join_waves(&sums->wave, &next->wave);
    sums->frames += next->frames;
    sums->lost_frames += next->lost_frames;
    sums->end = next->end;
}
