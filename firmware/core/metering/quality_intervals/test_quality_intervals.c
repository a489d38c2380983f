// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quality_intervals.h"

enum { MOST_CLOSED = 64, MOST_WINDOWS = 80000 };

static const int64_t TEN_MINUTES_MS = 600000;
static const int64_t NOON_MS =
    1780000200000; // A tick of 10 minutes in 2026; 10 min after one of 2 h.

/// One window, with the lowest cycle in it.
struct taken {
    uint64_t ended_us;
    double seconds;
    double low_v;
    struct window_report_channel channel;
};

struct fixture {
    struct quality_intervals intervals;
    struct quality_intervals_port port;
    struct metering_interval closed[MOST_CLOSED];
    unsigned count;
    uint64_t event_from_us;
    uint64_t event_to_us;
    uint64_t now_us;
    int64_t utc_ms; ///< At `now_us`.
    bool utc_known;
    double volts;
    struct taken window[MOST_WINDOWS]; ///< All that were taken.
    unsigned windows;
    uint32_t dice;
};

static void keep(void *ctx, const struct metering_interval *interval)
{
    struct fixture *f = ctx;
    assert_true(f->count < MOST_CLOSED);
    f->closed[f->count++] = *interval;
}

static bool disturbed(void *ctx, uint64_t from_us, uint64_t to_us)
{
    const struct fixture *f = ctx;
    return f->event_from_us < to_us && from_us < f->event_to_us;
}

static int power_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.port = (struct quality_intervals_port){ keep, disturbed, &f };
    f.utc_known = true;
    f.utc_ms = NOON_MS;
    f.volts = 230.0;
    f.dice = 3;
    quality_intervals_init(&f.intervals, &f.port);
    *state = &f;
    return 0;
}

static double random_of(struct fixture *f, double from, double to)
{
    f->dice = f->dice * 1664525u + 1013904223u;
    return from + (to - from) * (f->dice >> 8) / 16777216.0;
}

/// One window of about 200 ms with random values; its ten cycles come before it.
static void put_window(struct fixture *f)
{
    const uint64_t length_us = (uint64_t)random_of(f, 199800.0, 200200.0);
    struct window_report report = {
        .seconds = (double)length_us * 1e-6, .cycles = 10, .whole = true, .channels = 0x01
    };
    f->now_us += length_us;
    f->utc_ms += (int64_t)((f->now_us / 1000u) - (f->now_us - length_us) / 1000u);
    report.ended_us = f->now_us;
    report.frequency_hz = 10.0 / report.seconds;
    report.channel[0].voltage_v = f->volts * random_of(f, 0.99, 1.01);
    report.channel[0].current_a = random_of(f, 0.0, 20.0);
    report.channel[0].active_w = random_of(f, -2000.0, 4000.0);
    report.channel[0].reactive_var = random_of(f, -500.0, 500.0);
    report.channel[0].import_mj = (int64_t)random_of(f, 0.0, 800000.0);
    const double low_v = f->volts * random_of(f, 0.95, 0.98);
    quality_intervals_cycle(&f->intervals, 0, low_v, f->now_us - length_us / 2);
    quality_intervals_window(&f->intervals, &report, f->utc_known, f->utc_ms);
    if (f->windows < MOST_WINDOWS) {
        f->window[f->windows++] =
            (struct taken){ report.ended_us, report.seconds, low_v, report.channel[0] };
    }
}

static void run(struct fixture *f, double seconds)
{
    const uint64_t until_us = f->now_us + (uint64_t)(seconds * 1e6);
    while (f->now_us < until_us) {
        put_window(f);
    }
}

static const struct metering_interval *nth(const struct fixture *f, unsigned kind, unsigned n)
{
    for (unsigned k = 0; k < f->count; k++) {
        if (f->closed[k].kind == kind && n-- == 0) {
            return &f->closed[k];
        }
    }
    fail_msg("too few intervals of kind %u", kind);
    return NULL;
}

