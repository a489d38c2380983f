// SPDX-License-Identifier: MIT
#include "mains_phase.h"

enum {
    DECIMATED_RATE_HZ = 12800, ///< The filter's histories are made for this.
    COMB_HZ = 200,             ///< One over the comb's distance: a quarter of a 50 Hz cycle.
    FIRST_HZ = 400,            ///< One over the first average's length.
    SECOND_HZ = 800,
    FIT_HZ = 2500,  ///< One over half the length of the fitted line.
    DEAD_HZ = 75,   ///< No cycle is shorter.
    LOST_HZ = 35,   ///< No cycle is longer.
    ODD_CYCLES = 3, ///< So many of a new length in a row are the new frequency.
};

static const uint64_t NOTHING_PENDING = UINT64_MAX;
static const double JUMP = 0.005; ///< Relative change of a cycle's length that no grid makes.

static uint32_t samples_in(double rate_hz, int per_second)
{
    const uint32_t count = (uint32_t)(rate_hz / per_second + 0.5);
    return count > 0 ? count : 1u;
}

enum status mains_phase_init(struct mains_phase *phase, uint64_t rate_mhz, double floor_codes)
{
    if (rate_mhz < 1000000u || rate_mhz > 200000000u || !(floor_codes > 0.0)) {
        return STATUS_INVALID;
    }
    *phase = (struct mains_phase){ .rate_hz = (double)rate_mhz / 1000.0 };
    phase->decimation = 1u + (uint32_t)(phase->rate_hz / (DECIMATED_RATE_HZ + 1));
    const double filtered_hz = phase->rate_hz / phase->decimation;
    phase->comb_length = samples_in(filtered_hz, COMB_HZ);
    phase->first.length = samples_in(filtered_hz, FIRST_HZ);
    phase->second.length = samples_in(filtered_hz, SECOND_HZ);
    phase->fit_half = samples_in(filtered_hz, FIT_HZ);
    phase->settle = phase->comb_length + phase->first.length + phase->second.length;
    phase->floor =
        1 + (int64_t)(floor_codes * phase->decimation * phase->first.length * phase->second.length);
    mains_phase_restart(phase);
    return STATUS_OK;
}

static void average_clear(struct mains_phase_average *average)
{
    for (uint32_t n = 0; n < average->length; n++) {
        average->history[n] = 0;
    }
    average->sum = 0;
    average->position = 0;
}

void mains_phase_restart(struct mains_phase *phase)
{
    for (uint32_t n = 0; n < phase->comb_length; n++) {
        phase->comb[n] = 0;
    }
    phase->comb_position = 0;
    average_clear(&phase->first);
    average_clear(&phase->second);
    phase->collected = 0;
    phase->collected_count = 0;
    phase->samples = 0;
    phase->crossed_at = 0;
    phase->peak = 0;
    phase->hysteresis = phase->floor;
    phase->direction = 0;
    phase->armed_rising = false;
    phase->armed_falling = false;
    phase->fit_wait = 0;
    phase->pending_frame = NOTHING_PENDING;
    phase->has_last = false;
    phase->jumped_last = false;
}

static int64_t average_add(struct mains_phase_average *average, int64_t value)
{
    average->sum += value - average->history[average->position];
    average->history[average->position] = value;
    if (++average->position == average->length) {
        average->position = 0;
    }
    return average->sum;
}

static int64_t filter(struct mains_phase *phase, int64_t value)
{
    const int64_t difference = value - phase->comb[phase->comb_position];
    phase->comb[phase->comb_position] = value;
    if (++phase->comb_position == phase->comb_length) {
        phase->comb_position = 0;
    }
    return average_add(&phase->second, average_add(&phase->first, difference));
}

/// Where the line through the latest 2 * fit_half samples meets zero, in samples after the first
/// sample past the crossing; about -1 to 0.
static double fitted_crossing(const struct mains_phase *phase)
{
    const int64_t count = 2 * (int64_t)phase->fit_half;
    int64_t sum = 0;
    int64_t moment = 0; // Over twice the distance from the centre, which is an odd integer.
    for (int64_t n = 0; n < count; n++) {
        const uint64_t sample = phase->samples - (uint64_t)(count - n);
        const int64_t value = phase->recent[sample % MAINS_PHASE_FIT];
        sum += value;
        moment += value * (2 * n - (count - 1));
    }
    // Sum of (2n - (N-1))^2 is N(N^2-1)/3; the centre lies half a sample before the crossing's
    // first.
    const double slope = (double)moment * 2.0 * 3.0 / (double)(count * (count * count - 1));
    const double mean = (double)sum / (double)count;
    return slope == 0.0 ? -0.5 : -0.5 - mean / slope;
}

/// Plans the boundary of a crossing, far enough ahead that its frames are still to come.
static void plan_boundary(struct mains_phase *phase)
{
    double crossing = fitted_crossing(phase);
    crossing = crossing < -1.5 ? -1.5 : crossing > 0.5 ? 0.5 : crossing;
    phase->pending_at = (double)phase->frames + (crossing + 1.5) * phase->decimation;
    phase->pending_frame = (uint64_t)phase->pending_at + 1u;
}

