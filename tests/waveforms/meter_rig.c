// SPDX-License-Identifier: MIT
#include "meter_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "portable_math.h"
#include "sampling_task.h"

enum { BLOCK = 100 };

static const double TURN = 6.283185307179586;

/// A tone as a vector that turns by `turn` from frame to frame.
struct spinner {
    double re;
    double im;
    double turn_re;
    double turn_im;
};

struct rig_source {
    struct adc_source source;
    struct meter_rig *rig;
    struct spinner spinner[RIG_INPUTS][RIG_TONES];
    unsigned tones[RIG_INPUTS];
    uint64_t frame;
    uint64_t end;
};

void meter_rig_init(struct meter_rig *rig, unsigned channels, uint64_t seed)
{
    memset(rig, 0, sizeof *rig);
    rig->channels = channels;
    rig->rate_hz = 10000.0;
    rig->frequency_hz = 50.0;
    rig->code_max = 4095;
    rig->volts_per_code = 1.0;
    rig->amperes_per_code = 1.0;
    rig->seed = seed;
    rig->settings = processing_settings_default();
    calibration_default(&rig->calibration);
    for (unsigned n = 0; n < RIG_INPUTS; n++) {
        rig->input[n].offset = 2048.0;
        rig->input[n].noise = 1.0;
    }
}

