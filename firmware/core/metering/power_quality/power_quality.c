// SPDX-License-Identifier: MIT
#include "power_quality.h"

#include "portable_math.h"

enum {
    STEADY_CYCLES = 6, ///< So many equal Urms(1/2), and the means before are the offset.
    OFFSET_SHARE = 32, ///< The offset takes over this part of a difference.
};

static const double STEADY = 0.01; ///< Relative change of Urms(1/2) that is none.
static const double SLIDE_WINDOW_S = 0.2;
static const double SLIDE_SHARE = 0.0033; ///< Of the one-minute filter, for each 0.2 s.
static const double LEAST_STEP = 0.02;    ///< Of the reference's square; less is no step.
static const double LARGEST_V = 1e9;
static const double LONGEST_US = 1e15; ///< Thirty years; no step takes as long.

struct power_quality_settings power_quality_settings_default(void)
{
    return (struct power_quality_settings){
        .declared_v = 230.0,
        .thresholds = { .interruption = 0.05, .dip = 0.90, .swell = 1.10, .hysteresis = 0.02 },
    };
}

static uint8_t first_channel(const struct wiring *wiring, uint8_t input)
{
    uint8_t channel = 0;
    while (channel < READING_CHANNEL_COUNT && wiring->channel[channel].voltage_input != input) {
        channel++;
    }
    return channel;
}

enum status power_quality_init(struct power_quality *quality, const struct wiring *wiring,
                               double rate_hz, const struct power_quality_settings *settings)
{
    uint8_t input[HALF_CYCLES_VOLTAGE_LIMIT];
    const unsigned voltages = half_cycles_voltages(wiring, input);
    if (voltages == 0 || !power_thresholds_are_sound(&settings->thresholds) ||
        !(settings->declared_v >= 0.0 && settings->declared_v < LARGEST_V) || !(rate_hz > 0.0)) {
        return STATUS_INVALID;
    }
    *quality = (struct power_quality){
        .settings = *settings, .voltages = voltages, .rate_hz = rate_hz, .next_id = 1
    };
    for (unsigned n = 0; n < voltages; n++) {
        quality->voltage[n].channel = first_channel(wiring, input[n]);
        quality->voltage[n].reference_v = settings->declared_v;
        power_quality_scale(quality, n, wiring->unit_per_code[input[n]]);
    }
    return STATUS_OK;
}

void power_quality_rate(struct power_quality *quality, double rate_hz)
{
    quality->rate_hz = rate_hz;
}

void power_quality_scale(struct power_quality *quality, unsigned voltage, double volts_per_code)
{
    if (voltage < quality->voltages) {
        quality->voltage[voltage].volts_per_code =
            volts_per_code < 0.0 ? -volts_per_code : volts_per_code;
    }
}

/// Mean square of volts over the half cycles `a` and `b`, without the offset.
static double mean_square_of(const struct power_quality_voltage *voltage,
                             const struct half_cycle *a, const struct half_cycle *b)
{
    const double length = ((double)a->length_q15 + (double)b->length_q15) / HALF_CYCLES_ONE;
    const double sum = ((double)a->sum_q15 + (double)b->sum_q15) / HALF_CYCLES_ONE;
    const double square = (double)a->square + (double)b->square;
    const double offset = voltage->offset;
    if (!(length > 0.0)) {
        return 0.0;
    }
    const double codes = square / length - 2.0 * offset * sum / length + offset * offset;
    return codes > 0.0 ? codes * voltage->volts_per_code * voltage->volts_per_code : 0.0;
}

static double mean_of(const struct half_cycle *a, const struct half_cycle *b)
{
    const double length = (double)a->length_q15 + (double)b->length_q15;
    return length > 0.0 ? ((double)a->sum_q15 + (double)b->sum_q15) / length : 0.0;
}

