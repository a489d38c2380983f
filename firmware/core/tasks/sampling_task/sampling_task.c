// SPDX-License-Identifier: MIT
#include "sampling_task.h"

#include <stddef.h>

enum {
    FREE_WINDOW_PER_S = 5, ///< Without mains a window takes 200 ms.
    LOST_AFTER_PER_S = 20, ///< 50 ms without a boundary: there is no mains.
    BRIDGED_PER_S = 10,    ///< Energy is carried over gaps of up to 100 ms.
    RAIL_SHARE = 512,      ///< Codes within 1/512 of the range of a rail count as clipped.
    CYCLES_50HZ = 10,
    CYCLES_60HZ = 12,
    BETWEEN_HZ = 55,
    FIRST_GUESS_HZ = 50, ///< Of the fundamental before the first cycle.
    RATE_SHARE = 20,     ///< The measured rate may differ by 1/20 from that at the start.
    DRIFT_SHARE = 10000, ///< A rate that moves by more than 1/10000 is told as drift.
};

struct sampling_settings sampling_settings_default(void)
{
    return (struct sampling_settings){ .cycles_per_window = 0, .reference_floor_v = 20.0 };
}

/// The largest code that the source promises, within what sums can hold.
static uint32_t largest_code(const struct adc_source *source)
{
    const int64_t low = -(int64_t)source->code_min;
    const int64_t top = low > source->code_max ? low : source->code_max;
    const int64_t high = top + LINEARITY_LARGEST + 1;
    return high < CYCLE_SUMS_CODE_LIMIT ? (uint32_t)high : (uint32_t)CYCLE_SUMS_CODE_LIMIT;
}

enum status sampling_task_init(struct sampling_task *task, const struct adc_source *source,
                               const struct wiring *wiring, struct ring *ring,
                               const struct sampling_settings *settings)
{
    if (source->input_count > ADC_INPUT_LIMIT || source->code_min >= source->code_max ||
        source->code_min >= CYCLE_SUMS_CODE_LIMIT / 2 ||
        source->code_max <= -CYCLE_SUMS_CODE_LIMIT / 2 ||
        wiring_check(wiring, source->input_count) != STATUS_OK) {
        return STATUS_INVALID;
    }
    *task = (struct sampling_task){
        .source = source, .wiring = wiring, .ring = ring, .settings = *settings
    };
    const uint64_t rate_mhz = source->frame_rate_mhz(source->ctx);
    const double volts = wiring->unit_per_code[wiring->reference_input];
    const double floor_codes = settings->reference_floor_v / (volts < 0.0 ? -volts : volts);
    task->rate_hz = (double)rate_mhz / 1000.0;
    task->rate_mhz = rate_mhz;
    task->start_rate_mhz = rate_mhz;
    rate_watch_init(&task->rate_watch);
    zero_watch_init(&task->zero_watch, (double)source->code_max - (double)source->code_min);
    task->largest_code = largest_code(source);
    frame_history_init(&task->history);
    return mains_phase_init(&task->phase, rate_mhz, floor_codes);
}

enum status sampling_task_add_tap(struct sampling_task *task, const struct frame_tap *tap)
{
    if (task->taps == FRAME_TAP_LIMIT) {
        return STATUS_FULL;
    }
    task->tap[task->taps++] = tap;
    return STATUS_OK;
}

void sampling_task_tap_codes(struct sampling_task *task, const struct code_tap *tap)
{
    task->code_tap = *tap;
}

enum status sampling_task_linearise(struct sampling_task *task, unsigned input,
                                    const struct linearity_table *table)
{
    if (input >= task->source->input_count) {
        return STATUS_INVALID;
    }
    task->linearity[input] = table;
    return STATUS_OK;
}

static void tell_frames(const struct sampling_task *task, uint32_t from, uint32_t to)
{
    for (uint32_t n = 0; n < task->taps && from < to; n++) {
        task->tap[n]->frames(task->tap[n]->ctx, &task->block, from, to);
    }
}

