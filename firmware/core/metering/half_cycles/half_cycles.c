// SPDX-License-Identifier: MIT
#include "half_cycles.h"

#include <stddef.h>

enum {
    SLOWEST_HZ = 40,
    FASTEST_HZ = 70,
    SOUND_CYCLES = 5, ///< So many in a row, and their length is believed.
    CLOCK_SHARE = 16, ///< The clock takes over this part of its error at a boundary.
    LATE_CYCLES = 25, ///< So many late time stamps in a row, and they are the time.
    LOST_CYCLES = 3,  ///< Without a boundary for so long there is no reference.
    CODE_LIMIT = 1 << 23,
    MOST_HALVES = 255, ///< half_cycle.halves saturates.
};

static const double FOLLOW = 0.25;    ///< Of its error the grid takes over so much at a time,
static const double STEEPEST = 0.001; ///< and no more than this part of a half cycle.
static const uint64_t MOST_LOST = (uint64_t)1 << 40; ///< Months; keeps positions exact.
static const double CLOCK_JUMP_US = 50000.0;
static const double LATE_STEP_US = 500.0; ///< Most that a late time stamp moves the clock.

unsigned half_cycles_voltages(const struct wiring *wiring, uint8_t input[HALF_CYCLES_VOLTAGE_LIMIT])
{
    unsigned count = 0;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const uint8_t wanted = wiring->channel[n].voltage_input;
        bool known = wanted >= ADC_INPUT_LIMIT || // WIRING_NO_INPUT too.
                     count == HALF_CYCLES_VOLTAGE_LIMIT;
        for (unsigned k = 0; k < count; k++) {
            known = known || input[k] == wanted;
        }
        if (!known) {
            input[count++] = wanted;
        }
    }
    return count;
}

/// Weighs `before` and `after` by parts of a frame; |x| < 2^46, weights within a frame.
static int64_t weigh(int64_t before, int64_t weight_before, int64_t after, int64_t weight_after)
{
    return before * weight_before + after * weight_after;
}

/// What the trapezoidal rule adds at an end to the sum of whole frames, times HALF_CYCLES_ONE. With
/// the part `w` of the frame's distance inside the stretch, next to the code `inner`, that is
/// w inner + w^2/2 (outer - inner) - inner/2.
static int64_t correction_q15(int64_t inner, int64_t outer, int64_t w)
{
    const int64_t half_square = w * w / (2 * HALF_CYCLES_ONE);
    return weigh(inner, w - half_square - HALF_CYCLES_ONE / 2, outer, half_square);
}

/// Codes beyond 24 bits are not promised, and must not overflow.
static int64_t bounded(int32_t code)
{
    return code < -CODE_LIMIT ? -CODE_LIMIT : code > CODE_LIMIT ? CODE_LIMIT : code;
}

static int64_t rounded_frames(int64_t q15)
{
    const int64_t half = q15 < 0 ? -HALF_CYCLES_ONE / 2 : HALF_CYCLES_ONE / 2;
    return (q15 + half) / HALF_CYCLES_ONE;
}

static uint64_t uptime_at(const struct half_cycles *h, double at)
{
    const double us = h->clock_us + (at - (double)h->clock_frame) * 1e6 / h->rate_hz;
    return us > 0.0 ? (uint64_t)us : 0;
}

/// Adds `next` to what waits already.
static void merge(struct half_cycle *waits, const struct half_cycle *next)
{
    if (waits->halves == 0) {
        *waits = *next;
        return;
    }
    // Sums of 16384 frames of 24 bits still fit; beyond, the past loses weight.
    if (waits->length_q15 + (uint64_t)next->length_q15 > INT32_MAX / 4) {
        waits->square /= 2;
        waits->sum_q15 /= 2;
        waits->length_q15 /= 2;
    }
    waits->ended_us = next->ended_us;
    waits->ended_frame = next->ended_frame;
    waits->ended_q15 = next->ended_q15;
    waits->square += next->square;
    waits->sum_q15 += next->sum_q15;
    waits->length_q15 += next->length_q15;
    waits->halves =
        (uint8_t)(waits->halves + next->halves > MOST_HALVES ? MOST_HALVES
                                                             : waits->halves + next->halves);
    waits->quality |= next->quality | READING_QUALITY_MERGED;
}