/// Learns the offset from cycles with nothing but undisturbed ones around them.
static void learn_offset(struct power_quality_voltage *voltage, double mean, double urms_v)
{
    const double change = urms_v - voltage->urms_v;
    const double limit = STEADY * voltage->urms_v;
    const bool same = change <= limit && change >= -limit;
    voltage->steady = same ? voltage->steady + (voltage->steady < STEADY_CYCLES) : 0;
    if (!voltage->has_offset) {
        voltage->offset = mean;
        voltage->has_offset = true;
    } else if (voltage->steady == STEADY_CYCLES && voltage->state == POWER_STATE_NORMAL) {
        voltage->offset += (voltage->mean[0] - voltage->offset) / OFFSET_SHARE;
    }
    voltage->mean[0] = voltage->mean[1];
    voltage->mean[1] = mean;
}

/// Steps the reference on by what was normal: IEC 61000-4-30, 5.4.4.
static void slide(struct power_quality *quality, struct power_quality_voltage *voltage,
                  double urms_v, double seconds)
{
    const bool learns = voltage->reference_v <= 0.0;
    if ((!quality->settings.sliding && !learns) || voltage->state != POWER_STATE_NORMAL) {
        voltage->slide_s = 0.0;
        voltage->slide_square = 0.0;
        return;
    }
    voltage->slide_square += urms_v * urms_v * seconds;
    voltage->slide_s += seconds;
    if (voltage->slide_s < (learns ? 1.0 : SLIDE_WINDOW_S)) {
        return;
    }
    const double u = portable_sqrt(voltage->slide_square / voltage->slide_s);
    voltage->reference_v +=
        learns ? u : (u - voltage->reference_v) * SLIDE_SHARE * voltage->slide_s / SLIDE_WINDOW_S;
    voltage->slide_s = 0.0;
    voltage->slide_square = 0.0;
}

static void remember_half(struct power_quality_voltage *voltage, const struct half_cycle *half,
                          double mean_square)
{
    if (voltage->past_count == POWER_QUALITY_PAST) {
        for (unsigned n = 1; n < POWER_QUALITY_PAST; n++) {
            voltage->past[n - 1] = voltage->past[n];
        }
        voltage->past_count--;
    }
    voltage->past[voltage->past_count++] = (struct power_quality_half){ .ended_us = half->ended_us,
                                                                        .mean_square = mean_square,
                                                                        .quality = half->quality };
}

static double clamped(double value)
{
    return value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
}

/// When the voltage stepped from that of half cycle `from` to that of `to`, both of the past: each
/// half cycle in between belongs to the old level by the share of its energy.
static uint64_t step_time(const struct power_quality_voltage *voltage, unsigned from, unsigned to)
{
    const struct power_quality_half *past = voltage->past;
    const double span = past[from].mean_square - past[to].mean_square;
    const double least = LEAST_STEP * voltage->reference_v * voltage->reference_v;
    const double size = span < 0.0 ? -span : span;
    double us = 0.0;
    for (unsigned n = from + 1; n <= to; n++) {
        const double left =
            size > least ? clamped((past[n].mean_square - past[to].mean_square) / span) : 0.5;
        const bool passed = past[n].ended_us > past[n - 1].ended_us;
        us += passed ? left * (double)(past[n].ended_us - past[n - 1].ended_us) : 0.0;
    }
    return us < LONGEST_US ? past[from].ended_us + (uint64_t)us : past[to].ended_us;
}

/// The most extreme of the half cycles `from` to `to`; the first of equals, or the last.
static unsigned extreme_half(const struct power_quality_voltage *voltage, uint8_t kind,
                             unsigned from, unsigned to)
{
    const double sign = kind == POWER_EVENT_SWELL ? 1.0 : -1.0;
    unsigned best = from;
    for (unsigned n = from + 1; n <= to; n++) {
        if (sign * voltage->past[n].mean_square > sign * voltage->past[best].mean_square) {
            best = n;
        }
    }
    return best;
}

static uint32_t to_10mv(double volts)
{
    const int64_t rounded = portable_round(volts * 100.0);
    return rounded < 0 ? 0 : rounded > UINT32_MAX ? UINT32_MAX : (uint32_t)rounded;
}

static bool is_in(enum power_state state, unsigned kind)
{
    switch (kind) {
    case POWER_EVENT_DIP:
        return state == POWER_STATE_DIP || state == POWER_STATE_INTERRUPTION;
    case POWER_EVENT_SWELL:
        return state == POWER_STATE_SWELL;
    default:
        return state == POWER_STATE_INTERRUPTION;
    }
}