static void tell_boundary(const struct sampling_task *task, const struct tap_boundary *boundary)
{
    for (uint32_t n = 0; n < task->taps; n++) {
        task->tap[n]->boundary(task->tap[n]->ctx, boundary);
    }
}

static void tell_gap(const struct sampling_task *task, uint64_t lost_frames)
{
    for (uint32_t n = 0; n < task->taps; n++) {
        task->tap[n]->gap(task->tap[n]->ctx, lost_frames);
    }
}

/// Looks whether the converter still is what it was.
static void window_judge_drift(struct sampling_task *task)
{
    struct cycle_window *window = &task->window;
    const unsigned unfit = READING_QUALITY_GAP | READING_QUALITY_CHANNEL_SWAP;
    const double seconds = cycle_sums_length(&window->sums) / task->rate_hz;
    for (unsigned n = 0; n < task->source->input_count; n++) {
        const bool clipped = (window->clipped & 1u << n) != 0;
        if (window->whole && !clipped && (window->quality & unfit) == 0) {
            zero_watch_take(&task->zero_watch, n, cycle_sums_mean(&window->sums, n), seconds);
        }
    }
    window->drifted = zero_watch_drifting(&task->zero_watch);
    if (rate_watch_drifts(&task->rate_watch)) {
        window->quality |= READING_QUALITY_DRIFT;
    }
}

/// Puts the window into the ring; false while the ring is full.
static bool emit(struct sampling_task *task)
{
    struct cycle_window *slot = ring_claim(task->ring);
    if (slot == NULL) {
        return false;
    }
    window_judge_drift(task);
    *slot = task->window;
    ring_publish(task->ring);
    task->counters.windows++;
    return true;
}

static bool window_is_empty(const struct sampling_task *task)
{
    return task->window.sums.frames == 0;
}

static void window_clear(struct sampling_task *task)
{
    task->window = (struct cycle_window){ .whole = true };
}

/// Begins the sums of a cycle as long as the ones before it, or as one of 50 Hz, with the
/// oscillator at phase `start`.
static void begin_cycle(struct sampling_task *task, const struct sums_edge *edge, int32_t start)
{
    const double period = mains_phase_period(&task->phase);
    cycle_sums_begin(&task->cycle, edge);
    cycle_sums_tune(&task->cycle, period > 0.0 ? period : task->rate_hz / FIRST_GUESS_HZ, start);
}

/// Puts the cycle in progress into the window. When processing has stalled for so long that the
/// sums would overflow, the cycle is given up and counted.
static void window_join(struct sampling_task *task)
{
    struct cycle_window *window = &task->window;
    if (window_is_empty(task)) {
        window_clear(task);
        window->sums = task->cycle;
    } else if (cycle_sums_room(&window->sums, &task->cycle, task->largest_code)) {
        cycle_sums_join(&window->sums, &task->cycle);
    } else {
        task->counters.lost_frames += task->cycle.frames;
        task->counters.gaps++;
        window->quality |= READING_QUALITY_GAP;
        window->whole = false;
    }
}

/// Moves the cycle in progress into the window and begins the next one where it ended.
static void window_take_cycle(struct sampling_task *task, uint32_t cycles, uint64_t ended_us)
{
    struct cycle_window *window = &task->window;
    window_join(task);
    window->ended_us = ended_us;
    window->rate_hz = task->rate_hz;
    window->cycles += cycles;
    window->whole = window->whole && cycles > 0;
    window->clipped |= task->cycle_clipped;
    window->quality |= task->cycle_quality;
    const struct sums_edge edge = task->cycle.end;
    begin_cycle(task, &edge, cycles > 0 ? cycle_sums_carry(&task->cycle) : 0);
    task->cycle_clipped = 0;
    task->cycle_quality = 0;
}

