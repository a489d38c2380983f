// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quality_task.h"
#include "sampling_task.h"

enum { RATE = 10000, BLOCK = 100, WINDOWS = 4, KEPT = 256, INPUTS = 3 };

static const double TURN = 6.283185307179586;
static const int64_t BOOT_MS = 1780000200000 - 2000; // Two seconds before a tick of 10 minutes.

struct fixture {
    struct adc_source source;
    struct wiring wiring;
    struct ring windows;
    struct cycle_window window_slots[WINDOWS];
    struct sampling_task sampling;
    struct ring ring;
    struct half_cycle slots[HALF_CYCLES_RECORDS];
    struct half_cycles half_cycles;
    int16_t store[SNAPSHOT_SAMPLES];
    struct snapshot snapshot;
    struct clock clock;
    struct record_sink sink;
    struct quality_distortion distortion;
    struct quality_task task;
    struct record record;
    uint64_t frame;
    double rate_hz;    ///< Frames a second as they are,
    uint64_t told_mhz; ///< and as the converter says.
    double share;      ///< Of the voltage, from now on.
    enum status answer;
    struct record kept[KEPT];
    unsigned count;
};

static uint64_t now_of(void *ctx)
{
    const struct fixture *f = ctx;
    return (uint64_t)((double)f->frame * 1e6 / f->rate_hz);
}

static bool utc_of(void *ctx, int64_t *utc_ms, uint32_t *uncertainty_ms)
{
    *utc_ms = BOOT_MS + (int64_t)(now_of(ctx) / 1000u);
    *uncertainty_ms = 1;
    return true;
}

static enum status read_mains(void *ctx, struct adc_block *block)
{
    struct fixture *f = ctx;
    *block = (struct adc_block){ .frame_count = BLOCK };
    for (unsigned n = 0; n < BLOCK; n++, f->frame++) {
        const double wave = sin(TURN * 50.0 * (double)f->frame / f->rate_hz);
        block->code[0][n] = (int32_t)lround(2048 + f->share * 230.0 * sqrt(2.0) / 0.35 * wave);
        block->code[1][n] = (int32_t)lround(2048 + f->share * 5.0 * sqrt(2.0) / 0.01 * wave);
        block->code[2][n] = 2048 + (int32_t)(n & 1);
    }
    return STATUS_OK;
}

static uint64_t rate_of(void *ctx)
{
    const struct fixture *f = ctx;
    return f->told_mhz;
}

static enum status keep(void *ctx, const struct record *record)
{
    struct fixture *f = ctx;
    if (f->answer == STATUS_OK) {
        assert_true(f->count < KEPT);
        f->kept[f->count++] = *record;
    }
    return f->answer;
}

static bool distortion_of(void *ctx, unsigned channel, uint32_t *voltage_ppm, uint32_t *current_ppm)
{
    (void)ctx;
    *voltage_ppm = 21000;
    *current_ppm = 300000;
    return channel == 0;
}

static int power_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    *state = &f;
    f.share = 1.0;
    f.rate_hz = RATE;
    f.told_mhz = 1000u * RATE;
    f.wiring = wiring_of_one_voltage(2, 0.35, 0.01);
    f.source = (struct adc_source){ .input_count = INPUTS,
                                    .code_max = 4095,
                                    .read = read_mains,
                                    .frame_rate_mhz = rate_of,
                                    .ctx = &f };
    f.clock = (struct clock){ now_of, utc_of, &f };
    f.sink = (struct record_sink){ keep, &f };
    f.distortion = (struct quality_distortion){ distortion_of, &f };
    const struct sampling_settings sampling = sampling_settings_default();
    const struct snapshot_source snapshot = { .rate_mhz = 1000u * RATE,
                                              .input_count = INPUTS,
                                              .code_max = 4095 };
    const struct quality_task_parts parts = { .wiring = &f.wiring,
                                              .half_cycles = &f.ring,
                                              .snapshot = &f.snapshot,
                                              .sink = &f.sink,
                                              .clock = &f.clock,
                                              .distortion = &f.distortion,
                                              .record = &f.record,
                                              .rate_hz = RATE };
    struct quality_task_settings settings = quality_task_settings_default();
    settings.snapshots_per_hour = 2;
    return ring_init(&f.windows, f.window_slots, sizeof f.window_slots[0], WINDOWS) ||
           ring_init(&f.ring, f.slots, sizeof f.slots[0], HALF_CYCLES_RECORDS) ||
           sampling_task_init(&f.sampling, &f.source, &f.wiring, &f.windows, &sampling) ||
           half_cycles_init(&f.half_cycles, &f.wiring, &f.ring, 1000u * RATE, 50.0) ||
           snapshot_init(&f.snapshot, f.store, (size_t)INPUTS * 1024, &snapshot) ||
           sampling_task_add_tap(&f.sampling, half_cycles_tap(&f.half_cycles)) ||
           sampling_task_add_tap(&f.sampling, snapshot_tap(&f.snapshot)) ||
           quality_task_init(&f.task, &parts, &settings);
}