/// A start or an end is told by the half cycles around it. Of those that have grown together, it
/// may be anywhere within.
static void doubt_step(const struct power_quality_voltage *voltage, struct power_event *event)
{
    for (unsigned n = 0; n < voltage->past_count; n++) {
        event->quality |= voltage->past[n].quality & READING_QUALITY_MERGED;
    }
}

/// The half cycle after the first within the event is here: tells when it began.
static void fix_start(const struct power_quality_voltage *voltage, struct power_quality_open *open)
{
    open->starting = false;
    doubt_step(voltage, &open->event);
    if (voltage->past_count == POWER_QUALITY_PAST) {
        const unsigned inside = extreme_half(voltage, open->event.kind, 3, 4);
        open->event.started_us = step_time(voltage, 0, inside);
    } else {
        open->event.started_us = open->first_us;
    }
}

static void remember_span(struct power_quality *quality, const struct power_event *event)
{
    quality->touched[quality->touched_count++ % POWER_QUALITY_TOUCHED] =
        (struct power_quality_span){ event->started_us, event->started_us + event->duration_us };
}

/// The half cycle after the last within the event is here: tells when it ended.
static void fix_end(struct power_quality *quality, const struct power_quality_voltage *voltage,
                    struct power_quality_open *open, struct power_quality_update *update)
{
    uint64_t ended_us = voltage->past[voltage->past_count - 1].ended_us;
    if (voltage->past_count == POWER_QUALITY_PAST) {
        const unsigned inside = extreme_half(voltage, open->event.kind, 0, 2);
        ended_us = step_time(voltage, inside, 4);
    }
    if (open->starting) {
        fix_start(voltage, open);
    }
    struct power_event *event = &open->event;
    doubt_step(voltage, event);
    event->duration_us = ended_us > event->started_us ? ended_us - event->started_us : 0;
    remember_span(quality, event);
    update->event[update->events++] = *event;
    *open = (struct power_quality_open){ .open = false };
}

static void begin_event(struct power_quality *quality, struct power_quality_voltage *voltage,
                        unsigned kind, const struct half_cycle *half, uint64_t window_us,
                        struct power_quality_update *update)
{
    const uint64_t first_us = half->ended_us > window_us ? half->ended_us - window_us : 0;
    voltage->open[kind] = (struct power_quality_open){
        .event = { .started_us = first_us,
                   .id = quality->next_id++,
                   .declared_10mv = to_10mv(voltage->reference_v),
                   .kind = (uint8_t)kind,
                   .channel = voltage->channel },
        .first_us = first_us,
        .open = true,
        .starting = true,
    };
    if (!update->began && kind != POWER_EVENT_INTERRUPTION) {
        update->began = true;
        update->began_id = voltage->open[kind].event.id;
        update->began_frame = half->ended_frame;
    }
}

static void widen_event(struct power_quality_open *open, double urms_v, uint16_t quality)
{
    const uint32_t urms_10mv = to_10mv(urms_v);
    const bool swells = open->event.kind == POWER_EVENT_SWELL;
    const bool beyond =
        swells ? urms_10mv > open->event.extreme_10mv : urms_10mv < open->event.extreme_10mv;
    if (!open->has_extreme || beyond) {
        open->event.extreme_10mv = urms_10mv;
        open->has_extreme = true;
    }
    open->event.quality |= quality;
}

/// Closes what waits for this half cycle.
static void settle(struct power_quality *quality, struct power_quality_voltage *voltage,
                   struct power_quality_update *update)
{
    for (unsigned kind = 0; kind < POWER_EVENT_KIND_COUNT; kind++) {
        struct power_quality_open *open = &voltage->open[kind];
        if (open->open && open->ending) {
            fix_end(quality, voltage, open, update);
        } else if (open->open && open->starting) {
            fix_start(voltage, open);
        }
    }
}