/// Compares an interval with the windows that end within it, computed anew.
static void assert_exact(const struct fixture *f, const struct metering_interval *interval)
{
    const uint64_t to_us = (uint64_t)interval->uptime_ms * 1000u + 999u;
    const uint64_t from_us = to_us - (uint64_t)interval->length_ms * 1000u;
    long double seconds = 0.0L;
    long double square = 0.0L;
    long double active = 0.0L;
    double highest_a = 0.0;
    double lowest_v = 1e9;
    int64_t import_mj = 0;
    unsigned count = 0;
    for (unsigned n = 0; n < f->windows; n++) {
        const struct taken *w = &f->window[n];
        if (w->ended_us <= from_us || w->ended_us > to_us) {
            continue;
        }
        const long double v = (long double)w->channel.voltage_v;
        const long double s = (long double)w->seconds;
        seconds += s;
        square += v * v * s;
        active += (long double)w->channel.active_w * s;
        highest_a = fmax(highest_a, w->channel.current_a);
        import_mj += w->channel.import_mj;
        // The middle of the first window may lie before the interval.
        if (w->ended_us - 100000 > from_us) {
            lowest_v = fmin(lowest_v, w->low_v);
        }
        count++;
    }
    assert_true(count > 100);
    const struct interval_channel *channel = &interval->channel[0];
    assert_int_equal(interval->measured_ms, llroundl(seconds * 1000.0L));
    assert_int_equal(channel->voltage_10mv, llroundl(100.0L * sqrtl(square / seconds)));
    assert_int_equal(channel->active_power_10mw, llroundl(100.0L * active / seconds));
    assert_int_equal(channel->current_high_100ua, llround(1e4 * highest_a));
    assert_int_equal(channel->import_mj, import_mj);
    assert_in_range(channel->voltage_low_10mv, (uint64_t)(lowest_v * 100.0) - 20,
                    (uint64_t)(lowest_v * 100.0) + 1);
    assert_int_equal(interval->frequency_mhz, llroundl(1000.0L * 10 * count / seconds));
}

static void aggregates_exactly_and_ends_on_the_ticks(void **state)
{
    struct fixture *f = *state;
    f->utc_ms += 123457; // Two minutes into an interval.
    const int64_t boot_ms = f->utc_ms;
    run(f, 2.0 * 7200.0 + 100.0);
    const struct metering_interval *first = nth(f, INTERVAL_QUALITY_10MIN, 0);
    assert_int_equal(first->flags, INTERVAL_SHORT);
    assert_int_equal(boot_ms + (int64_t)first->uptime_ms, NOON_MS + TEN_MINUTES_MS);
    assert_exact(f, first);
    for (unsigned n = 1; n < 23; n++) {
        const struct metering_interval *interval = nth(f, INTERVAL_QUALITY_10MIN, n);
        assert_int_equal(interval->flags, 0);
        assert_int_equal(interval->quality, 0);
        assert_int_equal((boot_ms + (int64_t)interval->uptime_ms) % TEN_MINUTES_MS, 0);
        assert_int_equal(interval->length_ms, TEN_MINUTES_MS);
        assert_in_range(interval->frequency_low_mhz, 49900, interval->frequency_mhz);
        assert_in_range(interval->frequency_high_mhz, interval->frequency_mhz, 50100);
        assert_exact(f, interval);
    }
    const struct metering_interval *hours = nth(f, INTERVAL_QUALITY_2H, 1);
    assert_int_equal(hours->flags, 0);
    assert_int_equal(hours->length_ms, 7200000);
    assert_int_equal((boot_ms + (int64_t)hours->uptime_ms) % 7200000, 0);
    assert_exact(f, hours);
    assert_int_equal(f->intervals.three_seconds.windows, 15);
}

