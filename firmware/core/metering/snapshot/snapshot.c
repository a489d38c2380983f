// SPDX-License-Identifier: MIT
#include "snapshot.h"

#include "portable_math.h"

enum {
    LEAST_FRAMES = 64,
    HALF_RANGE = 32767, ///< Of a step of the store.
    CODE_LIMIT = 1 << 24,
};

static uint32_t load(const _Atomic uint32_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

static void store_word(_Atomic uint32_t *word, uint32_t value)
{
    atomic_store_explicit(word, value, memory_order_release);
}

static bool stands_still(const struct snapshot *s)
{
    return load(&s->frozen) != load(&s->released);
}

static void empty(struct snapshot *s)
{
    s->held = 0;
    s->put = 0;
    s->summed = 0;
    for (unsigned n = 0; n < s->inputs; n++) {
        s->sum[n] = 0;
    }
}

/// Whether frame `a` comes after `b`, modulo 2^32.
static bool is_after(uint32_t a, uint32_t b)
{
    return a - b - 1u < UINT32_MAX / 2;
}

/// Stands still if a snapshot is asked for and complete, or cannot go on.
static void freeze(struct snapshot *s, bool must)
{
    const uint32_t asked = load(&s->asked);
    if (asked == load(&s->frozen)) {
        return;
    }
    const uint32_t end = load(&s->wanted_end);
    if (must || (s->held > 0 && !is_after(end, s->last))) {
        store_word(&s->frozen, asked);
    }
}

/// A sum of codes in steps of the store: rounded, `away` from the middle.
static int16_t to_step(int64_t away, int64_t divisor)
{
    const int64_t rounded = away + (away < 0 ? -divisor / 2 : divisor / 2);
    // Nearly always it fits 32 bits, in which processors can divide.
    const bool fits = rounded >= INT32_MIN && rounded <= INT32_MAX && divisor <= INT32_MAX;
    const int64_t step = fits ? (int32_t)rounded / (int32_t)divisor : rounded / divisor;
    return (int16_t)(step < -HALF_RANGE ? -HALF_RANGE : step > HALF_RANGE ? HALF_RANGE : step);
}

static void keep_frame(struct snapshot *s)
{
    int16_t *slot = &s->store[(size_t)s->put * s->inputs];
    const int64_t divisor = (int64_t)s->decimation * s->divisor;
    const int64_t middle = (int64_t)s->middle * s->decimation;
    for (unsigned n = 0; n < s->inputs; n++) {
        slot[n] = to_step(s->sum[n] - middle, divisor);
        s->sum[n] = 0;
    }
    s->summed = 0;
    s->last = s->frames - 1u;
    s->put = s->put + 1u == s->capacity ? 0 : s->put + 1u;
    s->held += s->held < s->capacity;
    freeze(s, false);
}

static void sum_run(struct snapshot *s, const struct adc_block *block, uint32_t from, uint32_t to)
{
    for (unsigned n = 0; n < s->inputs; n++) {
        const int32_t *codes = block->code[n];
        int64_t sum = 0;
        for (uint32_t k = from; k < to; k++) {
            sum += codes[k];
        }
        s->sum[n] += sum;
    }
    s->frames += to - from;
    s->summed += to - from;
}

static void take_frames(void *ctx, const struct adc_block *block, uint32_t from, uint32_t to)
{
    struct snapshot *s = ctx;
    while (from < to && !stands_still(s)) {
        if (s->stood) {
            s->stood = false;
            empty(s);
        }
        const uint32_t room = s->decimation - s->summed;
        const uint32_t count = to - from < room ? to - from : room;
        sum_run(s, block, from, from + count);
        from += count;
        if (s->summed == s->decimation) {
            keep_frame(s);
        }
    }
    if (from < to) {
        s->stood = true;
        s->frames += to - from;
    }
}

static void take_boundary(void *ctx, const struct tap_boundary *boundary)
{
    (void)ctx; // Cycles are of no account here.
    (void)boundary;
}

static void take_gap(void *ctx, uint64_t lost_frames)
{
    struct snapshot *s = ctx;
    if (!stands_still(s)) {
        freeze(s, true);
    }
    if (stands_still(s)) {
        s->stood = true;
    } else {
        empty(s);
    }
    s->frames += (uint32_t)lost_frames;
}

enum status snapshot_init(struct snapshot *snapshot, int16_t *store, size_t size,
                          const struct snapshot_source *source)
{
    const int64_t range = (int64_t)source->code_max - source->code_min;
    if (source->input_count == 0 || source->input_count > ADC_INPUT_LIMIT ||
        size / source->input_count < LEAST_FRAMES || size > UINT32_MAX || range <= 0 ||
        source->code_min < -CODE_LIMIT || source->code_max > CODE_LIMIT ||
        source->rate_mhz < 1000000u || source->rate_mhz > 200000000u) {
        return STATUS_INVALID;
    }
    const uint32_t points_hz = source->points_hz > 0 ? source->points_hz : SNAPSHOT_POINTS_HZ;
    const uint32_t decimation = (uint32_t)(source->rate_mhz / 1000u / points_hz);
    *snapshot = (struct snapshot){
        .store = store,
        .capacity = (uint32_t)(size / source->input_count),
        .inputs = source->input_count,
        .decimation = decimation > 0 ? decimation : 1u,
        .middle = (int32_t)(source->code_min + range / 2),
        .divisor = (int32_t)(1 + range / 2 / (HALF_RANGE + 1)),
    };
    snapshot->tap = (struct frame_tap){
        .frames = take_frames, .boundary = take_boundary, .gap = take_gap, .ctx = snapshot
    };
    return STATUS_OK;
}

const struct frame_tap *snapshot_tap(const struct snapshot *snapshot)
{
    return &snapshot->tap;
}

enum status snapshot_ask(struct snapshot *snapshot, const struct snapshot_event *event)
{
    const uint32_t asked = load(&snapshot->asked);
    if (event->cycle_frames == 0 || !(event->rate_hz > 0.0)) {
        return STATUS_INVALID;
    }
    if (asked != load(&snapshot->released)) {
        return STATUS_BUSY;
    }
    const uint64_t room = (uint64_t)(snapshot->capacity - 2u) * snapshot->decimation;
    const uint64_t before = (uint64_t)event->cycle_frames * SNAPSHOT_CYCLES_BEFORE;
    const uint64_t wanted = before + (uint64_t)event->cycle_frames * SNAPSHOT_CYCLES_AFTER;
    const uint32_t length = (uint32_t)(wanted < room ? wanted : room);
    snapshot->event = *event;
    snapshot->start_frame = event->frame - (uint32_t)before;
    store_word(&snapshot->wanted_end, snapshot->start_frame + length);
    store_word(&snapshot->asked, asked + 1u);
    return STATUS_OK;
}

bool snapshot_ready(const struct snapshot *snapshot, struct snapshot_view *view)
{
    const uint32_t asked = load(&snapshot->asked);
    if (asked == load(&snapshot->released) || load(&snapshot->frozen) != asked) {
        return false;
    }
    const uint32_t decimation = snapshot->decimation;
    const uint32_t span = snapshot->last - snapshot->start_frame;
    const uint32_t wanted = span > UINT32_MAX / 2 ? 0 : span / decimation + 1u;
    const uint32_t count = wanted < snapshot->held ? wanted : snapshot->held;
    const uint32_t before = SNAPSHOT_CYCLES_BEFORE * snapshot->event.cycle_frames / decimation;
    const uint32_t missing = wanted - count;
    const uint32_t calm = missing < before ? before - missing : 1u;
    // A kept frame is the mean of `decimation` of them: it stands for their middle.
    const double first = (double)count * decimation - 0.5 * (decimation + 1u);
    const double away = (double)(int32_t)(snapshot->last - snapshot->event.frame) - first;
    const double us = (double)snapshot->event.us + away * 1e6 / snapshot->event.rate_hz;
    *view = (struct snapshot_view){
        .first = (snapshot->put + snapshot->capacity - count) % snapshot->capacity,
        .count = count,
        .interval_ns = (uint32_t)(1e9 * decimation / snapshot->event.rate_hz + 0.5),
        .calm = calm < count ? calm : count,
        .started_us = us > 0.0 ? (uint64_t)us : 0,
    };
    return true;
}

static int32_t sample_at(const struct snapshot *s, const struct snapshot_view *view, unsigned input,
                         uint32_t frame)
{
    return s->store[(size_t)((view->first + frame) % s->capacity) * s->inputs + input];
}

static double mean_of(const struct snapshot *s, const struct snapshot_view *view, unsigned input,
                      uint32_t count)
{
    int64_t sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        sum += sample_at(s, view, input, n);
    }
    return count > 0 ? (double)sum / count : 0.0;
}