/// What the processing task would tell of a window; its quantities are those of the signal.
static void tell_window(struct fixture *f, const struct cycle_window *window)
{
    const struct window_watcher *watcher = quality_task_watcher(&f->task);
    struct window_report report = { .ended_us = window->ended_us,
                                    .seconds = cycle_sums_length(&window->sums) / window->rate_hz,
                                    .rate_hz = window->rate_hz,
                                    .cycles = window->cycles,
                                    .whole = window->whole,
                                    .quality = window->quality,
                                    .channels = 0x03 };
    report.channel[0].voltage_v = 230.0 * f->share;
    report.channel[0].current_a = 5.0 * f->share;
    report.channel[1].voltage_v = 230.0 * f->share;
    watcher->window(watcher->ctx, &report);
}

static enum status run(struct fixture *f, double seconds)
{
    enum status status = STATUS_OK;
    for (unsigned n = 0; n < (unsigned)(seconds * f->rate_hz / BLOCK + 0.5); n++) {
        assert_int_equal(sampling_task_step(&f->sampling, now_of(f) + 10000), STATUS_OK);
        status = quality_task_step(&f->task, now_of(f));
        const struct cycle_window *window = NULL;
        while ((window = ring_peek(&f->windows)) != NULL) {
            tell_window(f, window);
            ring_release(&f->windows);
        }
    }
    return status;
}

static void dip(struct fixture *f, double share, double seconds)
{
    f->share = share;
    (void)run(f, seconds);
    f->share = 1.0;
}

static unsigned count_of(const struct fixture *f, unsigned kind)
{
    unsigned count = 0;
    for (unsigned n = 0; n < f->count; n++) {
        count += f->kept[n].kind == kind;
    }
    return count;
}

static const struct record *first_of(const struct fixture *f, unsigned kind)
{
    for (unsigned n = 0; n < f->count; n++) {
        if (f->kept[n].kind == kind) {
            return &f->kept[n];
        }
    }
    fail_msg("no record of kind %u", kind);
    return NULL;
}

static void commits_an_event_with_its_waveform(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, 1.0), STATUS_OK);
    dip(f, 0.6, 0.1);
    assert_int_equal(run(f, 1.0), STATUS_OK);
    const struct power_event *event = &first_of(f, RECORD_KIND_EVENT)->event;
    assert_int_equal(count_of(f, RECORD_KIND_EVENT), 1);
    assert_in_range(event->started_us, 990000, 1010000);
    assert_in_range(event->duration_us, 90000, 110000);
    assert_in_range(event->extreme_10mv, 13754, 13846);
    // Two signals: the voltage once, and the one current that is connected.
    assert_int_equal(count_of(f, RECORD_KIND_WAVEFORM), 8);
    uint64_t next_us = 0;
    unsigned samples[SIGNAL_KIND_COUNT] = { 0, 0 };
    double worst[SIGNAL_KIND_COUNT] = { 0.0, 0.0 };
    for (unsigned n = 0; n < f->count; n++) {
        if (f->kept[n].kind != RECORD_KIND_WAVEFORM) {
            continue;
        }
        const struct waveform_chunk *chunk = &f->kept[n].waveform;
        const unsigned signal = chunk->signal;
        assert_int_equal(chunk->event_id, event->id);
        assert_int_equal(chunk->channel, 0);
        assert_true(samples[signal] == 0 ||
                    (chunk->started_us >= next_us && chunk->started_us <= next_us + 1));
        for (unsigned k = 0; k < chunk->count; k++) {
            const double t = (double)chunk->started_us * 1e-6 + k * 300e-6;
            if (fabs(t - 1.0) < 4e-4 || fabs(t - 1.1) < 4e-4) {
                continue; // The step itself.
            }
            const double peak = (signal == SIGNAL_VOLTAGE ? 230.0 : 5.0) * sqrt(2.0);
            const double truth = (t > 1.0 && t < 1.1 ? 0.6 : 1.0) * peak * sin(TURN * 50.0 * t);
            const double value = chunk->sample[k] * (double)chunk->unit_per_1e6 * 1e-6;
            worst[signal] = fmax(worst[signal], fabs(value - truth) / peak);
        }
        samples[signal] += chunk->count;
        next_us = chunk->started_us + chunk->count * 300u;
    }
    print_message(
        "waveform: %u samples, voltage within %.2f %%, current within %.2f %% of the peak\n",
        samples[0], 100.0 * worst[0], 100.0 * worst[1]);
    assert_in_range(samples[SIGNAL_VOLTAGE], 660, 670);
    assert_int_equal(samples[SIGNAL_CURRENT], samples[SIGNAL_VOLTAGE]);
    assert_true(worst[SIGNAL_VOLTAGE] < 0.005 && worst[SIGNAL_CURRENT] < 0.005);

    const struct window_watcher *watcher = quality_task_watcher(&f->task);
    assert_true(watcher->disturbed(watcher->ctx, 800000, 1005000));
    assert_false(watcher->disturbed(watcher->ctx, 800000, 990000));
    assert_false(watcher->disturbed(watcher->ctx, 1110000, 2000000));
}