static void aligns_to_uptime_until_the_time_is_known(void **state)
{
    struct fixture *f = *state;
    f->utc_known = false;
    run(f, 1300.0);
    const struct metering_interval *boot = nth(f, INTERVAL_QUALITY_10MIN, 0);
    assert_int_equal(boot->uptime_ms, 600000);
    assert_int_equal(boot->flags, INTERVAL_UNALIGNED);
    f->utc_known = true;
    f->utc_ms = NOON_MS + 200000;
    const uint64_t set_us = f->now_us;
    run(f, 1100.0);
    const struct metering_interval *before = nth(f, INTERVAL_QUALITY_10MIN, 2);
    const struct metering_interval *after = nth(f, INTERVAL_QUALITY_10MIN, 3);
    const struct metering_interval *next = nth(f, INTERVAL_QUALITY_10MIN, 4);
    assert_int_equal(before->flags, INTERVAL_UNALIGNED | INTERVAL_CLOCK_STEP | INTERVAL_SHORT);
    assert_int_equal(before->uptime_ms, set_us / 1000u);
    assert_int_equal(after->flags, INTERVAL_CLOCK_STEP | INTERVAL_SHORT);
    assert_in_range(after->length_ms, 399500, 400500);
    assert_int_equal(next->flags, 0);
    assert_int_equal(next->length_ms, 600000);
    assert_exact(f, next);
}

static void does_not_believe_1970(void **state)
{
    struct fixture *f = *state;
    f->utc_ms = 5000;
    run(f, 700.0);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 0)->flags, INTERVAL_UNALIGNED);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 0)->uptime_ms, 600000);
    f->utc_ms = INT64_MAX;
    f->now_us += 200000;
    const struct window_report report = { .ended_us = f->now_us, .seconds = 0.2 };
    quality_intervals_window(&f->intervals, &report, true, INT64_MAX);
    quality_intervals_window(&f->intervals, &report, true, INT64_MIN);
    assert_int_equal(f->count, 1);
}

static void splits_where_the_clock_is_set_back(void **state)
{
    struct fixture *f = *state;
    run(f, 605.0);
    f->utc_ms -= 10000;
    const uint64_t set_us = f->now_us;
    run(f, 615.0);
    const struct metering_interval *before = nth(f, INTERVAL_QUALITY_10MIN, 1);
    const struct metering_interval *after = nth(f, INTERVAL_QUALITY_10MIN, 2);
    assert_int_equal(before->flags, INTERVAL_CLOCK_STEP | INTERVAL_SHORT);
    assert_int_equal(before->uptime_ms, set_us / 1000u);
    assert_in_range(before->length_ms, 4900, 5300);
    assert_int_equal(after->flags, INTERVAL_CLOCK_STEP | INTERVAL_SHORT);
    assert_in_range(after->length_ms, 4500, 5100);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 3)->flags, 0);
    run(f, 7200.0);
    assert_int_equal(nth(f, INTERVAL_QUALITY_2H, 0)->flags, INTERVAL_CLOCK_STEP | INTERVAL_SHORT);
    assert_int_equal(nth(f, INTERVAL_QUALITY_2H, 1)->flags, INTERVAL_CLOCK_STEP | INTERVAL_SHORT);
}

static void splits_at_a_leap_second_and_not_for_a_clock_that_is_disciplined(void **state)
{
    struct fixture *f = *state;
    for (unsigned n = 0; n < 20; n++) {
        run(f, 29.0);
        f->utc_ms += n % 2 == 0 ? 300 : -290;
    }
    run(f, 30.0);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 0)->flags, 0);
    f->utc_ms -= 1000; // The second that the clock of Unix repeats.
    run(f, 10.0);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 1)->flags,
                     INTERVAL_CLOCK_STEP | INTERVAL_SHORT);
}

