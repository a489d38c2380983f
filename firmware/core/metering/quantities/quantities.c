// SPDX-License-Identifier: MIT
#include "quantities.h"

#include "portable_math.h"

static const double TURN = 6.283185307179586;

static double size(double x)
{
    return x < 0.0 ? -x : x;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double magnitude(const struct sums_phasor *phasor)
{
    return portable_sqrt(phasor->re * phasor->re + phasor->im * phasor->im);
}

/// The parabola through `ahead` at -1, `together` at 0 and `behind` at 1.
static double parabola(double ahead, double together, double behind, double at)
{
    const double slope = 0.5 * (behind - ahead);
    const double bend = 0.5 * (behind + ahead) - together;
    return together + at * (slope + at * bend);
}

/// Turns P + jQ as sampled, V leading the truth by `angle` more than I, back to what it is.
static struct sums_phasor turned_back(struct sums_phasor power, double angle)
{
    const double c = portable_cos(angle);
    const double s = portable_sin(angle);
    return (struct sums_phasor){ .re = power.re * c + power.im * s,
                                 .im = power.im * c - power.re * s };
}

/// The power of the fundamental and what all harmonics add to it, in codes.
static struct sums_phasor measure_cycles(const struct channel_means *means, double angle,
                                         double step, double lag, double *harmonics)
{
    const struct sums_phasor *v = &means->voltage1;
    const struct sums_phasor *i = &means->current1;
    const struct sums_phasor power = { .re = v->re * i->re + v->im * i->im,
                                       .im = v->im * i->re - v->re * i->im };
    const double in_phase = power.re * portable_cos(step);
    const double across = power.im * portable_sin(step);
    *harmonics = parabola(means->ahead - (in_phase - across), means->together - power.re,
                          means->behind - (in_phase + across), clamp(lag, -1.0, 1.0));
    return turned_back(power, angle);
}

/// The same for a piece of a cycle, where only the shift of a sine from frame to frame is known.
static struct sums_phasor measure_piece(const struct channel_means *means, double angle,
                                        double step)
{
    const double s = portable_sin(step);
    const struct sums_phasor power = { .re = means->together,
                                       .im = s > 1e-4 ? (means->behind - means->ahead) / (2.0 * s)
                                                      : 0.0 };
    return turned_back(power, angle);
}

struct power_measures quantities_of_means(const struct channel_means *means,
                                          const struct calibration_correction *voltage,
                                          const struct calibration_correction *current,
                                          double rate_hz, double frequency_hz)
{
    const double delay_s = voltage->delay_s - current->delay_s;
    const double angle = TURN * frequency_hz * delay_s + voltage->lead_rad - current->lead_rad;
    const double step = TURN * frequency_hz / rate_hz;
    const double volts = size(voltage->gain);
    const double amperes = size(current->gain);
    const double watts = voltage->gain * current->gain;
    struct power_measures measures = {
        .voltage_v = volts * portable_sqrt(means->voltage_square),
        .current_a = amperes * portable_sqrt(means->current_square),
    };
    if (means->fundamental) {
        double harmonics;
        const struct sums_phasor power =
            measure_cycles(means, angle, step, delay_s * rate_hz, &harmonics);
        measures.voltage1_v = volts * magnitude(&means->voltage1);
        measures.current1_a = amperes * magnitude(&means->current1);
        measures.active1_w = watts * power.re;
        measures.active_w = watts * (power.re + harmonics);
        measures.reactive1_var = watts * power.im;
    } else {
        const struct sums_phasor power = measure_piece(means, angle, step);
        measures.active_w = watts * power.re;
        measures.reactive1_var = watts * power.im;
    }
    return measures;
}

/// An input's correction with the whole scale in its gain.
static struct calibration_correction correction_of(const struct quantities_basis *basis,
                                                   unsigned input, double square)
{
    const double scale = basis->wiring->unit_per_code[input];
    const struct calibration_input *known = calibration_input_of(basis->calibration, input);
    struct calibration_correction correction = calibration_at(
        known, size(scale * known->gain) * portable_sqrt(square), basis->frequency_hz);
    correction.gain *= scale;
    return correction;
}

struct power_measures quantities_of(const struct channel_means *means,
                                    const struct quantities_basis *basis, unsigned channel)
{
    const struct wiring_channel *wired = &basis->wiring->channel[channel];
    const struct calibration_correction voltage =
        correction_of(basis, wired->voltage_input, means->voltage_square);
    const struct calibration_correction current =
        correction_of(basis, wired->current_input, means->current_square);
    return quantities_of_means(means, &voltage, &current, basis->rate_hz, basis->frequency_hz);
}

struct raw_channel quantities_raw(const struct channel_means *means,
                                  const struct quantities_basis *basis, unsigned channel)
{
    const struct wiring_channel *wired = &basis->wiring->channel[channel];
    const double volts = basis->wiring->unit_per_code[wired->voltage_input];
    const double amperes = basis->wiring->unit_per_code[wired->current_input];
    struct raw_channel raw = {
        .frequency_hz = basis->frequency_hz,
        .voltage_v = size(volts) * portable_sqrt(means->voltage_square),
        .current_a = size(amperes) * portable_sqrt(means->current_square),
        .active_w = volts * amperes * means->together,
    };
    const struct sums_phasor *v = &means->voltage1;
    const struct sums_phasor *i = &means->current1;
    const double voltage1 = magnitude(v);
    if (means->fundamental && voltage1 > 0.0) {
        const double turn = volts < 0.0 ? -amperes : amperes;
        raw.voltage1_v = size(volts) * voltage1;
        raw.in_phase_a = turn * (v->re * i->re + v->im * i->im) / voltage1;
        raw.quadrature_a = turn * (v->im * i->re - v->re * i->im) / voltage1;
    }
    return raw;
}

void quantities_without_reference(struct power_measures *measures)
{
    *measures = (struct power_measures){ .voltage_v = measures->voltage_v,
                                         .current_a = measures->current_a };
}