static void detect(struct power_quality *quality, struct power_quality_voltage *voltage,
                   const struct half_cycle *half, double seconds,
                   struct power_quality_update *update)
{
    if (voltage->reference_v <= 0.0) {
        return;
    }
    const enum power_state before = voltage->state;
    voltage->state =
        power_state_next(before, power_level_of(&quality->settings.thresholds,
                                                update->urms_v / voltage->reference_v));
    for (unsigned kind = 0; kind < POWER_EVENT_KIND_COUNT; kind++) {
        struct power_quality_open *open = &voltage->open[kind];
        if (is_in(voltage->state, kind)) {
            if (!is_in(before, kind)) {
                begin_event(quality, voltage, kind, half, (uint64_t)(seconds * 1e6), update);
            }
            widen_event(open, update->urms_v, half->quality);
        } else if (is_in(before, kind)) {
            open->ending = true;
        }
    }
}

/// Codes are missing: what waits is settled by what there is, and what is open goes on.
static void skip(struct power_quality *quality, struct power_quality_voltage *voltage,
                 const struct half_cycle *half, struct power_quality_update *update)
{
    voltage->has_last = false;
    voltage->steady = 0;
    if (voltage->past_count > 0) {
        voltage->past[0] = voltage->past[voltage->past_count - 1];
        voltage->past_count = 1;
        settle(quality, voltage, update);
    }
    voltage->past_count = 0;
    for (unsigned kind = 0; kind < POWER_EVENT_KIND_COUNT; kind++) {
        if (voltage->open[kind].open) {
            voltage->open[kind].event.quality |= half->quality;
        }
    }
}

static void take_cycle(struct power_quality *quality, struct power_quality_voltage *voltage,
                       const struct half_cycle *a, const struct half_cycle *b,
                       struct power_quality_update *update)
{
    const double seconds =
        ((double)a->length_q15 + (double)b->length_q15) / HALF_CYCLES_ONE / quality->rate_hz;
    if (!voltage->has_offset) {
        learn_offset(voltage, mean_of(a, b), 0.0);
    }
    update->has_urms = true;
    update->urms_v = portable_sqrt(mean_square_of(voltage, a, b));
    detect(quality, voltage, b, seconds, update);
    learn_offset(voltage, mean_of(a, b), update->urms_v);
    slide(quality, voltage, update->urms_v, 0.5 * seconds);
    voltage->urms_v = update->urms_v;
}

struct power_quality_update power_quality_take(struct power_quality *quality,
                                               const struct half_cycle *half)
{
    struct power_quality_update update = { .voltage = half->voltage };
    if (half->voltage >= quality->voltages) {
        return update;
    }
    struct power_quality_voltage *voltage = &quality->voltage[half->voltage];
    quality->known_us = half->ended_us > quality->known_us ? half->ended_us : quality->known_us;
    if ((half->quality & (READING_QUALITY_GAP | READING_QUALITY_PARTIAL)) != 0 ||
        half->length_q15 == 0) {
        skip(quality, voltage, half, &update);
        return update;
    }
    const struct half_cycle none = { .length_q15 = 0 };
    remember_half(voltage, half, mean_square_of(voltage, half, &none));
    settle(quality, voltage, &update);
    if (half->halves > 1) {
        take_cycle(quality, voltage, &none, half, &update);
    } else if (voltage->has_last) {
        take_cycle(quality, voltage, &voltage->last, half, &update);
    }
    voltage->last = *half;
    voltage->has_last = true;
    return update;
}

static bool overlap(uint64_t a_from, uint64_t a_to, uint64_t b_from, uint64_t b_to)
{
    return a_from < b_to && b_from < a_to;
}

bool power_quality_touched(const struct power_quality *quality, uint64_t from_us, uint64_t to_us)
{
    const uint32_t held = quality->touched_count < POWER_QUALITY_TOUCHED ? quality->touched_count
                                                                         : POWER_QUALITY_TOUCHED;
    for (uint32_t n = 0; n < held; n++) {
        if (overlap(quality->touched[n].from_us, quality->touched[n].to_us, from_us, to_us)) {
            return true;
        }
    }
    for (unsigned n = 0; n < quality->voltages; n++) {
        for (unsigned kind = 0; kind < POWER_EVENT_KIND_COUNT; kind++) {
            const struct power_quality_open *open = &quality->voltage[n].open[kind];
            if (open->open && open->event.started_us < to_us) {
                return true;
            }
        }
    }
    return false;
}