double snapshot_rms(const struct snapshot *snapshot, const struct snapshot_view *view,
                    unsigned input)
{
    if (input >= snapshot->inputs || view->count == 0) {
        return 0.0;
    }
    int64_t square = 0;
    for (uint32_t n = 0; n < view->count; n++) {
        const int32_t sample = sample_at(snapshot, view, input, n);
        square += (int64_t)sample * sample;
    }
    const double mean = mean_of(snapshot, view, input, view->count);
    return portable_sqrt((double)square / view->count - mean * mean) * snapshot->divisor;
}

bool snapshot_chunk(const struct snapshot *snapshot, const struct snapshot_view *view,
                    unsigned input, double unit_per_code, uint32_t from,
                    struct waveform_chunk *chunk)
{
    if (from >= view->count || input >= snapshot->inputs) {
        return false;
    }
    const uint32_t left = view->count - from;
    const uint32_t count = left < WAVEFORM_CHUNK_SAMPLES ? left : WAVEFORM_CHUNK_SAMPLES;
    const int32_t mean = (int32_t)portable_round(mean_of(snapshot, view, input, view->calm));
    const double size = (unit_per_code < 0.0 ? -unit_per_code : unit_per_code) * 1e6;
    const int64_t unit = portable_round(size * snapshot->divisor);
    const int32_t sign = unit_per_code < 0.0 ? -1 : 1;
    chunk->started_us = view->started_us + (uint64_t)from * view->interval_ns / 1000u;
    chunk->interval_ns = view->interval_ns;
    chunk->unit_per_1e6 = unit < 1 ? 1u : unit > UINT32_MAX ? UINT32_MAX : (uint32_t)unit;
    chunk->count = (uint16_t)count;
    for (uint32_t n = 0; n < WAVEFORM_CHUNK_SAMPLES; n++) {
        int32_t sample = n < count ? sign * (sample_at(snapshot, view, input, from + n) - mean) : 0;
        sample = sample < -HALF_RANGE ? -HALF_RANGE : sample > HALF_RANGE ? HALF_RANGE : sample;
        chunk->sample[n] = (int16_t)sample;
    }
    return true;
}

void snapshot_release(struct snapshot *snapshot)
{
    store_word(&snapshot->released, load(&snapshot->asked));
}
