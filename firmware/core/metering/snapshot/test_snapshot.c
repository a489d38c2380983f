// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot.h"

enum { RATE = 10000, INPUTS = 9, CYCLE = 200, MIDDLE = 2048, PEAK = 1000 };

static const double TURN = 6.283185307179586;

struct fixture {
    int16_t store[SNAPSHOT_SAMPLES];
    struct snapshot snapshot;
    struct adc_block block;
    uint32_t frame;
};

static int power_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    const struct snapshot_source source = { .rate_mhz = 1000u * RATE,
                                            .input_count = INPUTS,
                                            .code_max = 4095 };
    *state = &f;
    return snapshot_init(&f.snapshot, f.store, SNAPSHOT_SAMPLES, &source) == STATUS_OK ? 0 : -1;
}

/// Input n has n + 1 tenths of the full amplitude, and an offset of its own.
static double code_at(unsigned input, double frame)
{
    return MIDDLE + 10.0 * input + PEAK * (input + 1) * 0.1 * sin(TURN * frame / CYCLE);
}

static void feed(struct fixture *f, uint32_t count)
{
    const struct frame_tap *tap = snapshot_tap(&f->snapshot);
    while (count > 0) {
        const uint32_t run = count < 100 ? count : 100;
        for (uint32_t n = 0; n < run; n++, f->frame++) {
            for (unsigned input = 0; input < INPUTS; input++) {
                f->block.code[input][n] = (int32_t)lround(code_at(input, f->frame));
            }
        }
        tap->frames(tap->ctx, &f->block, 0, run);
        count -= run;
    }
}

static void gap(struct fixture *f, uint32_t lost)
{
    const struct frame_tap *tap = snapshot_tap(&f->snapshot);
    tap->gap(tap->ctx, lost);
    f->frame += lost;
}

/// Frame n is at uptime 1 s + n / RATE.
static uint64_t uptime_of(uint32_t frame)
{
    return 1000000u + (uint64_t)frame * 1000000u / RATE;
}

static enum status ask(struct fixture *f, uint32_t frame)
{
    const struct snapshot_event event = { frame, uptime_of(frame), CYCLE, RATE };
    return snapshot_ask(&f->snapshot, &event);
}

static void takes_two_cycles_before_and_eight_after(void **state)
{
    struct fixture *f = *state;
    struct snapshot_view view;
    struct waveform_chunk chunk;
    feed(f, 5000);
    assert_false(snapshot_ready(&f->snapshot, &view));
    assert_int_equal(ask(f, 4700), STATUS_OK);
    assert_int_equal(ask(f, 4700), STATUS_BUSY);
    feed(f, 1290);
    assert_false(snapshot_ready(&f->snapshot, &view));
    feed(f, 2000);
    assert_true(snapshot_ready(&f->snapshot, &view));
    assert_int_equal(view.interval_ns, 300000);
    assert_in_range(view.count, 666, 668); // 10 cycles at 3333 Hz.
    assert_in_range(view.started_us, uptime_of(4298), uptime_of(4302));
    double worst = 0.0;
    unsigned samples = 0;
    for (uint32_t from = 0; snapshot_chunk(&f->snapshot, &view, 3, -0.03, from, &chunk);
         from += chunk.count) {
        assert_int_equal(chunk.started_us, view.started_us + (uint64_t)from * 300);
        for (unsigned n = 0; n < chunk.count; n++) {
            const double frame = ((double)chunk.started_us - 1e6) * RATE * 1e-6 + 3.0 * n;
            const double truth = -0.03 * (code_at(3, frame) - MIDDLE - 30.0);
            worst = fmax(worst, fabs(chunk.sample[n] * (chunk.unit_per_1e6 * 1e-6) - truth));
            samples++;
        }
        for (unsigned n = chunk.count; n < WAVEFORM_CHUNK_SAMPLES; n++) {
            assert_int_equal(chunk.sample[n], 0);
        }
    }
    print_message("%u samples of 10 cycles, worst off by %.3f of 12 A peak\n", samples, worst);
    assert_int_equal(samples, view.count);
    assert_true(worst < 0.06); // Two codes: rounding and the mean of three frames.
    assert_true(fabs(snapshot_rms(&f->snapshot, &view, 3) - 400.0 / sqrt(2.0)) < 2.0);
}

static void begins_anew_once_it_is_released(void **state)
{
    struct fixture *f = *state;
    struct snapshot_view view;
    feed(f, 5000);
    assert_int_equal(ask(f, 4900), STATUS_OK);
    feed(f, 3000);
    assert_true(snapshot_ready(&f->snapshot, &view));
    snapshot_release(&f->snapshot);
    assert_false(snapshot_ready(&f->snapshot, &view));
    feed(f, 1000);
    // What came before the release does not follow on: the snapshot begins after it.
    assert_int_equal(ask(f, 8200), STATUS_OK);
    feed(f, 1000);
    assert_true(snapshot_ready(&f->snapshot, &view));
    assert_in_range(view.started_us, uptime_of(8000), uptime_of(8003));
    assert_in_range(view.count, 598, 601);
}

