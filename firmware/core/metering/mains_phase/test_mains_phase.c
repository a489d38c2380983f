// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mains_phase.h"

static const double TURN = 6.283185307179586;

/// A mains voltage that a test bends to its will.
struct mains {
    double rate_hz;
    double frequency_hz;
    double ramp_hz_s; ///< How fast the frequency moves.
    double amplitude; ///< In codes.
    double offset;    ///< In codes.
    double third;     ///< Harmonics, relative to the fundamental.
    double fifth;
    double eleventh;
    double noise; ///< Peak, in codes.
    double turns; ///< Phase so far.
    uint32_t seed;
};

static double random_unit(struct mains *mains)
{
    mains->seed = mains->seed * 1664525u + 1013904223u;
    return (double)mains->seed / 2147483648.0 - 1.0;
}

static int32_t next_code(struct mains *mains)
{
    const double angle = TURN * mains->turns;
    mains->turns += mains->frequency_hz / mains->rate_hz;
    mains->frequency_hz += mains->ramp_hz_s / mains->rate_hz;
    const double shape = sin(angle) + mains->third * sin(3 * angle + 0.4) +
                         mains->fifth * sin(5 * angle + 2.0) +
                         mains->eleventh * sin(11 * angle + 1.0);
    return (int32_t)lround(mains->amplitude * shape + mains->offset +
                           mains->noise * random_unit(mains));
}

struct outcome {
    uint32_t boundaries;
    uint32_t jumps;
    double first_at;
    double last_at;
};

static struct mains plain(void)
{
    return (struct mains){ .rate_hz = 10000.0,
                           .frequency_hz = 50.0,
                           .amplitude = 1500.0,
                           .offset = 2048.0,
                           .turns = 0.13,
                           .seed = 7 };
}

static struct outcome listen(struct mains_phase *phase, struct mains *mains, uint32_t frames)
{
    struct outcome outcome = { .boundaries = 0 };
    int32_t codes[100];
    for (uint32_t start = 0; start < frames; start += 100) {
        for (uint32_t n = 0; n < 100; n++) {
            codes[n] = next_code(mains);
        }
        uint32_t used = 0;
        struct mains_phase_boundary boundary;
        while (mains_phase_feed(phase, codes + used, 100 - used, &boundary)) {
            assert_true(boundary.fraction >= 0.0 && boundary.fraction < 1.0);
            const double at = start + used + boundary.frame - 1.0 + boundary.fraction;
            outcome.first_at = outcome.boundaries == 0 ? at : outcome.first_at;
            outcome.last_at = at;
            outcome.boundaries++;
            outcome.jumps += boundary.jumped;
            used += boundary.frame + 1;
        }
    }
    return outcome;
}

/// Listens for `cycles` cycles or so and returns the error of the frequency in millihertz.
static double error_mhz(struct mains mains, uint32_t frames, struct outcome *outcome)
{
    struct mains_phase phase;
    assert_int_equal(mains_phase_init(&phase, (uint64_t)llround(mains.rate_hz * 1000.0), 100.0),
                     STATUS_OK);
    *outcome = listen(&phase, &mains, frames);
    assert_true(outcome->boundaries > 1);
    const double measured =
        (outcome->boundaries - 1) * mains.rate_hz / (outcome->last_at - outcome->first_at);
    return 1000.0 * fabs(measured - mains.frequency_hz);
}

static void finds_the_frequency_within_a_millihertz_at_any_rate(void **state)
{
    (void)state;
    static const double rates[] = { 2000.0, 6400.0, 8000.0, 9953.7, 10000.0, 50000.0, 100000.0 };
    for (unsigned n = 0; n < sizeof rates / sizeof rates[0]; n++) {
        for (unsigned k = 0; k < 13; k++) {
            const double frequency = 40.0 + 2.5 * k;
            struct mains mains = plain();
            struct outcome outcome;
            mains.rate_hz = rates[n];
            mains.frequency_hz = frequency;
            const double error = error_mhz(mains, (uint32_t)(rates[n] * 0.4), &outcome);
            if (error > 1.0 || outcome.jumps > 0) {
                fail_msg("%.1f Hz at %.0f S/s: %.3f mHz off, %u jumps", frequency, rates[n], error,
                         (unsigned)outcome.jumps);
            }
        }
    }
}