static void hand_over(struct half_cycles *h, struct half_cycle_sums *voltage,
                      const struct half_cycle *record)
{
    merge(&voltage->waits, record);
    struct half_cycle *slot = ring_claim(h->ring);
    if (slot != NULL) {
        *slot = voltage->waits;
        ring_publish(h->ring);
        voltage->waits.halves = 0;
    }
}

/// Ends the half cycle of one voltage at `end` and begins the next one there.
static void close_voltage(struct half_cycles *h, unsigned n, const struct half_cycle_edge *end)
{
    struct half_cycle_sums *voltage = &h->voltage[n];
    const struct half_cycle_edge *begin = &voltage->begin;
    const int64_t lead = HALF_CYCLES_ONE - (int64_t)begin->fraction_q15;
    const int64_t trail = end->fraction_q15;
    struct half_cycle record = {
        .ended_us = uptime_at(h, h->ends_at),
        .ended_frame = (uint32_t)h->frames - 1u,
        .ended_q15 = (uint16_t)end->fraction_q15,
        .voltage = (uint8_t)n,
        .halves = 1,
        .quality = (uint16_t)(h->quality | (voltage->clipped ? READING_QUALITY_CLIPPED : 0u)),
    };
    if (h->summed > 0) {
        const int64_t first = bounded(begin->after);
        const int64_t outside = bounded(begin->before);
        const int64_t last = bounded(end->before);
        const int64_t beyond = bounded(end->after);
        const uint64_t largest = (h->summed + 1u) * (uint64_t)CODE_LIMIT * CODE_LIMIT;
        const int64_t square =
            (int64_t)(voltage->square < largest ? voltage->square : largest) +
            rounded_frames(correction_q15(first * first, outside * outside, lead)) +
            rounded_frames(correction_q15(last * last, beyond * beyond, trail));
        record.length_q15 = (uint32_t)((int64_t)(h->summed - 1u) * HALF_CYCLES_ONE + lead + trail);
        record.sum_q15 = voltage->sum * HALF_CYCLES_ONE + correction_q15(first, outside, lead) +
                         correction_q15(last, beyond, trail);
        record.square = square < 0 ? 0 : square;
    }
    hand_over(h, voltage, &record);
    voltage->begin = *end;
    voltage->square = 0;
    voltage->sum = 0;
    voltage->clipped = false;
}

/// Where the next half cycle ends: half a period later, a little nearer to the mains.
static void move_on(struct half_cycles *h)
{
    const double limit = STEEPEST * h->half_frames;
    double step = h->shift * FOLLOW;
    step = step > limit ? limit : step < -limit ? -limit : step;
    h->shift -= step;
    h->ends_at += h->half_frames + step;
    h->summed = 0;
    h->quality = 0;
    const double silence = (double)h->frames - h->boundary_at;
    if (h->locked && silence > 2.0 * LOST_CYCLES * h->half_frames) {
        h->quality = READING_QUALITY_NO_REFERENCE;
        h->sound_cycles = 0;
    }
    if (!h->locked) {
        // After a second of searching there are no mains, rather than none yet.
        h->quality =
            (double)h->frames < h->rate_hz ? READING_QUALITY_PARTIAL : READING_QUALITY_NO_REFERENCE;
    }
}