/// Empties the window into the ring, or lets it grow on when there is no room.
static void window_close(struct sampling_task *task)
{
    task->complete = false;
    if (window_is_empty(task)) {
        return;
    }
    if (emit(task)) {
        window_clear(task);
    } else {
        task->window.quality |= READING_QUALITY_MERGED;
        task->counters.merges++;
    }
}

/// The cycle after the window is over. When it has jumped, the window's last crossing may have been
/// moved by less than what is seen as a jump. A window that has its number is closed now.
static void window_confirm(struct sampling_task *task, bool jumped)
{
    if (jumped && !window_is_empty(task)) {
        task->window.quality |= READING_QUALITY_PHASE_JUMP;
    }
    if (task->complete) {
        window_close(task);
    }
}

/// The cycle in progress is not a whole one: it gets a window of its own.
static void take_fragment(struct sampling_task *task, uint64_t ended_us)
{
    window_close(task);
    window_take_cycle(task, 0, ended_us);
    window_close(task);
    task->cycles_taken = 0;
}

static uint32_t cycles_wanted(const struct sampling_task *task)
{
    if (task->settings.cycles_per_window != 0) {
        return task->settings.cycles_per_window;
    }
    const double period = mains_phase_period(&task->phase);
    const bool fast = period > 0.0 && period * BETWEEN_HZ <= task->rate_hz;
    return fast ? CYCLES_60HZ : CYCLES_50HZ;
}

static void take_boundary(struct sampling_task *task, const struct mains_phase_boundary *boundary,
                          uint64_t ended_us)
{
    const uint16_t broken =
        READING_QUALITY_GAP | READING_QUALITY_CHANNEL_SWAP | READING_QUALITY_NO_REFERENCE;
    if (boundary->jumped) {
        task->cycle_quality |= READING_QUALITY_PHASE_JUMP;
    }
    const uint32_t wanted = cycles_wanted(task);
    struct tap_boundary told = { .fraction = boundary->fraction,
                                 .cycle_frames = boundary->cycle_frames,
                                 .period_frames = mains_phase_period(&task->phase),
                                 .rate_hz = task->rate_hz,
                                 .delay_frames = mains_phase_delay(&task->phase),
                                 .cycles_per_window = wanted,
                                 .uptime_us = ended_us };
    told.jumped =
        !(boundary->cycle_frames > 0.0) || boundary->jumped || (task->cycle_quality & broken) != 0;
    window_confirm(task, boundary->jumped);
    if (told.jumped) {
        take_fragment(task, ended_us);
    } else {
        cycle_sums_check_tune(&task->cycle, boundary->cycle_frames);
        window_take_cycle(task, 1, ended_us);
        told.window_ends = ++task->cycles_taken >= wanted;
    }
    if (told.window_ends) {
        task->complete = true;
        task->cycles_taken = 0;
    }
    tell_boundary(task, &told);
}

/// Uptime at frame `frame` of the block in hand, whose last frame has just come.
static uint64_t uptime_at(const struct sampling_task *task, uint32_t frame, uint64_t now_us)
{
    const double ahead_us = (double)(task->block.frame_count - frame) * 1e6 / task->rate_hz;
    return now_us > (uint64_t)ahead_us ? now_us - (uint64_t)ahead_us : 0;
}

static void start(struct sampling_task *task)
{
    // The first stretch begins on the first sample: what lies before it has no weight.
    const struct sums_edge edge = frame_history_edge(&task->history, &task->block, 0, 1.0);
    begin_cycle(task, &edge, 0);
    task->cycle_quality = READING_QUALITY_PARTIAL;
    task->started = true;
}

static void note_gap(struct sampling_task *task, uint64_t lost_frames, uint16_t quality)
{
    task->counters.gaps++;
    task->counters.lost_frames += lost_frames;
    tell_gap(task, lost_frames);
    mains_phase_restart(&task->phase);
    if (!task->started) {
        return;
    }
    task->cycle_quality |= quality;
    if ((double)lost_frames * BRIDGED_PER_S <= task->rate_hz) {
        cycle_sums_lose(&task->cycle, lost_frames);
    }
}

