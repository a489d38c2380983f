// SPDX-License-Identifier: MIT
#include "rig_load.h"

#include "portable_math.h"

static const double VOLTAGE_ANGLE = 0.3;

void rig_set_voltage(struct meter_rig *rig, double peak)
{
    rig->input[0].tone[0] = (struct rig_tone){ peak, 1.0, VOLTAGE_ANGLE };
    rig->input[0].tone[1] = (struct rig_tone){ 0.02 * peak, 3.0, 1.9 };
    rig->input[0].tone[2] = (struct rig_tone){ 0.03 * peak, 5.0, 1.0 };
}

void rig_set_current(struct meter_rig *rig, unsigned channel, double peak, double angle)
{
    struct rig_input *input = &rig->input[channel + 1u];
    input->tone[0] = (struct rig_tone){ peak, 1.0, VOLTAGE_ANGLE - angle };
    input->tone[1] = (struct rig_tone){ 0.33 * peak, 3.0, 2.0 };
    input->tone[2] = (struct rig_tone){ 0.12 * peak, 5.0, 0.5 };
    input->delay_s = (channel + 1.0) / (RIG_INPUTS * rig->rate_hz);
    rig->calibration.input[channel + 1u].delay_s = input->delay_s;
}

struct rig_truth rig_truth_of(const struct meter_rig *rig, unsigned channel)
{
    const struct rig_tone *v = rig->input[0].tone;
    const struct rig_tone *i = rig->input[channel + 1u].tone;
    struct rig_truth truth = { .active_w = 0.0 };
    double v_square = 0.0;
    double i_square = 0.0;
    for (unsigned k = 0; k < RIG_TONES; k++) {
        const double angle = v[k].angle - i[k].angle;
        const double power = v[k].peak * i[k].peak / 2.0;
        v_square += v[k].peak * v[k].peak / 2.0;
        i_square += i[k].peak * i[k].peak / 2.0;
        truth.active_w += power * portable_cos(angle);
        if (k == 0) {
            truth.active1_w = truth.active_w;
            truth.reactive1_var = power * portable_sin(angle);
        }
    }
    truth.voltage_v = portable_sqrt(v_square) * rig->volts_per_code;
    truth.current_a = portable_sqrt(i_square) * rig->amperes_per_code;
    truth.apparent_va = truth.voltage_v * truth.current_a;
    truth.active_w *= rig->volts_per_code * rig->amperes_per_code;
    truth.active1_w *= rig->volts_per_code * rig->amperes_per_code;
    truth.reactive1_var *= rig->volts_per_code * rig->amperes_per_code;
    return truth;
}

void rig_average_take(void *ctx, const struct reading *reading)
{
    struct rig_average *average = ctx;
    const double seconds = reading->window_us * 1e-6;
    const double began_s = (double)reading->uptime_ms * 1e-3 - seconds;
    if (began_s < average->from_s || reading->frequency_mhz == 0 ||
        average->seconds >= average->for_s) {
        return;
    }
    average->seconds += seconds;
    average->quality |= reading->quality;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct reading_channel *channel = &reading->channel[n];
        const double volts = channel->voltage_10mv * 0.01;
        const double amperes = channel->current_100ua * 1e-4;
        average->voltage_square[n] += volts * volts * seconds;
        average->current_square[n] += amperes * amperes * seconds;
        average->active[n] += channel->active_power_10mw * 0.01 * seconds;
        average->active1[n] += channel->fundamental_power_10mw * 0.01 * seconds;
        average->reactive1[n] += channel->reactive_power_10mvar * 0.01 * seconds;
    }
}
