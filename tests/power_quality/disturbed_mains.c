// SPDX-License-Identifier: MIT
#include "disturbed_mains.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 100 };

static const double TURN = 6.283185307179586;
static const double VOLTS_PER_CODE = 0.35;
static const double ROUNDING = 1.0 / 12.0; ///< Mean square that rounding to codes adds.

/// The signal passes from one step to the next in this time. A step between two samples that an
/// anti-alias filter has not smeared is not known to the samples: at 10 kHz and 1.8 pu that would
/// be 0.6 % of Udin, for any algorithm.
static const double RISE_S = 0.0003;

static double wave_at(const struct disturbed_mains *mains, double t, double share, double jump)
{
    const double angle = TURN * mains->frequency_hz * t + mains->phase + jump;
    double value = sin(angle);
    if (mains->distortion > 0.0) {
        value += mains->distortion *
                 (0.6 * sin(3 * angle) + 0.6 * sin(5 * angle + 1.0) + 0.53 * sin(7 * angle + 2.0));
        value /= sqrt(1.0 + mains->distortion * mains->distortion * (0.36 + 0.36 + 0.2809));
    }
    return sqrt(2.0) * DISTURBED_DECLARED_V * share * value;
}

static double volts_at(const struct disturbed_mains *mains, double t)
{
    double share = 1.0;
    double jump = 0.0;
    unsigned n = 0;
    while (n < mains->steps && mains->step[n].at_s + 0.5 * RISE_S <= t) {
        share = mains->step[n].share;
        jump += mains->step[n].jump;
        n++;
    }
    const double before = wave_at(mains, t, share, jump);
    if (n == mains->steps || mains->step[n].at_s - 0.5 * RISE_S >= t) {
        return before;
    }
    const double after = wave_at(mains, t, mains->step[n].share, jump + mains->step[n].jump);
    return before + (after - before) * ((t - mains->step[n].at_s) / RISE_S + 0.5);
}

static double noise(struct disturbed_mains *mains)
{
    double sum = 0.0;
    for (unsigned n = 0; n < 6; n++) {
        mains->dice = mains->dice * 1664525u + 1013904223u;
        sum += (double)(mains->dice >> 8) / 16777216.0 - 0.5;
    }
    return sum * sqrt(2.0);
}

static enum status read_mains(void *ctx, struct adc_block *block)
{
    struct disturbed_mains *mains = ctx;
    block->frame_count = BLOCK;
    block->lost_frames = 0;
    block->lost_unknown = false;
    block->channel_swap = false;
    for (unsigned n = 0; n < BLOCK; n++, mains->frame++) {
        const double codes =
            volts_at(mains, (double)mains->frame / DISTURBED_RATE) / VOLTS_PER_CODE;
        block->code[0][n] = (int32_t)lround(2031.4 + codes + mains->noise_codes * noise(mains));
        block->code[1][n] = 2048;
    }
    return STATUS_OK;
}

static uint64_t mains_rate(void *ctx)
{
    (void)ctx;
    return 1000u * DISTURBED_RATE;
}

void disturbed_meter_init(struct disturbed_meter *meter, const struct disturbed_mains *mains,
                          const struct power_quality_settings *settings)
{
    const struct sampling_settings sampling = sampling_settings_default();
    memset(meter, 0, sizeof *meter);
    meter->mains = *mains;
    meter->mains.dice = 1;
    meter->source = (struct adc_source){ .input_count = 2,
                                         .code_max = 4095,
                                         .read = read_mains,
                                         .frame_rate_mhz = mains_rate,
                                         .ctx = &meter->mains };
    meter->wiring = wiring_of_one_voltage(1, VOLTS_PER_CODE, 0.01);
    assert_int_equal(ring_init(&meter->windows, meter->window_slots, sizeof meter->window_slots[0],
                               DISTURBED_WINDOWS),
                     STATUS_OK);
    assert_int_equal(ring_init(&meter->ring, meter->slots, sizeof meter->slots[0], DISTURBED_SLOTS),
                     STATUS_OK);
    assert_int_equal(sampling_task_init(&meter->sampling, &meter->source, &meter->wiring,
                                        &meter->windows, &sampling),
                     STATUS_OK);
    assert_int_equal(half_cycles_init(&meter->half_cycles, &meter->wiring, &meter->ring,
                                      1000u * DISTURBED_RATE, 50.0),
                     STATUS_OK);
    assert_int_equal(sampling_task_add_tap(&meter->sampling, half_cycles_tap(&meter->half_cycles)),
                     STATUS_OK);
    assert_int_equal(power_quality_init(&meter->quality, &meter->wiring, DISTURBED_RATE, settings),
                     STATUS_OK);
}