static void flags_exactly_the_intervals_that_an_event_touches(void **state)
{
    struct fixture *f = *state;
    // Ticks are at 600, 1200, 1800 s of uptime, to a millisecond; windows straddle them.
    f->event_from_us = 1199990000;
    f->event_to_us = 1199998000;
    run(f, 2000.0);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 0)->flags, 0);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 1)->flags, INTERVAL_FLAGGED);
    assert_true((nth(f, INTERVAL_QUALITY_10MIN, 1)->quality & READING_QUALITY_FLAGGED) != 0);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 2)->flags, 0);

    assert_int_equal(power_up(state), 0);
    f->event_from_us = 1200002000;
    f->event_to_us = 1200010000;
    run(f, 2000.0);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 1)->flags, 0);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 2)->flags, INTERVAL_FLAGGED);

    assert_int_equal(power_up(state), 0);
    f->event_from_us = 599990000;
    f->event_to_us = 1200010000;
    run(f, 2500.0);
    for (unsigned n = 0; n < 4; n++) {
        assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, n)->flags, n < 3 ? INTERVAL_FLAGGED : 0);
    }
    quality_intervals_flush(&f->intervals);
    assert_int_equal(nth(f, INTERVAL_QUALITY_2H, 0)->flags, INTERVAL_FLAGGED | INTERVAL_SHORT);
}

static void puts_cycles_that_run_ahead_into_the_interval_where_they_ended(void **state)
{
    struct fixture *f = *state;
    run(f, 599.0);
    quality_intervals_cycle(&f->intervals, 0, 11.0, 599998000);
    quality_intervals_cycle(&f->intervals, 0, 400.0, 600002000);
    run(f, 700.0);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 0)->channel[0].voltage_low_10mv, 1100);
    assert_true(nth(f, INTERVAL_QUALITY_10MIN, 0)->channel[0].voltage_high_10mv < 24000);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 1)->channel[0].voltage_high_10mv, 40000);
}

static void counts_a_window_that_ends_on_the_tick_to_what_it_ends(void **state)
{
    struct fixture *f = *state;
    for (unsigned n = 1; n <= 6001; n++) {
        struct window_report report = {
            .ended_us = n * 200000u, .seconds = 0.2, .cycles = 10, .whole = true, .channels = 0x01
        };
        report.channel[0].import_mj = 1;
        quality_intervals_window(&f->intervals, &report, true, NOON_MS + n * 200);
    }
    for (unsigned n = 0; n < 2; n++) {
        assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, n)->channel[0].import_mj, 3000);
        assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, n)->measured_ms, 600000);
        assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, n)->flags, 0);
    }
}

static void says_when_little_was_measured(void **state)
{
    struct fixture *f = *state;
    run(f, 300.0);
    f->now_us += 60000000;
    f->utc_ms += 60000;
    run(f, 300.0);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 0)->flags, INTERVAL_SHORT);
    assert_int_equal(nth(f, INTERVAL_QUALITY_10MIN, 0)->length_ms, 600000);
    assert_in_range(nth(f, INTERVAL_QUALITY_10MIN, 0)->measured_ms, 539000, 541000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(aggregates_exactly_and_ends_on_the_ticks, power_up),
        cmocka_unit_test_setup(aligns_to_uptime_until_the_time_is_known, power_up),
        cmocka_unit_test_setup(does_not_believe_1970, power_up),
        cmocka_unit_test_setup(splits_where_the_clock_is_set_back, power_up),
        cmocka_unit_test_setup(splits_at_a_leap_second_and_not_for_a_clock_that_is_disciplined,
                               power_up),
        cmocka_unit_test_setup(flags_exactly_the_intervals_that_an_event_touches, power_up),
        cmocka_unit_test_setup(puts_cycles_that_run_ahead_into_the_interval_where_they_ended,
                               power_up),
        cmocka_unit_test_setup(counts_a_window_that_ends_on_the_tick_to_what_it_ends, power_up),
        cmocka_unit_test_setup(says_when_little_was_measured, power_up),
    };
    return cmocka_run_group_tests_name("quality_intervals", tests, NULL, NULL);
}