/// Ends half cycles whose end lies before frame `h->frames`, whose codes stand in the block.
static void close_half(struct half_cycles *h, const struct adc_block *block, uint32_t frame)
{
    const double fraction = h->ends_at - (double)(h->frames - 1u);
    const double whole = fraction * HALF_CYCLES_ONE + 0.5;
    const uint32_t q15 = whole < 0.0               ? 0
                         : whole > HALF_CYCLES_ONE ? HALF_CYCLES_ONE
                                                   : (uint32_t)whole;
    for (unsigned n = 0; n < h->voltages; n++) {
        const struct half_cycle_edge end = { .fraction_q15 = q15,
                                             .before = h->voltage[n].newest,
                                             .after = block->code[h->voltage[n].input][frame] };
        close_voltage(h, n, &end);
    }
    move_on(h);
}

/// Ends what there is on the newest frame: the frames after it are lost.
static void close_here(struct half_cycles *h)
{
    for (unsigned n = 0; n < h->voltages; n++) {
        const int32_t code = h->voltage[n].newest;
        const struct half_cycle_edge end = { .before = code, .after = code };
        close_voltage(h, n, &end);
    }
}

static void begin_at_frame(struct half_cycles *h, const struct adc_block *block, uint32_t frame)
{
    for (unsigned n = 0; n < h->voltages; n++) {
        const int32_t code = block->code[h->voltage[n].input][frame];
        // From the frame itself on: what lies before it has no weight.
        h->voltage[n].begin = (struct half_cycle_edge){ HALF_CYCLES_ONE, code, code };
        h->voltage[n].square = 0;
        h->voltage[n].sum = 0;
        h->voltage[n].clipped = false;
    }
    h->summed = 0;
    h->begun = true;
}

static void sum_run(struct half_cycles *h, const struct adc_block *block, uint32_t from,
                    uint32_t to)
{
    for (unsigned n = 0; n < h->voltages; n++) {
        struct half_cycle_sums *voltage = &h->voltage[n];
        const int32_t *code = block->code[voltage->input];
        uint64_t square = 0;
        int64_t sum = 0;
        for (uint32_t k = from; k < to; k++) {
            square += (uint64_t)((int64_t)code[k] * code[k]);
            sum += code[k];
        }
        voltage->square += square;
        voltage->sum += sum;
        voltage->newest = code[to - 1u];
        voltage->clipped |= (block->clipped & 1u << voltage->input) != 0;
    }
    h->summed += to - from;
    h->frames += to - from;
}

static void take_frames(void *ctx, const struct adc_block *block, uint32_t from, uint32_t to)
{
    struct half_cycles *h = ctx;
    while (from < to) {
        if (!h->begun) {
            begin_at_frame(h, block, from);
        }
        if (h->ends_at < (double)h->frames) {
            close_half(h, block, from);
            continue;
        }
        // All frames up to and including the one right before the end.
        const double room = h->ends_at - (double)h->frames;
        const uint32_t left = to - from;
        const uint32_t count = room >= (double)(left - 1u) ? left : (uint32_t)room + 1u;
        sum_run(h, block, from, from + count);
        from += count;
    }
}

/// Codes may have waited before they were read: while a flash sector is erased, or on a busy
/// machine. So a time stamp may be late, and is never early.
static void follow_clock(struct half_cycles *h, double at, uint64_t uptime_us)
{
    const double mine = h->clock_us + (at - (double)h->clock_frame) * 1e6 / h->rate_hz;
    const double error = (double)uptime_us - mine;
    double step = error / CLOCK_SHARE;
    step = step > LATE_STEP_US ? LATE_STEP_US : step;
    h->late_cycles = error > CLOCK_JUMP_US ? h->late_cycles + 1u : 0;
    if (!h->clock_set || error < -CLOCK_JUMP_US || h->late_cycles == LATE_CYCLES) {
        step = error;
        h->late_cycles = 0;
    }
    const uint64_t frame = (uint64_t)at;
    h->clock_us = mine + step - (at - (double)frame) * 1e6 / h->rate_hz;
    h->clock_frame = frame;
    h->clock_set = true;
}

/// The distance from the nearest end of a half cycle to `at`.
static double error_of(const struct half_cycles *h, double at)
{
    const double halves = (at - h->ends_at) / h->half_frames;
    const double nearest = (double)(int64_t)(halves + (halves < 0.0 ? -0.5 : 0.5));
    return (halves - nearest) * h->half_frames;
}