static bool crosses(struct mains_phase *phase, int64_t value)
{
    const bool rising = phase->armed_rising && value >= 0 && phase->direction >= 0;
    const bool falling = phase->armed_falling && value <= 0 && phase->direction <= 0;
    if (value >= 0) {
        phase->armed_rising = false;
    }
    if (value <= 0) {
        phase->armed_falling = false;
    }
    phase->armed_rising |= value < -phase->hysteresis;
    phase->armed_falling |= value > phase->hysteresis;
    if (!rising && !falling) {
        return false;
    }
    const double since = (double)(phase->samples - phase->crossed_at) * phase->decimation;
    if (phase->direction != 0 && since * DEAD_HZ < phase->rate_hz) {
        return false;
    }
    phase->direction = rising ? 1 : -1;
    return true;
}

static void take_sample(struct mains_phase *phase, int64_t value)
{
    phase->recent[phase->samples % MAINS_PHASE_FIT] = value;
    phase->samples++;
    if (phase->samples <= phase->settle) {
        return;
    }
    const int64_t size = value < 0 ? -value : value;
    phase->peak = size > phase->peak ? size : phase->peak;
    if (phase->fit_wait > 0) {
        if (--phase->fit_wait == 0) {
            plan_boundary(phase);
        }
        return;
    }
    if (crosses(phase, value)) {
        phase->crossed_at = phase->samples;
        phase->hysteresis = phase->peak / 32 > phase->floor ? phase->peak / 32 : phase->floor;
        phase->peak = 0;
        phase->fit_wait = phase->fit_half - 1u;
        if (phase->fit_wait == 0) {
            plan_boundary(phase);
        }
    }
}

/// Measures the cycle that ends at `at` and learns from it.
static void close_cycle(struct mains_phase *phase, double at, struct mains_phase_boundary *boundary)
{
    double length = phase->has_last ? at - phase->last_at : 0.0;
    if (length * LOST_HZ > phase->rate_hz) {
        length = 0.0;
    }
    boundary->cycle_frames = length;
    boundary->jumped = false;
    phase->last_at = at;
    phase->has_last = true;
    if (length <= 0.0) {
        return;
    }
    // The crossing at which a jumped cycle ended may itself have been moved by what moved the
    // cycle.
    const bool begins_in_doubt = phase->jumped_last;
    phase->jumped_last = false;
    const double change = length - phase->period_frames;
    const double limit = phase->period_frames * JUMP;
    if (phase->period_frames <= 0.0) {
        phase->period_frames = length;
    } else if (change > limit || change < -limit) {
        boundary->jumped = true;
        phase->jumped_last = true;
        phase->odd_cycles++;
        if (phase->odd_cycles >= ODD_CYCLES) {
            phase->period_frames = length;
            phase->odd_cycles = 0;
        }
    } else {
        boundary->jumped = begins_in_doubt;
        phase->period_frames += begins_in_doubt ? 0.0 : 0.25 * change;
        phase->odd_cycles = 0;
    }
}

bool mains_phase_feed(struct mains_phase *phase, const int32_t *codes, uint32_t count,
                      struct mains_phase_boundary *boundary)
{
    for (uint32_t n = 0; n < count; n++) {
        const bool due = phase->frames == phase->pending_frame;
        if (due) {
            boundary->frame = n;
            boundary->fraction = phase->pending_at - (double)(phase->frames - 1u);
            close_cycle(phase, phase->pending_at, boundary);
        }
        phase->collected += codes[n];
        phase->frames++;
        if (++phase->collected_count == phase->decimation) {
            const int64_t value = phase->collected;
            phase->collected = 0;
            phase->collected_count = 0;
            take_sample(phase, filter(phase, value));
        }
        if (due) {
            return true;
        }
    }
    return false;
}

bool mains_phase_has_reference(const struct mains_phase *phase)
{
    const double since = (double)(phase->samples - phase->crossed_at) * phase->decimation;
    return phase->has_last && since * LOST_HZ <= phase->rate_hz;
}

double mains_phase_period(const struct mains_phase *phase)
{
    return phase->period_frames;
}

double mains_phase_delay(const struct mains_phase *phase)
{
    if (phase->period_frames <= 0.0) {
        return 0.0;
    }
    const double samples =
        0.5 * (phase->comb_length + (phase->first.length - 1u) + (phase->second.length - 1u));
    // From a crossing of the filtered signal to its boundary: plan_boundary() comes fit_half - 1
    // samples after the one past the crossing, which is the sum of `decimation` frames.
    const double planned = phase->fit_half + 0.5 + 0.5 * (1.0 - 1.0 / phase->decimation);
    // The comb, a difference, leads by a quarter of a turn.
    return (samples + planned) * phase->decimation + 1.0 - 0.25 * phase->period_frames;
}