/// Brings codes back that the source has not promised.
static void clamp_codes(int32_t *codes, uint32_t count, int32_t low, int32_t high)
{
    for (uint32_t n = 0; n < count; n++) {
        codes[n] = codes[n] < low ? low : codes[n] > high ? high : codes[n];
    }
}

/// Whether all codes lie from `low` to `high`, as they nearly always do.
static bool all_within(const int32_t *codes, uint32_t count, int32_t low, int32_t high)
{
    if (low > high) {
        return false;
    }
    const uint32_t span = (uint32_t)high - (uint32_t)low;
    for (uint32_t n = 0; n < count; n++) {
        if ((uint32_t)codes[n] - (uint32_t)low > span) {
            return false;
        }
    }
    return true;
}

/// Brings codes beyond the rails back, straightens them, and notes which inputs touched a rail.
static void prepare_codes(struct sampling_task *task)
{
    const struct adc_source *source = task->source;
    const int64_t margin = ((int64_t)source->code_max - source->code_min) / RAIL_SHARE;
    const int64_t low = source->code_min + margin + 1;
    const int64_t high = source->code_max - margin - 1;
    const int32_t reach = CYCLE_SUMS_CODE_LIMIT - LINEARITY_LARGEST - 1;
    const int32_t floor = source->code_min > -reach ? source->code_min : -reach;
    const int32_t ceiling = source->code_max < reach ? source->code_max : reach;
    const int32_t least = low > floor ? (int32_t)low : floor;
    const int32_t most = high < ceiling ? (int32_t)high : ceiling;
    unsigned mask = 0;
    for (unsigned input = 0; input < source->input_count; input++) {
        int32_t *codes = task->block.code[input];
        if (!all_within(codes, task->block.frame_count, least, most)) {
            mask |= 1u << input;
            clamp_codes(codes, task->block.frame_count, floor, ceiling);
        }
        const struct linearity_table *table = task->linearity[input];
        if (table != NULL) {
            linearity_table_apply(table, codes, task->block.frame_count);
        }
    }
    task->block.clipped = (uint16_t)mask;
}

/// Closes the cycle in progress on the newest frame, where only the code on the edge itself
/// matters.
static void end_cycle_here(struct sampling_task *task)
{
    struct sums_edge *end = &task->cycle.end;
    end->fraction = 0.0;
    for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
        end->before[input] = end->after[input] = task->history.newest[0][input];
        end->earlier[input] = task->history.newest[1][input];
    }
}

static void run_free(struct sampling_task *task, uint64_t now_us)
{
    const double frames = (double)task->cycle.frames;
    if (mains_phase_has_reference(&task->phase) || frames * LOST_AFTER_PER_S < task->rate_hz) {
        return;
    }
    task->cycle_quality |= READING_QUALITY_NO_REFERENCE;
    if (frames * FREE_WINDOW_PER_S >= task->rate_hz) {
        end_cycle_here(task);
        window_confirm(task, true); // What took the mains away may have moved the last crossing.
        take_fragment(task, now_us);
    }
}