/// Puts the grid on the mains at once. What was summed so far is no half cycle.
static void lock(struct half_cycles *h, double crossing)
{
    double error = error_of(h, crossing);
    if (h->ends_at + error <= (double)h->frames) {
        error += h->half_frames;
    }
    h->ends_at += error;
    h->shift = 0.0;
    h->locked = true;
    h->quality |= READING_QUALITY_PARTIAL;
}

static void take_boundary(void *ctx, const struct tap_boundary *boundary)
{
    struct half_cycles *h = ctx;
    if (h->frames == 0) {
        return;
    }
    const double at = (double)(h->frames - 1u) + boundary->fraction;
    h->rate_hz = boundary->rate_hz > 0.0 ? boundary->rate_hz : h->rate_hz;
    follow_clock(h, (double)h->frames, boundary->uptime_us);
    h->boundary_at = at;
    const double half = 0.5 * boundary->period_frames;
    const bool plausible =
        half * 2.0 * SLOWEST_HZ <= h->rate_hz && half * 2.0 * FASTEST_HZ >= h->rate_hz;
    if (boundary->jumped || !plausible) {
        h->sound_cycles = 0;
        return;
    }
    h->sound_cycles += h->sound_cycles < SOUND_CYCLES ? 1u : 0u;
    if (h->locked && h->sound_cycles < SOUND_CYCLES) {
        return;
    }
    h->half_frames = half;
    if (h->locked) {
        h->shift = error_of(h, at - boundary->delay_frames);
    } else {
        lock(h, at - boundary->delay_frames);
    }
}

static void take_gap(void *ctx, uint64_t lost_frames)
{
    struct half_cycles *h = ctx;
    if (!h->begun || h->frames == 0) {
        return;
    }
    h->quality |= READING_QUALITY_GAP;
    close_here(h);
    h->begun = false;
    h->sound_cycles = 0;
    h->frames += lost_frames < MOST_LOST ? lost_frames : MOST_LOST;
    h->shift = 0.0;
    h->summed = 0;
    // The grid goes on under the gap; after one of unknown length it starts afresh.
    if (lost_frames == 0) {
        h->locked = false;
        h->clock_set = false;
    }
    if (h->ends_at < (double)h->frames) {
        const double behind = ((double)h->frames - h->ends_at) / h->half_frames;
        h->ends_at += h->half_frames * (double)((uint64_t)behind + 1u);
    }
    h->quality |= READING_QUALITY_GAP;
}

enum status half_cycles_init(struct half_cycles *half_cycles, const struct wiring *wiring,
                             struct ring *ring, uint64_t rate_mhz, double nominal_hz)
{
    uint8_t input[HALF_CYCLES_VOLTAGE_LIMIT];
    const unsigned voltages = half_cycles_voltages(wiring, input);
    if (rate_mhz < 1000000u || rate_mhz > 200000000u || voltages == 0 ||
        !(nominal_hz >= SLOWEST_HZ && nominal_hz <= FASTEST_HZ)) {
        return STATUS_INVALID;
    }
    const double rate_hz = (double)rate_mhz / 1000.0;
    *half_cycles = (struct half_cycles){
        .ring = ring,
        .rate_hz = rate_hz,
        .voltages = voltages,
        .half_frames = 0.5 * rate_hz / nominal_hz,
        .quality = READING_QUALITY_PARTIAL,
    };
    half_cycles->ends_at = half_cycles->half_frames;
    for (unsigned n = 0; n < voltages; n++) {
        half_cycles->voltage[n].input = input[n];
    }
    half_cycles->tap = (struct frame_tap){
        .frames = take_frames, .boundary = take_boundary, .gap = take_gap, .ctx = half_cycles
    };
    return STATUS_OK;
}

const struct frame_tap *half_cycles_tap(const struct half_cycles *half_cycles)
{
    return &half_cycles->tap;
}