static uint64_t throw_bits(uint64_t *seed)
{
    uint64_t x = *seed += 0x9e3779b97f4a7c15u; // splitmix64
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

double meter_rig_dice(uint64_t *seed)
{
    return (double)(throw_bits(seed) >> 11) / 9007199254740992.0;
}

/// Four evenly spread numbers added up: close to normal, variance 1.
static double throw_noise(uint64_t *seed)
{
    const uint64_t bits = throw_bits(seed);
    const uint32_t sum = (uint32_t)(bits & 0xffff) + (uint32_t)(bits >> 16 & 0xffff) +
                         (uint32_t)(bits >> 32 & 0xffff) + (uint32_t)(bits >> 48);
    return ((double)sum - 131070.0) * (1.7320508075688772 / 65536.0);
}

static void wind_up(struct rig_source *source)
{
    const struct meter_rig *rig = source->rig;
    for (unsigned n = 0; n <= rig->channels; n++) {
        for (unsigned k = 0; k < RIG_TONES; k++) {
            const struct rig_tone *tone = &rig->input[n].tone[k];
            const double omega = TURN * rig->frequency_hz * tone->order;
            const double angle = tone->angle + omega * rig->input[n].delay_s;
            const double step = omega / rig->rate_hz;
            if (tone->peak == 0.0) {
                continue;
            }
            source->spinner[n][source->tones[n]++] =
                (struct spinner){ .re = tone->peak * portable_cos(angle),
                                  .im = tone->peak * portable_sin(angle),
                                  .turn_re = portable_cos(step),
                                  .turn_im = portable_sin(step) };
        }
    }
}

static double spin(struct spinner *s)
{
    const double sine = s->im;
    const double re = s->re * s->turn_re - s->im * s->turn_im;
    s->im = s->re * s->turn_im + s->im * s->turn_re;
    s->re = re;
    return sine;
}

static double value_of(struct rig_source *source, unsigned n, uint64_t frame)
{
    const struct rig_input *input = &source->rig->input[n];
    double value = input->offset;
    if (input->at != NULL) {
        const double t = (double)frame / source->rig->rate_hz + input->delay_s;
        const double turns = t * (source->rig->frequency_hz + 0.5 * t * source->rig->ramp_hz_per_s);
        return value + input->at(input->ctx, t, turns);
    }
    for (unsigned k = 0; k < source->tones[n]; k++) {
        value += spin(&source->spinner[n][k]);
    }
    return value;
}

static enum status read_rig(void *ctx, struct adc_block *block)
{
    struct rig_source *source = ctx;
    struct meter_rig *rig = source->rig;
    if (source->frame >= source->end) {
        return STATUS_MISSING;
    }
    block->frame_count = BLOCK;
    block->lost_frames = 0;
    block->lost_unknown = false;
    block->channel_swap = false;
    for (unsigned n = 0; n <= rig->channels; n++) {
        for (uint32_t k = 0; k < BLOCK; k++) {
            const double value = value_of(source, n, source->frame + k) +
                                 rig->input[n].noise * throw_noise(&rig->seed);
            const int64_t rounded = portable_round(rig->bend == NULL ? value : rig->bend(value));
            block->code[n][k] = rounded < rig->code_min   ? rig->code_min
                                : rounded > rig->code_max ? rig->code_max
                                                          : (int32_t)rounded;
        }
    }
    source->frame += BLOCK;
    return STATUS_OK;
}

static uint64_t rate(void *ctx)
{
    const struct rig_source *source = ctx;
    const double told = source->rig->told_rate_hz;
    return (uint64_t)portable_round(1000.0 * (told > 0.0 ? told : source->rig->rate_hz));
}

static void add_ears(struct sampling_task *sampling, const struct meter_rig *rig)
{
    for (unsigned n = 0; n <= rig->channels; n++) {
        assert_int_equal(sampling_task_linearise(sampling, n, rig->linearity), STATUS_OK);
    }
    if (rig->code_tap != NULL) {
        sampling_task_tap_codes(sampling, rig->code_tap);
    }
    if (rig->tap != NULL) {
        assert_int_equal(sampling_task_add_tap(sampling, rig->tap), STATUS_OK);
    }
}

struct hand {
    void (*reading)(void *ctx, const struct reading *);
    void *ctx;
};

static enum status hand_over(void *ctx, const struct reading *reading)
{
    const struct hand *hand = ctx;
    hand->reading(hand->ctx, reading);
    return STATUS_OK;
}

void meter_rig_run(struct meter_rig *rig, void (*reading)(void *ctx, const struct reading *),
                   void *ctx)
{
    static struct rig_source source;
    static struct sampling_task sampling;
    static struct processing_task processing;
    static struct cycle_window slots[SAMPLING_TASK_WINDOWS];
    struct ring ring;
    struct hand hand = { .reading = reading, .ctx = ctx };
    const struct reading_sink sink = { .commit = hand_over, .ctx = &hand };
    const struct wiring wiring =
        wiring_of_one_voltage(rig->channels, rig->volts_per_code, rig->amperes_per_code);
    const struct sampling_settings settings = sampling_settings_default();
    memset(&source, 0, sizeof source);
    source.source = (struct adc_source){ .input_count = (uint8_t)(1u + rig->channels),
                                         .code_min = rig->code_min,
                                         .code_max = rig->code_max,
                                         .read = read_rig,
                                         .frame_rate_mhz = rate,
                                         .ctx = &source };
    source.rig = rig;
    source.end = (uint64_t)(rig->seconds * rig->rate_hz);
    wind_up(&source);
    assert_int_equal(calibration_check(&rig->calibration), STATUS_OK);
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], SAMPLING_TASK_WINDOWS), STATUS_OK);
    assert_int_equal(sampling_task_init(&sampling, &source.source, &wiring, &ring, &settings),
                     STATUS_OK);
    add_ears(&sampling, rig);
    assert_int_equal(processing_task_init(&processing, &wiring, &ring, &sink, &rig->settings, NULL),
                     STATUS_OK);
    processing_task_calibrate(&processing, &rig->calibration);
    if (rig->watcher != NULL) {
        assert_int_equal(processing_task_watch(&processing, rig->watcher), STATUS_OK);
    }
    for (;;) {
        const uint64_t now_us = (uint64_t)((double)source.frame * 1e6 / rig->rate_hz);
        if (sampling_task_step(&sampling, now_us) == STATUS_MISSING) {
            break;
        }
        assert_int_equal(processing_task_step(&processing), STATUS_OK);
    }
    assert_int_equal(processing_task_flush(&processing), STATUS_OK);
}