static void ends_at_a_gap(void **state)
{
    struct fixture *f = *state;
    struct snapshot_view view;
    feed(f, 5000);
    assert_int_equal(ask(f, 4900), STATUS_OK);
    feed(f, 100);
    gap(f, 77);
    feed(f, 5000);
    assert_true(snapshot_ready(&f->snapshot, &view));
    assert_in_range(view.count, 198, 201);
    assert_in_range(view.started_us, uptime_of(4498), uptime_of(4502));
    snapshot_release(&f->snapshot);
    feed(f, 900);
    gap(f, 10);
    feed(f, 300);
    assert_int_equal(ask(f, f->frame), STATUS_OK);
    feed(f, 3000);
    assert_true(snapshot_ready(&f->snapshot, &view));
    assert_in_range(view.count, 99 + 532, 101 + 535); // From the gap on.
}

/// A converter that is 0.3 % faster than it says at the start, until it has been measured.
static void tells_its_times_by_the_rate_of_the_event(void **state)
{
    struct fixture *f = *state;
    struct snapshot_event event = { 4700, 1000000, CYCLE, 1.003 * RATE };
    struct snapshot_view view;
    feed(f, 5000);
    assert_int_equal(snapshot_ask(&f->snapshot, &event), STATUS_OK);
    feed(f, 3000);
    assert_true(snapshot_ready(&f->snapshot, &view));
    assert_int_equal(view.interval_ns, 299103); // Of three frames.
    const double start = 1e6 - 400.0 * 1e6 / (1.003 * RATE);
    assert_true(fabs((double)view.started_us - start) < 301.0);
    snapshot_release(&f->snapshot);
    event.rate_hz = 0.0;
    assert_int_equal(snapshot_ask(&f->snapshot, &event), STATUS_INVALID);
    event.rate_hz = RATE;
    event.cycle_frames = 0;
    assert_int_equal(snapshot_ask(&f->snapshot, &event), STATUS_INVALID);
}

static void keeps_what_a_small_ring_can_hold(void **state)
{
    struct fixture *f = *state;
    struct snapshot_view view;
    const struct snapshot_source source = { .rate_mhz = 1000u * RATE,
                                            .input_count = INPUTS,
                                            .code_max = 4095 };
    assert_int_equal(snapshot_init(&f->snapshot, f->store, (size_t)INPUTS * 300, &source),
                     STATUS_OK);
    feed(f, 5000);
    assert_int_equal(ask(f, 4900), STATUS_OK);
    feed(f, 3000);
    assert_true(snapshot_ready(&f->snapshot, &view));
    assert_in_range(view.started_us, uptime_of(4497), uptime_of(4503));
    assert_in_range(view.count, 297, 300);
}

static void scales_wide_codes_down(void **state)
{
    struct fixture *f = *state;
    const struct snapshot_source wide = {
        .rate_mhz = 8000000, .input_count = 1, .code_min = -8388608, .code_max = 8388607
    };
    const struct snapshot_event event = { 6400, 1000, 160, 8000.0 };
    struct snapshot_view view;
    struct waveform_chunk chunk;
    assert_int_equal(snapshot_init(&f->snapshot, f->store, SNAPSHOT_SAMPLES, &wide), STATUS_OK);
    const struct frame_tap *tap = snapshot_tap(&f->snapshot);
    for (unsigned n = 0; n < 100; n++) {
        for (unsigned k = 0; k < ADC_FRAME_LIMIT; k++) {
            f->block.code[0][k] = n < 50 ? 0 : k % 4 < 2 ? INT32_MAX : 8000000;
        }
        tap->frames(tap->ctx, &f->block, 0, ADC_FRAME_LIMIT);
        if (n == 50) {
            assert_int_equal(snapshot_ask(&f->snapshot, &event), STATUS_OK);
        }
    }
    assert_true(snapshot_ready(&f->snapshot, &view));
    assert_true(snapshot_chunk(&f->snapshot, &view, 0, 1e-5, 190, &chunk));
    assert_int_equal(chunk.unit_per_1e6, 2560);
    assert_int_equal(chunk.sample[100], 32767);
    assert_false(snapshot_chunk(&f->snapshot, &view, 0, 1e-5, view.count, &chunk));
    assert_false(snapshot_chunk(&f->snapshot, &view, 1, 1e-5, 0, &chunk));
}

static void refuses_what_does_not_fit(void **state)
{
    struct fixture *f = *state;
    struct snapshot_source source = { .rate_mhz = 10000000, .input_count = 2, .code_max = 4095 };
    assert_int_equal(snapshot_init(&f->snapshot, f->store, 127, &source), STATUS_INVALID);
    source.code_min = 4095;
    assert_int_equal(snapshot_init(&f->snapshot, f->store, 1000, &source), STATUS_INVALID);
    source.code_min = 0;
    source.input_count = 0;
    assert_int_equal(snapshot_init(&f->snapshot, f->store, 1000, &source), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_two_cycles_before_and_eight_after, power_up),
        cmocka_unit_test_setup(begins_anew_once_it_is_released, power_up),
        cmocka_unit_test_setup(ends_at_a_gap, power_up),
        cmocka_unit_test_setup(tells_its_times_by_the_rate_of_the_event, power_up),
        cmocka_unit_test_setup(keeps_what_a_small_ring_can_hold, power_up),
        cmocka_unit_test_setup(scales_wide_codes_down, power_up),
        cmocka_unit_test_setup(refuses_what_does_not_fit, power_up),
    };
    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