void disturbed_meter_integrate(struct disturbed_meter *meter, double seconds)
{
    const unsigned count = (unsigned)(seconds * 1e6 / DISTURBED_FINE_US);
    assert_true(count <= DISTURBED_FINE);
    for (unsigned n = 0; n < count; n++) {
        const double v = volts_at(&meter->mains, (n + 0.5) * DISTURBED_FINE_US * 1e-6);
        meter->energy[n + 1] = meter->energy[n] + v * v * DISTURBED_FINE_US * 1e-6;
    }
}

/// True root mean square from `from_s` to `to_s`. Frames are at multiples of 1 / DISTURBED_RATE.
static double true_rms(const struct disturbed_meter *meter, double from_s, double to_s)
{
    const double from = from_s * 1e6 / DISTURBED_FINE_US;
    const double to = to_s * 1e6 / DISTURBED_FINE_US;
    const unsigned a = (unsigned)from;
    const unsigned b = (unsigned)to;
    const double begin = meter->energy[a] + (from - a) * (meter->energy[a + 1] - meter->energy[a]);
    const double end = meter->energy[b] + (to - b) * (meter->energy[b + 1] - meter->energy[b]);
    return sqrt((end - begin) / (to_s - from_s));
}

double disturbed_meter_extreme(const struct disturbed_meter *meter, double from_s, double to_s,
                               bool highest)
{
    const struct disturbed_mains *mains = &meter->mains;
    const double half_s = 0.5 / mains->frequency_hz;
    const double first_s = -mains->phase / (TURN * mains->frequency_hz);
    double extreme = highest ? 0.0 : 1e9;
    const int begin = (int)ceil((from_s - first_s) / half_s);
    const int end = (int)ceil((to_s - first_s) / half_s);
    for (int n = begin; n < end; n++) {
        const double at_s = first_s + n * half_s;
        const double rms = true_rms(meter, at_s - 2.0 * half_s, at_s);
        extreme = highest == (rms > extreme) ? rms : extreme;
    }
    return extreme;
}

/// What noise makes of a root mean square of `truth` volts over `samples`, as a share of the
/// declared voltage: its own power, and five standard deviations of chance.
static double noise_share(const struct disturbed_mains *mains, double truth, double samples)
{
    const double u = truth / VOLTS_PER_CODE;
    const double square = mains->noise_codes * mains->noise_codes + ROUNDING;
    const double seen = sqrt(u * u + square);
    const double deviation = sqrt((4.0 * u * u + 2.0 * square) * square / samples) / (2.0 * seen);
    return (seen - u + 5.0 * deviation) * VOLTS_PER_CODE / DISTURBED_DECLARED_V;
}

void disturbed_meter_run(struct disturbed_meter *meter, double seconds, bool check)
{
    const unsigned blocks = (unsigned)(seconds * DISTURBED_RATE / BLOCK);
    uint64_t past_us[2] = { 0, 0 };
    for (unsigned n = 0; n < blocks; n++) {
        // The last frame of a block is BLOCK - 1 frames after its first.
        const uint64_t now_us = (meter->mains.frame + BLOCK) * 1000000u / DISTURBED_RATE;
        assert_int_equal(sampling_task_step(&meter->sampling, now_us), STATUS_OK);
        while (ring_peek(&meter->windows) != NULL) {
            ring_release(&meter->windows);
        }
        const struct half_cycle *half = NULL;
        while ((half = ring_peek(&meter->ring)) != NULL) {
            const struct power_quality_update update = power_quality_take(&meter->quality, half);
            if (check && update.has_urms && past_us[0] > 300000) {
                const double truth =
                    true_rms(meter, (double)past_us[0] * 1e-6, (double)half->ended_us * 1e-6);
                const double error = fabs(update.urms_v - truth) / DISTURBED_DECLARED_V;
                const double cycle = (double)(half->ended_us - past_us[0]) * 1e-6 * DISTURBED_RATE;
                meter->worst_urms = fmax(meter->worst_urms, error);
                meter->worst_excess =
                    fmax(meter->worst_excess, error - noise_share(&meter->mains, truth, cycle));
                meter->checked++;
            }
            for (unsigned k = 0; k < update.events && meter->events < DISTURBED_EVENTS; k++) {
                meter->event[meter->events++] = update.event[k];
            }
            past_us[0] = past_us[1];
            past_us[1] = half->ended_us;
            ring_release(&meter->ring);
        }
    }
}

const struct power_event *disturbed_meter_event(const struct disturbed_meter *meter, unsigned kind)
{
    for (unsigned n = 0; n < meter->events; n++) {
        if (meter->event[n].kind == kind) {
            return &meter->event[n];
        }
    }
    return NULL;
}
