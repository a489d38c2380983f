// SPDX-License-Identifier: MIT
#include "interval_sums.h"

#include "portable_math.h"

static const double CENTIVOLTS = 100.0;
static const double TENTHS_OF_MA = 10000.0;
static const double CENTIWATTS = 100.0;
static const double LONGEST_S = 1e6; ///< No window is as long; keeps the sums finite.
static const double LARGEST = 1e9;   ///< Volts, amperes or watts.
static const double SLIVER_S = 0.1;  ///< The least that has a root mean square to speak of.

static bool is_length(double seconds)
{
    return seconds > 0.0 && seconds < LONGEST_S;
}

static double sound(double value)
{
    return value > -LARGEST && value < LARGEST ? value : 0.0;
}

static void widen_windows(struct interval_sums_channel *channel, double low_v, double high_v)
{
    if (!channel->has_windows || low_v < channel->window_low_v) {
        channel->window_low_v = low_v;
    }
    if (!channel->has_windows || high_v > channel->window_high_v) {
        channel->window_high_v = high_v;
    }
    channel->has_windows = true;
}

static void widen_cycles(struct interval_sums_channel *channel, double low_v, double high_v)
{
    if (!channel->has_cycles || low_v < channel->cycle_low_v) {
        channel->cycle_low_v = low_v;
    }
    if (!channel->has_cycles || high_v > channel->cycle_high_v) {
        channel->cycle_high_v = high_v;
    }
    channel->has_cycles = true;
}

static int64_t saturated_sum(int64_t a, int64_t b)
{
    if (b > 0 && a > INT64_MAX - b) {
        return INT64_MAX;
    }
    return b < 0 && a < INT64_MIN - b ? INT64_MIN : a + b;
}

static void add_channel(struct interval_sums_channel *to, const struct window_report_channel *from,
                        double seconds, bool has_extremes)
{
    const double voltage_v = sound(from->voltage_v);
    const double current_a = sound(from->current_a);
    to->voltage_square_s += voltage_v * voltage_v * seconds;
    to->current_square_s += current_a * current_a * seconds;
    to->active_ws += sound(from->active_w) * seconds;
    to->reactive_vars += sound(from->reactive_var) * seconds;
    if (!has_extremes) {
        return;
    }
    widen_windows(to, voltage_v, voltage_v);
    if (current_a > to->current_high_a) {
        to->current_high_a = current_a;
    }
}

void interval_sums_add(struct interval_sums *sums, const struct window_report *report)
{
    const double seconds = report->seconds;
    const bool counts = is_length(seconds);
    sums->quality |= report->quality;
    sums->channels |= report->channels;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct window_report_channel *from = &report->channel[n];
        struct interval_sums_channel *to = &sums->channel[n];
        to->import_mj = saturated_sum(to->import_mj, from->import_mj);
        to->export_mj = saturated_sum(to->export_mj, from->export_mj);
        if (counts && (report->channels & (1u << n)) != 0) {
            add_channel(to, from, seconds, report->whole || seconds >= SLIVER_S);
        }
    }
    if (!counts) {
        return;
    }
    sums->windows++;
    sums->seconds += seconds;
    if (report->whole) {
        sums->whole_seconds += seconds;
        sums->cycles += report->cycles;
    }
}

void interval_sums_extreme(struct interval_sums *sums, unsigned channel, double voltage_v)
{
    if (channel < READING_CHANNEL_COUNT) {
        widen_cycles(&sums->channel[channel], sound(voltage_v), sound(voltage_v));
    }
}

void interval_sums_distortion(struct interval_sums *sums, unsigned channel, uint32_t voltage_ppm,
                              uint32_t current_ppm, double seconds)
{
    if (channel >= READING_CHANNEL_COUNT || !is_length(seconds)) {
        return;
    }
    struct interval_sums_channel *to = &sums->channel[channel];
    to->voltage_distortion_s += voltage_ppm * seconds;
    to->current_distortion_s += current_ppm * seconds;
    to->distortion_s += seconds;
}

static uint32_t to_u32(double value)
{
    const int64_t rounded = portable_round(value);
    return rounded < 0 ? 0 : rounded > UINT32_MAX ? UINT32_MAX : (uint32_t)rounded;
}

static int32_t to_i32(double value)
{
    const int64_t rounded = portable_round(value);
    return rounded < INT32_MIN ? INT32_MIN : rounded > INT32_MAX ? INT32_MAX : (int32_t)rounded;
}

static double share(double sum, double of)
{
    return of > 0.0 ? sum / of : 0.0;
}

static struct interval_channel tell_channel(const struct interval_sums_channel *channel,
                                            double seconds)
{
    const double low_v = channel->has_cycles ? channel->cycle_low_v : channel->window_low_v;
    const double high_v = channel->has_cycles ? channel->cycle_high_v : channel->window_high_v;
    return (struct interval_channel){
        .voltage_10mv =
            to_u32(CENTIVOLTS * portable_sqrt(share(channel->voltage_square_s, seconds))),
        .voltage_low_10mv = to_u32(CENTIVOLTS * low_v),
        .voltage_high_10mv = to_u32(CENTIVOLTS * high_v),
        .current_100ua =
            to_u32(TENTHS_OF_MA * portable_sqrt(share(channel->current_square_s, seconds))),
        .current_high_100ua = to_u32(TENTHS_OF_MA * channel->current_high_a),
        .active_power_10mw = to_i32(CENTIWATTS * share(channel->active_ws, seconds)),
        .reactive_power_10mvar = to_i32(CENTIWATTS * share(channel->reactive_vars, seconds)),
        .voltage_distortion_ppm =
            to_u32(share(channel->voltage_distortion_s, channel->distortion_s)),
        .current_distortion_ppm =
            to_u32(share(channel->current_distortion_s, channel->distortion_s)),
        .import_mj = channel->import_mj,
        .export_mj = channel->export_mj,
    };
}

void interval_sums_tell(const struct interval_sums *sums, struct metering_interval *interval)
{
    interval->measured_ms = to_u32(sums->seconds * 1000.0);
    interval->frequency_mhz = to_u32(share(1000.0 * (double)sums->cycles, sums->whole_seconds));
    interval->quality = sums->quality;
    interval->channels = sums->channels;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        interval->channel[n] = (struct interval_channel){ .voltage_10mv = 0 };
        if ((sums->channels & (1u << n)) != 0) {
            interval->channel[n] = tell_channel(&sums->channel[n], sums->seconds);
        }
    }
}