static void is_not_fooled_by_harmonics_noise_or_an_offset(void **state)
{
    (void)state;
    struct mains mains = plain();
    struct outcome outcome;
    mains.third = 0.12;
    mains.fifth = 0.12;
    mains.eleventh = 0.1;
    mains.noise = 8.0;
    mains.offset = 2600.0;
    const double error = error_mhz(mains, 10000, &outcome);
    assert_true(error < 1.0);
    assert_int_equal(outcome.jumps, 0);
    assert_in_range(outcome.boundaries, 49, 50);
}

static void loses_less_than_a_cycle_before_the_first_boundary(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 20; n++) {
        const double turns = 0.05 * n;
        struct mains mains = plain();
        struct outcome outcome;
        mains.turns = turns;
        (void)error_mhz(mains, 2000, &outcome);
        assert_true(outcome.first_at < 200.0);
    }
}

static void follows_a_generator_whose_frequency_runs_away(void **state)
{
    (void)state;
    struct mains mains = plain();
    struct mains_phase phase;
    mains.frequency_hz = 47.0;
    mains.ramp_hz_s = 1.0;
    assert_int_equal(mains_phase_init(&phase, 10000000, 100.0), STATUS_OK);
    const struct outcome outcome = listen(&phase, &mains, 60000);
    assert_int_equal(outcome.jumps, 0);
    assert_true(fabs(10000.0 / mains_phase_period(&phase) - 53.0) < 0.1);
}

static void reports_a_phase_jump_and_a_missing_reference(void **state)
{
    (void)state;
    struct mains mains = plain();
    struct mains_phase phase;
    assert_int_equal(mains_phase_init(&phase, 10000000, 100.0), STATUS_OK);
    assert_false(mains_phase_has_reference(&phase));
    assert_int_equal(listen(&phase, &mains, 3000).jumps, 0);
    assert_true(mains_phase_has_reference(&phase));

    mains.turns += 0.1;
    const struct outcome jumped = listen(&phase, &mains, 3000);
    assert_in_range(jumped.jumps, 1, 2);

    mains.amplitude = 20.0;
    assert_int_equal(listen(&phase, &mains, 500).boundaries <= 2, 1);
    assert_false(mains_phase_has_reference(&phase));

    mains.amplitude = 1500.0;
    assert_in_range(listen(&phase, &mains, 2000).boundaries, 8, 10);
    assert_true(mains_phase_has_reference(&phase));
}

static void keeps_counting_cycles_through_a_dip(void **state)
{
    (void)state;
    struct mains mains = plain();
    struct mains_phase phase;
    assert_int_equal(mains_phase_init(&phase, 10000000, 100.0), STATUS_OK);
    uint32_t boundaries = listen(&phase, &mains, 2000).boundaries;
    mains.amplitude *= 0.7;
    boundaries += listen(&phase, &mains, 1300).boundaries;
    mains.amplitude /= 0.7;
    boundaries += listen(&phase, &mains, 2700).boundaries;
    assert_in_range(boundaries, 29, 30);
}

static void finds_its_way_again_after_a_gap(void **state)
{
    (void)state;
    struct mains mains = plain();
    struct mains_phase phase;
    assert_int_equal(mains_phase_init(&phase, 10000000, 100.0), STATUS_OK);
    (void)listen(&phase, &mains, 2000);
    mains_phase_restart(&phase);
    mains.turns += 0.37;
    const struct outcome outcome = listen(&phase, &mains, 2000);
    assert_in_range(outcome.boundaries, 9, 10);
    assert_int_equal(outcome.jumps, 0);
}

static void refuses_rates_it_cannot_serve(void **state)
{
    (void)state;
    struct mains_phase phase;
    assert_int_equal(mains_phase_init(&phase, 999999, 100.0), STATUS_INVALID);
    assert_int_equal(mains_phase_init(&phase, 200000001, 100.0), STATUS_INVALID);
    assert_int_equal(mains_phase_init(&phase, 10000000, 0.0), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_frequency_within_a_millihertz_at_any_rate),
        cmocka_unit_test(is_not_fooled_by_harmonics_noise_or_an_offset),
        cmocka_unit_test(loses_less_than_a_cycle_before_the_first_boundary),
        cmocka_unit_test(follows_a_generator_whose_frequency_runs_away),
        cmocka_unit_test(reports_a_phase_jump_and_a_missing_reference),
        cmocka_unit_test(keeps_counting_cycles_through_a_dip),
        cmocka_unit_test(finds_its_way_again_after_a_gap),
        cmocka_unit_test(refuses_rates_it_cannot_serve),
    };
    return cmocka_run_group_tests_name("mains_phase", tests, NULL, NULL);
}