static void flags_only_the_interval_that_was_touched(void **state)
{
    struct fixture *f = *state;
    (void)run(f, 1.93);
    dip(f, 0.5, 0.05); // Over before the tick at 2 s, within a window that ends after it.
    (void)run(f, 3.0);
    assert_int_equal(quality_task_flush(&f->task, now_of(f)), STATUS_OK);
    unsigned seen = 0;
    for (unsigned n = 0; n < f->count; n++) {
        const struct metering_interval *interval = &f->kept[n].interval;
        if (f->kept[n].kind != RECORD_KIND_INTERVAL || interval->kind != INTERVAL_QUALITY_10MIN) {
            continue;
        }
        assert_int_equal(interval->flags, INTERVAL_SHORT | (seen == 0 ? INTERVAL_FLAGGED : 0));
        assert_int_equal(interval->channel[0].voltage_distortion_ppm, 21000);
        assert_int_equal(interval->channel[1].voltage_distortion_ppm, 0);
        assert_in_range(interval->channel[0].voltage_low_10mv, seen == 0 ? 11400 : 22900,
                        seen == 0 ? 11600 : 23000);
        assert_int_equal(interval->channel[1].voltage_low_10mv,
                         interval->channel[0].voltage_low_10mv);
        seen++;
    }
    assert_int_equal(seen, 2);
    assert_in_range(first_of(f, RECORD_KIND_INTERVAL)->interval.uptime_ms, 1999, 2001);
}

static void offers_again_what_the_sink_refused(void **state)
{
    struct fixture *f = *state;
    (void)run(f, 1.0);
    f->answer = STATUS_IO;
    dip(f, 0.6, 0.1);
    assert_int_equal(run(f, 0.5), STATUS_IO);
    dip(f, 1.3, 0.1);
    assert_int_equal(run(f, 0.5), STATUS_IO);
    assert_int_equal(f->count, 0);
    assert_int_equal(f->task.counters.dropped_snapshots, 1); // The first was still being taken.
    f->answer = STATUS_OK;
    assert_int_equal(run(f, 0.5), STATUS_OK);
    assert_int_equal(count_of(f, RECORD_KIND_EVENT), 2);
    assert_int_equal(count_of(f, RECORD_KIND_WAVEFORM), 8);
    assert_int_equal(f->kept[0].event.kind, POWER_EVENT_DIP);
    assert_int_equal(f->kept[1].event.kind, POWER_EVENT_SWELL);
    assert_true(f->task.counters.refused > 0);
}

static void drops_and_counts_events_beyond_its_limit(void **state)
{
    struct fixture *f = *state;
    (void)run(f, 1.0);
    f->answer = STATUS_FULL;
    for (unsigned n = 0; n < QUALITY_TASK_EVENTS + 3; n++) {
        dip(f, 0.6, 0.06);
        (void)run(f, 0.1);
    }
    f->answer = STATUS_OK;
    assert_int_equal(run(f, 0.5), STATUS_OK);
    assert_int_equal(count_of(f, RECORD_KIND_EVENT), QUALITY_TASK_EVENTS);
    assert_int_equal(f->task.counters.events, QUALITY_TASK_EVENTS + 3);
    assert_int_equal(f->task.counters.dropped_events, 3);
}

/// A converter that is 0.3 % faster than it says, until it has been measured: half a minute without
/// a crossing is told by what the rate is, and so is the waveform.
static void follows_a_rate_that_is_measured_late(void **state)
{
    struct fixture *f = *state;
    f->rate_hz = 1.003 * RATE;
    (void)run(f, 3.0);
    f->told_mhz = UINT64_C(1003) * RATE;
    (void)run(f, 3.0);
    const uint64_t began_us = now_of(f);
    dip(f, 0.0, 30.0);
    const uint64_t ended_us = now_of(f);
    (void)run(f, 1.0);
    assert_int_equal(count_of(f, RECORD_KIND_EVENT), 2); // A dip around an interruption.
    for (unsigned n = 0; n < f->count; n++) {
        const struct power_event *event = &f->kept[n].event;
        if (f->kept[n].kind == RECORD_KIND_EVENT) {
            assert_in_range(event->started_us, began_us - 10000, began_us + 10000);
            assert_in_range(event->duration_us, ended_us - began_us - 10000,
                            ended_us - began_us + 10000);
        }
    }
    const struct waveform_chunk *chunk = &first_of(f, RECORD_KIND_WAVEFORM)->waveform;
    assert_int_equal(chunk->interval_ns, 299103); // Of three frames.
}

