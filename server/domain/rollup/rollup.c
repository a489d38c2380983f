// SPDX-License-Identifier: MIT
#include "rollup.h"

#include <math.h>

void rollup_add(struct rollup *rollup, const struct rollup_sample *sample)
{
    const double us = sample->window_us;
    const struct rollup part = {
        .measured_us = sample->window_us,
        .voltage_square_us = sample->voltage_10mv * sample->voltage_10mv * us,
        .current_square_us = sample->current_100ua * sample->current_100ua * us,
        .active_power_us = sample->active_power_10mw * us,
        .reactive_power_us = sample->reactive_power_10mvar * us,
        .apparent_power_us = sample->apparent_power_10mva * us,
        .active_power_min = sample->active_power_10mw,
        .active_power_max = sample->active_power_10mw,
        .frequency_us = sample->frequency_mhz * us,
        .frequency_measured_us = sample->frequency_mhz > 0 ? sample->window_us : 0,
        .import_mj = sample->import_mj,
        .export_mj = sample->export_mj,
        .quality = sample->quality,
    };
    rollup_merge(rollup, &part);
}

void rollup_merge(struct rollup *whole, const struct rollup *part)
{
    if (whole->measured_us == 0) {
        whole->active_power_min = part->active_power_min;
        whole->active_power_max = part->active_power_max;
    } else if (part->measured_us > 0) {
        whole->active_power_min = fmin(whole->active_power_min, part->active_power_min);
        whole->active_power_max = fmax(whole->active_power_max, part->active_power_max);
    }
    whole->measured_us += part->measured_us;
    whole->voltage_square_us += part->voltage_square_us;
    whole->current_square_us += part->current_square_us;
    whole->active_power_us += part->active_power_us;
    whole->reactive_power_us += part->reactive_power_us;
    whole->apparent_power_us += part->apparent_power_us;
    whole->frequency_us += part->frequency_us;
    whole->frequency_measured_us += part->frequency_measured_us;
    whole->import_mj += part->import_mj;
    whole->export_mj += part->export_mj;
    whole->quality |= part->quality;
}

void rollup_to_point(const struct rollup *rollup, struct telemetry_point *point)
{
    const int64_t start_ms = point->start_ms;
    *point = (struct telemetry_point){ .start_ms = start_ms,
                                       .measured_us = rollup->measured_us,
                                       .import_mj = rollup->import_mj,
                                       .export_mj = rollup->export_mj,
                                       .quality = rollup->quality };
    if (rollup->measured_us <= 0) {
        return;
    }
    const double us = (double)rollup->measured_us;
    point->voltage_v = sqrt(rollup->voltage_square_us / us) / 100.0;
    point->current_a = sqrt(rollup->current_square_us / us) / 10000.0;
    point->active_power_w = rollup->active_power_us / us / 100.0;
    point->active_power_min_w = rollup->active_power_min / 100.0;
    point->active_power_max_w = rollup->active_power_max / 100.0;
    point->reactive_power_var = rollup->reactive_power_us / us / 100.0;
    point->apparent_power_va = rollup->apparent_power_us / us / 100.0;
    if (rollup->apparent_power_us > 0.0) {
        point->power_factor = rollup->active_power_us / rollup->apparent_power_us;
    }
    if (rollup->frequency_measured_us > 0) {
        point->frequency_hz = rollup->frequency_us / (double)rollup->frequency_measured_us / 1000.0;
    }
}

int64_t rollup_start_ms(int64_t time_ms, int64_t width_ms)
{
    const int64_t rest_ms = time_ms % width_ms;
    return time_ms - (rest_ms < 0 ? rest_ms + width_ms : rest_ms);
}