static void take_block(struct sampling_task *task, uint64_t now_us)
{
    const struct adc_block *block = &task->block;
    const uint32_t count = block->frame_count;
    if (task->code_tap.codes != NULL) {
        task->code_tap.codes(task->code_tap.ctx, block);
    }
    prepare_codes(task);
    frame_history_take(&task->history, task->source->input_count, block);
    if (!task->started) {
        start(task);
    }
    const int32_t *reference = block->code[task->wiring->reference_input];
    task->cycle_clipped |= block->clipped;
    uint32_t summed = 0;
    uint32_t fed = 0;
    struct mains_phase_boundary boundary;
    while (mains_phase_feed(&task->phase, reference + fed, count - fed, &boundary)) {
        const uint32_t frame = fed + boundary.frame;
        tell_frames(task, summed, frame);
        cycle_sums_add(&task->cycle, task->wiring, task->source->input_count, block, &task->history,
                       summed, frame);
        task->cycle.end = frame_history_edge(&task->history, block, frame, boundary.fraction);
        take_boundary(task, &boundary, uptime_at(task, frame, now_us));
        task->cycle_clipped |= block->clipped;
        summed = frame;
        fed = frame + 1u;
    }
    tell_frames(task, summed, count);
    cycle_sums_add(&task->cycle, task->wiring, task->source->input_count, block, &task->history,
                   summed, count);
    task->counters.frames += count;
    run_free(task, now_us);
}

/// Brings what is left into the ring, once the source has ended.
static enum status flush(struct sampling_task *task, uint64_t now_us)
{
    task->ended = true;
    if (!window_is_empty(task)) {
        task->window.quality |= (uint16_t)(task->complete ? 0 : READING_QUALITY_PARTIAL);
        window_close(task);
    }
    if (!window_is_empty(task)) {
        return STATUS_BUSY;
    }
    if (task->started && task->cycle.frames > 0 && !task->flushed) {
        end_cycle_here(task);
        task->cycle_quality |= READING_QUALITY_PARTIAL;
        window_take_cycle(task, 0, now_us);
        window_close(task);
    }
    task->flushed = window_is_empty(task);
    return task->flushed ? STATUS_MISSING : STATUS_BUSY;
}

/// The source measures its rate: what was summed is told by the newest one. A rate that has moved
/// by more than 100 millionths leaves a doubt about the cycle in hand; one that is out of reach of
/// the filters is not believed.
static void follow_rate(struct sampling_task *task)
{
    const uint64_t start_mhz = task->start_rate_mhz;
    const uint64_t rate_mhz = task->source->frame_rate_mhz(task->source->ctx);
    if (rate_mhz == task->rate_mhz) {
        return;
    }
    if (rate_mhz < start_mhz - start_mhz / RATE_SHARE ||
        rate_mhz > start_mhz + start_mhz / RATE_SHARE) {
        task->cycle_quality |= READING_QUALITY_DRIFT;
        return;
    }
    const uint64_t moved_mhz =
        rate_mhz > task->rate_mhz ? rate_mhz - task->rate_mhz : task->rate_mhz - rate_mhz;
    if (moved_mhz * DRIFT_SHARE > rate_mhz) {
        task->cycle_quality |= READING_QUALITY_DRIFT;
    }
    task->rate_mhz = rate_mhz;
    task->rate_hz = (double)rate_mhz / 1000.0;
}

enum status sampling_task_step(struct sampling_task *task, uint64_t now_us)
{
    if (task->ended) {
        return flush(task, now_us);
    }
    const struct adc_source *source = task->source;
    const enum status status = source->read(source->ctx, &task->block);
    if (status == STATUS_MISSING) {
        return flush(task, now_us);
    }
    if (status != STATUS_OK) {
        return status;
    }
    follow_rate(task);
    const struct adc_block *block = &task->block;
    if (block->lost_unknown) {
        rate_watch_restart(&task->rate_watch);
    }
    rate_watch_pass(&task->rate_watch, (uint64_t)block->lost_frames + block->frame_count,
                    task->rate_hz, now_us);
    if (block->lost_frames > 0 || block->lost_unknown) {
        note_gap(task, block->lost_frames, READING_QUALITY_GAP);
    }
    if (block->channel_swap) {
        note_gap(task, block->frame_count, READING_QUALITY_GAP | READING_QUALITY_CHANNEL_SWAP);
        return STATUS_OK;
    }
    if (block->frame_count > 0 && block->frame_count <= ADC_FRAME_LIMIT) {
        take_block(task, now_us);
    }
    return STATUS_OK;
}