static void takes_no_more_waveforms_than_its_budget(void **state)
{
    struct fixture *f = *state;
    (void)run(f, 1.0);
    for (unsigned n = 0; n < 5; n++) {
        dip(f, 0.6, 0.06);
        (void)run(f, 0.6);
    }
    assert_int_equal(count_of(f, RECORD_KIND_EVENT), 5);
    assert_int_equal(count_of(f, RECORD_KIND_WAVEFORM), 2 * 8);
    assert_int_equal(f->task.counters.snapshots, 2);
    assert_int_equal(f->task.counters.dropped_snapshots, 3);
}

static void finds_events_in_half_cycles_that_grew_together(void **state)
{
    struct fixture *f = *state;
    (void)run(f, 1.0);
    f->share = 0.6;
    for (unsigned n = 0; n < 200; n++) { // 2 s without a step: the ring has room for 1.28 s.
        assert_int_equal(sampling_task_step(&f->sampling, now_of(f) + 10000), STATUS_OK);
        while (ring_peek(&f->windows) != NULL) {
            ring_release(&f->windows);
        }
    }
    f->share = 1.0;
    (void)run(f, 0.5);
    assert_true(f->task.counters.merged > 0);
    assert_int_equal(count_of(f, RECORD_KIND_EVENT), 1);
    const struct power_event *event = &first_of(f, RECORD_KIND_EVENT)->event;
    assert_true((event->quality & READING_QUALITY_MERGED) != 0);
    assert_in_range(event->duration_us, 1990000, 2010000);
}

static void lets_windows_wait_for_their_half_cycles(void **state)
{
    struct fixture *f = *state;
    (void)run(f, 1.0);
    assert_int_equal(quality_task_flush(&f->task, now_of(f)), STATUS_OK);
    const uint64_t known_us = f->task.quality.known_us;
    const struct window_watcher *watcher = quality_task_watcher(&f->task);
    const struct window_report report = { .ended_us = known_us - POWER_QUALITY_VERDICT_US + 1,
                                          .seconds = 0.2,
                                          .channels = 0x03 };
    watcher->window(watcher->ctx, &report);
    assert_int_equal(quality_task_step(&f->task, now_of(f)), STATUS_OK);
    assert_int_equal(f->task.windows, 1);
    const struct half_cycle later = { .ended_us = known_us + 1, .quality = READING_QUALITY_GAP };
    *(struct half_cycle *)ring_claim(&f->ring) = later;
    ring_publish(&f->ring);
    assert_int_equal(quality_task_step(&f->task, now_of(f)), STATUS_OK);
    assert_int_equal(f->task.windows, 0);
    // Without half cycles they do not wait for ever.
    for (unsigned n = 0; n < QUALITY_TASK_WINDOWS + 2; n++) {
        watcher->window(watcher->ctx, &report);
    }
    assert_int_equal(f->task.windows, QUALITY_TASK_WINDOWS);
}

static void follows_a_calibrated_scale(void **state)
{
    struct fixture *f = *state;
    quality_task_scale(&f->task, 0, -0.35 * 0.85);
    quality_task_scale(&f->task, ADC_INPUT_LIMIT, 1.0);
    (void)run(f, 1.0); // 230 V that are 195.5 V.
    const struct window_watcher *watcher = quality_task_watcher(&f->task);
    assert_true(watcher->disturbed(watcher->ctx, 500000, 900000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(commits_an_event_with_its_waveform, power_up),
        cmocka_unit_test_setup(flags_only_the_interval_that_was_touched, power_up),
        cmocka_unit_test_setup(offers_again_what_the_sink_refused, power_up),
        cmocka_unit_test_setup(drops_and_counts_events_beyond_its_limit, power_up),
        cmocka_unit_test_setup(follows_a_rate_that_is_measured_late, power_up),
        cmocka_unit_test_setup(takes_no_more_waveforms_than_its_budget, power_up),
        cmocka_unit_test_setup(finds_events_in_half_cycles_that_grew_together, power_up),
        cmocka_unit_test_setup(lets_windows_wait_for_their_half_cycles, power_up),
        cmocka_unit_test_setup(follows_a_calibrated_scale, power_up),
    };
    return cmocka_run_group_tests_name("quality_task", tests, NULL, NULL);
}
