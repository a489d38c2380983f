// SPDX-License-Identifier: MIT
#include "calibration_stage.h"

#include "portable_math.h"

/// Whether `x` is a number that sums and squares can bear.
static bool is_usable(double x)
{
    return x > -1e12 && x < 1e12;
}

static bool is_sound(const struct raw_channel *window)
{
    return window->whole && window->voltage1_v > 0.0 && is_usable(window->frequency_hz) &&
           is_usable(window->voltage_v) && is_usable(window->voltage1_v) &&
           is_usable(window->current_a) && is_usable(window->in_phase_a) &&
           is_usable(window->quadrature_a) && is_usable(window->active_w);
}

void calibration_stage_add(struct calibration_stage *stage, const struct raw_channel *window)
{
    stage->voltage_clipped += window->voltage_clipped ? 1 : 0;
    stage->current_clipped += window->current_clipped ? 1 : 0;
    if (!(window->frequency_hz > 0.0)) {
        stage->without_reference++;
        return;
    }
    if (!is_sound(window)) {
        stage->unsound++;
        return;
    }
    const double conductance = window->in_phase_a / window->voltage1_v;
    const double susceptance = window->quadrature_a / window->voltage1_v;
    if (stage->windows == 0) {
        stage->first_conductance = conductance;
        stage->first_susceptance = susceptance;
    }
    const double g = conductance - stage->first_conductance;
    const double b = susceptance - stage->first_susceptance;
    stage->windows++;
    stage->frequency_hz += window->frequency_hz;
    stage->voltage_square += window->voltage_v * window->voltage_v;
    stage->voltage1_square += window->voltage1_v * window->voltage1_v;
    stage->current_square += window->current_a * window->current_a;
    stage->active_w += window->active_w;
    stage->conductance += g;
    stage->susceptance += b;
    stage->conductance_square += g * g;
    stage->susceptance_square += b * b;
}

static double positive(double x)
{
    return x > 0.0 ? x : 0.0;
}

struct calibration_look calibration_stage_look(const struct calibration_stage *stage,
                                               double noise_a)
{
    struct calibration_look look = { .frequency_hz = 0.0 };
    if (stage->windows == 0) {
        return look;
    }
    const double n = stage->windows;
    const double current_square = positive(stage->current_square / n - noise_a * noise_a);
    const double mean_g = stage->conductance / n;
    const double mean_b = stage->susceptance / n;
    const double g = stage->first_conductance + mean_g;
    const double b = stage->first_susceptance + mean_b;
    const double admittance = portable_sqrt(g * g + b * b);
    const double variance = positive(stage->conductance_square / n - mean_g * mean_g) +
                            positive(stage->susceptance_square / n - mean_b * mean_b);
    look.frequency_hz = stage->frequency_hz / n;
    look.voltage_v = portable_sqrt(stage->voltage_square / n);
    look.voltage1_v = portable_sqrt(stage->voltage1_square / n);
    look.current_a = portable_sqrt(current_square);
    look.current1_a = admittance * look.voltage1_v;
    look.active_w = stage->active_w / n;
    look.lead_rad = portable_atan2(-b, g);
    if (admittance > 0.0) {
        const double current1 = look.current1_a * look.current1_a;
        look.scatter = portable_sqrt(variance) / admittance;
        look.error = look.scatter / portable_sqrt(n);
        look.harmonic_excess =
            portable_sqrt(positive(current_square / current1 - 1.0)) -
            portable_sqrt(positive(stage->voltage_square / stage->voltage1_square - 1.0));
    }
    return look;
}
