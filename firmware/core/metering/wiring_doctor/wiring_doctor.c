// SPDX-License-Identifier: MIT
#include "wiring_doctor.h"

#include <stddef.h>

#include "portable_math.h"

enum { END_WINDOWS = 25, LEAST_WINDOWS = 75 };

static const double least_load_w = 100.0;
static const double sign_w = 30.0;         // Beyond this, a power has a sign.
static const double on_axis_deg = 20.0;    // Around 0, 120, 180: a heater and a sensor's own lead.
static const double capacitive_deg = 40.0; // Loads lead by less and lag by less than these.
static const double inductive_deg = 80.0;
static const double nothing = 0.005;   // Of the load's current: no more than this is none.
static const double hum = 0.3;         // Of the load's current: rms of a noisy, open input.
static const double visible = 0.05;    // A change of less is not the load.
static const double cancelled = 0.003; // What conductors that cancel leave at the least.

static double magnitude_of(double x)
{
    return x < 0.0 ? -x : x;
}

static bool is_usable(double x)
{
    return x > -1e9 && x < 1e9;
}

static bool is_sound(const struct raw_channel *window)
{
    return window->whole && window->voltage1_v > 0.0 && is_usable(window->voltage1_v) &&
           is_usable(window->current_a) && is_usable(window->in_phase_a) &&
           is_usable(window->quadrature_a);
}

static void sum(struct wiring_phasor *to, struct wiring_phasor one)
{
    to->in_phase_a += one.in_phase_a;
    to->quadrature_a += one.quadrature_a;
}

static void sum_ends(struct wiring_doctor *doctor, struct wiring_phasor one)
{
    const uint32_t index = doctor->steps.windows;
    if (index < END_WINDOWS) {
        sum(&doctor->first, one);
    }
    if (index % END_WINDOWS == 0) {
        doctor->last[0] = doctor->last[1];
        doctor->last[1] = (struct wiring_phasor){ 0.0, 0.0 };
    }
    sum(&doctor->last[1], one);
}

void wiring_doctor_observe(struct wiring_doctor *doctor, const struct raw_channel *window)
{
    doctor->voltage_clipped += window->voltage_clipped ? 1 : 0;
    doctor->current_clipped += window->current_clipped ? 1 : 0;
    if (!(window->frequency_hz > 0.0)) {
        doctor->without_reference++;
        return;
    }
    if (!is_sound(window)) {
        doctor->unsound++;
        return;
    }
    const struct wiring_phasor one = { window->in_phase_a, window->quadrature_a };
    const double power_w = window->voltage1_v * one.in_phase_a;
    doctor->forward += power_w > sign_w ? 1 : 0;
    doctor->backward += power_w < -sign_w ? 1 : 0;
    doctor->voltage_v += window->voltage1_v;
    doctor->current_square += window->current_a * window->current_a;
    sum(&doctor->total, one);
    doctor->square.in_phase_a += one.in_phase_a * one.in_phase_a;
    doctor->square.quadrature_a += one.quadrature_a * one.quadrature_a;
    sum_ends(doctor, one);
    wiring_steps_add(&doctor->steps, one);
}

static struct wiring_finding undecided(enum wiring_reason reason)
{
    return (struct wiring_finding){ .verdict = WIRING_UNDECIDED, .reason = reason };
}

/// Whether what was seen can be judged at all.
static enum wiring_reason judge_windows(const struct wiring_doctor *doctor,
                                        const struct wiring_question *question)
{
    if (doctor->without_reference > doctor->steps.windows) {
        return WIRING_NO_REFERENCE;
    }
    if (doctor->steps.windows < LEAST_WINDOWS) {
        return WIRING_TOO_SHORT;
    }
    if (doctor->current_clipped > 0) {
        return WIRING_CURRENT_CLIPPED;
    }
    return question->load_w >= least_load_w ? WIRING_CLEAR : WIRING_LOAD_TOO_SMALL;
}

static const struct wiring_step *largest(const struct wiring_steps *steps)
{
    const struct wiring_step *found = NULL;
    for (uint32_t i = 0; i < steps->count; i++) {
        if (found == NULL || steps->step[i].jump_a > found->jump_a) {
            found = &steps->step[i];
        }
    }
    return found;
}

static double turn_deg(const struct wiring_step *a, const struct wiring_step *b)
{
    return magnitude_of(
        wiring_wrap_deg(wiring_phasor_lag_deg(a->change) - wiring_phasor_lag_deg(b->change)));
}

/// Whether something of a similar size was switched in another direction.
static bool is_contested(const struct wiring_steps *steps, const struct wiring_step *chosen)
{
    for (uint32_t i = 0; i < steps->count; i++) {
        const struct wiring_step *other = &steps->step[i];
        if (other != chosen &&
            wiring_phasor_size(other->change) > 0.5 * wiring_phasor_size(chosen->change) &&
            turn_deg(other, chosen) > 2.0 * on_axis_deg) {
            return true;
        }
    }
    return false;
}

static bool is_size_of_load(double current_a, double load_a)
{
    return current_a > 0.75 * load_a && current_a < 1.33 * load_a;
}

/// Whether another sensor saw a step less than `apart` windows away, equal but for `share`.
static bool is_seen_elsewhere(const struct wiring_step *step,
                              const struct wiring_doctor *const *others, unsigned other_count,
                              uint32_t apart, double share)
{
    const double size = wiring_phasor_size(step->change);
    for (unsigned i = 0; i < other_count; i++) {
        const struct wiring_steps *steps = &others[i]->steps;
        for (uint32_t s = 0; s < steps->count; s++) {
            const uint32_t at = steps->step[s].window;
            const double other = wiring_phasor_size(steps->step[s].change);
            if (at + apart > step->window && at < step->window + apart &&
                other > (1.0 - share) * size && other < (1.0 + share) * size) {
                return true;
            }
        }
    }
    return false;
}

/// Turned round or on a neutral? A neutral carries what other phases use too.
static struct wiring_finding tell_neutral(const struct wiring_step *step, double voltage_v,
                                          const struct wiring_question *question,
                                          const struct wiring_doctor *const *others,
                                          unsigned other_count)
{
    if (!question->shared_neutral) {
        return (struct wiring_finding){ .verdict = WIRING_REVERSED };
    }
    const bool other_phase_draws =
        step != NULL && !question->may_export && step->before.in_phase_a * voltage_v > sign_w;
    if (step == NULL || (!other_phase_draws && other_count < 2)) {
        return undecided(WIRING_REVERSED_OR_NEUTRAL);
    }
    if (other_phase_draws || is_seen_elsewhere(step, others, other_count, 2, 0.1)) {
        return (struct wiring_finding){ .verdict = WIRING_NEUTRAL };
    }
    // Sensors on the other conductors would have seen it too.
    return is_seen_elsewhere(step, others, other_count, 4, 0.3)
               ? undecided(WIRING_REVERSED_OR_NEUTRAL)
               : (struct wiring_finding){ .verdict = WIRING_REVERSED };
}

/// What the angle of the load says. @return WIRING_UNDECIDED when more than one thing.
static enum wiring_verdict judge_angle(double lag_deg, const struct wiring_question *question,
                                       int *phase_lag_deg)
{
    const double size = magnitude_of(lag_deg);
    if (question->load_resistive) {
        if (size <= on_axis_deg) {
            return WIRING_OK;
        }
        if (size >= 180.0 - on_axis_deg) {
            return WIRING_REVERSED;
        }
        if (question->three_phase && magnitude_of(size - 120.0) <= on_axis_deg) {
            *phase_lag_deg = lag_deg > 0.0 ? 120 : -120;
            return WIRING_WRONG_PHASE;
        }
        return WIRING_UNDECIDED;
    }
    // A motor on one phase looks like a heater on another.
    if (question->three_phase) {
        return WIRING_UNDECIDED;
    }
    const double turned_deg = wiring_wrap_deg(lag_deg - 180.0);
    if (lag_deg >= -capacitive_deg && lag_deg <= inductive_deg) {
        return WIRING_OK;
    }
    return turned_deg >= -capacitive_deg && turned_deg <= inductive_deg ? WIRING_REVERSED
                                                                        : WIRING_UNDECIDED;
}

/// The load was on and yet hardly anything came: nothing at all, or what cancels almost wholly.
static struct wiring_finding judge_silence(const struct wiring_doctor *doctor, double load_a,
                                           bool switched)
{
    const double n = doctor->steps.windows;
    const struct wiring_phasor mean = { doctor->total.in_phase_a / n,
                                        doctor->total.quadrature_a / n };
    const double rms_a = portable_sqrt(doctor->current_square / n);
    const struct wiring_phasor change = {
        (doctor->last[0].in_phase_a - doctor->first.in_phase_a) / END_WINDOWS,
        (doctor->last[0].quadrature_a - doctor->first.quadrature_a) / END_WINDOWS
    };
    const double variance = doctor->square.in_phase_a / n - mean.in_phase_a * mean.in_phase_a +
                            doctor->square.quadrature_a / n - mean.quadrature_a * mean.quadrature_a;
    // A change that follows the load raises the scatter itself.
    const double size = wiring_phasor_size(change);
    const double error = portable_sqrt((variance - 0.2 * size * size) / END_WINDOWS);
    if (switched && size > 8.0 * error && size > 0.1 * cancelled * load_a &&
        size < visible * load_a) {
        return (struct wiring_finding){ .verdict = WIRING_AROUND_BOTH, .load_a = size };
    }
    if (wiring_phasor_size(mean) > nothing * load_a || rms_a > hum * load_a) {
        return undecided(WIRING_LOAD_NOT_SEEN);
    }
    // Conductors that cancel leave a little: without being able to see so little, no verdict.
    return size > 4.0 * error || 6.0 * error > cancelled * load_a
               ? undecided(WIRING_LOAD_TOO_SMALL)
               : (struct wiring_finding){ .verdict = WIRING_UNPLUGGED };
}

/// Whether the end differs from the start by more than this step. Where a panel feeds in, it may.
static bool ends_elsewhere(const struct wiring_doctor *doctor,
                           const struct wiring_question *question, const struct wiring_step *step)
{
    const struct wiring_phasor rest = {
        (doctor->last[0].in_phase_a - doctor->first.in_phase_a) / END_WINDOWS -
            step->change.in_phase_a,
        (doctor->last[0].quadrature_a - doctor->first.quadrature_a) / END_WINDOWS -
            step->change.quadrature_a,
    };
    return !question->may_export &&
           wiring_phasor_size(rest) > 0.4 * wiring_phasor_size(step->change);
}

/// Where nothing exports, a step that says "right" and a total that flows backward, or the other
/// way round, cannot both be true: that step was another load going off.
static bool contradicts_total(const struct wiring_doctor *doctor,
                              const struct wiring_question *question, enum wiring_verdict verdict)
{
    return !question->may_export &&
           ((verdict == WIRING_OK && doctor->backward > 0) ||
            (verdict == WIRING_REVERSED && doctor->forward > 0 && !question->shared_neutral));
}

static struct wiring_finding
judge_switched(const struct wiring_doctor *doctor, const struct wiring_question *question,
               double voltage_v, const struct wiring_doctor *const *others, unsigned other_count)
{
    const double load_a = question->load_w / voltage_v;
    const struct wiring_step *step = largest(&doctor->steps);
    if (step == NULL || !(wiring_phasor_size(step->change) > visible * load_a)) {
        return judge_silence(doctor, load_a, true);
    }
    if (!is_size_of_load(wiring_phasor_size(step->change), load_a)) {
        return undecided(WIRING_LOAD_NOT_SEEN);
    }
    if (is_contested(&doctor->steps, step) || ends_elsewhere(doctor, question, step)) {
        return undecided(WIRING_ANOTHER_LOAD);
    }
    int phase_lag_deg = 0;
    const double lag_deg = wiring_phasor_lag_deg(step->change);
    struct wiring_finding finding = { .verdict = judge_angle(lag_deg, question, &phase_lag_deg) };
    if (finding.verdict == WIRING_UNDECIDED) {
        finding = undecided(WIRING_NOT_RESISTIVE);
    } else if (contradicts_total(doctor, question, finding.verdict)) {
        finding = undecided(WIRING_CHANGES_SIGN);
    } else if (finding.verdict == WIRING_REVERSED) {
        finding = tell_neutral(step, voltage_v, question, others, other_count);
    }
    finding.phase_lag_deg = phase_lag_deg;
    finding.lag_deg = lag_deg;
    finding.load_a = wiring_phasor_size(step->change);
    finding.exporting = finding.verdict == WIRING_OK && doctor->backward > 0;
    return finding;
}

/// The load was on all the time: the total decides, where it can only be the load.
static struct wiring_finding judge_running(const struct wiring_doctor *doctor,
                                           const struct wiring_question *question, double voltage_v)
{
    const double n = doctor->steps.windows;
    const double load_a = question->load_w / voltage_v;
    const struct wiring_phasor mean = { doctor->total.in_phase_a / n,
                                        doctor->total.quadrature_a / n };
    // What is fed in may also cancel what is drawn.
    if (question->may_export) {
        return undecided(WIRING_MAY_EXPORT);
    }
    const double size = wiring_phasor_size(mean);
    if (size < visible * load_a) {
        return judge_silence(doctor, load_a, false);
    }
    if (size * voltage_v < 0.6 * least_load_w || size < 0.6 * load_a) {
        return undecided(WIRING_LOAD_NOT_SEEN);
    }
    if (doctor->forward > 0 && doctor->backward > 0) {
        return undecided(WIRING_CHANGES_SIGN);
    }
    // What else is on turns the angle; only a load that is most of it may speak for a phase.
    if (question->three_phase && size > 1.7 * load_a) {
        return undecided(WIRING_ANOTHER_LOAD);
    }
    int phase_lag_deg = 0;
    const double lag_deg = wiring_phasor_lag_deg(mean);
    struct wiring_finding finding = { .verdict = judge_angle(lag_deg, question, &phase_lag_deg) };
    if (finding.verdict == WIRING_UNDECIDED) {
        finding = undecided(WIRING_NOT_RESISTIVE);
    } else if (question->shared_neutral) {
        // A mixture of phases in a neutral can have any angle.
        finding = undecided(WIRING_REVERSED_OR_NEUTRAL);
    }
    finding.phase_lag_deg = phase_lag_deg;
    finding.lag_deg = lag_deg;
    finding.load_a = size;
    return finding;
}

struct wiring_finding wiring_doctor_conclude(const struct wiring_doctor *doctor,
                                             const struct wiring_question *question,
                                             const struct wiring_doctor *const *others,
                                             unsigned other_count)
{
    if (doctor->voltage_clipped > 0) {
        return (struct wiring_finding){ .verdict = WIRING_VOLTAGE_CLIPPED };
    }
    const enum wiring_reason reason = judge_windows(doctor, question);
    if (reason != WIRING_CLEAR) {
        return undecided(reason);
    }
    const double voltage_v = doctor->voltage_v / doctor->steps.windows;
    return question->load_switched
               ? judge_switched(doctor, question, voltage_v, others, other_count)
               : judge_running(doctor, question, voltage_v);
}

const char *wiring_verdict_name(enum wiring_verdict verdict)
{
    static const char *const names[] = {
        [WIRING_OK] = "ok",
        [WIRING_REVERSED] = "reversed",
        [WIRING_WRONG_PHASE] = "wrong_phase",
        [WIRING_NEUTRAL] = "neutral",
        [WIRING_AROUND_BOTH] = "around_both",
        [WIRING_UNPLUGGED] = "unplugged",
        [WIRING_VOLTAGE_CLIPPED] = "voltage_clipped",
        [WIRING_UNDECIDED] = "undecided",
    };
    return names[verdict];
}

static const struct {
    const char *name;
    const char *advice;
} reasons[] = {
    [WIRING_CLEAR] = { "", "" },
    [WIRING_TOO_SHORT] = { "too_short", "Watch for at least fifteen seconds." },
    [WIRING_NO_REFERENCE] = { "no_reference", "Connect the voltage sensor." },
    [WIRING_CURRENT_CLIPPED] = { "current_clipped", "Use a smaller load or a larger sensor." },
    [WIRING_LOAD_TOO_SMALL] = { "load_too_small", "Use a load of 100 W or more." },
    [WIRING_LOAD_NOT_SEEN] = { "load_not_seen",
                               "Check that the load is on this circuit and its power is right." },
    [WIRING_ANOTHER_LOAD] = { "another_load", "Repeat while nothing else is being switched." },
    [WIRING_NOT_RESISTIVE] = { "not_resistive", "Repeat with a heater or a kettle." },
    [WIRING_MAY_EXPORT] = { "may_export", "Repeat, and switch the load on meanwhile." },
    [WIRING_CHANGES_SIGN] = { "changes_sign",
                              "Say that this channel may export, and switch a load on meanwhile." },
    [WIRING_REVERSED_OR_NEUTRAL] = { "reversed_or_neutral",
                                     "See whether the sensor is on a phase or on the neutral." },
};

const char *wiring_reason_name(enum wiring_reason reason)
{
    return reasons[reason].name;
}

const char *wiring_finding_advice(const struct wiring_finding *finding)
{
    switch (finding->verdict) {
    case WIRING_OK:
        return "Nothing to do.";
    case WIRING_REVERSED:
        return "Turn the current sensor round.";
    case WIRING_WRONG_PHASE:
        return finding->phase_lag_deg > 0
                   ? "Move the sensor: it is on the phase that comes 120 degrees later."
                   : "Move the sensor: it is on the phase that comes 120 degrees earlier.";
    case WIRING_NEUTRAL:
        return "Move the sensor from the shared neutral to a phase.";
    case WIRING_AROUND_BOTH:
        return "Put the sensor round one conductor only.";
    case WIRING_UNPLUGGED:
        return "Plug the sensor in, and see that it is on the load's conductor.";
    case WIRING_VOLTAGE_CLIPPED:
        return "Lower the voltage sensor's output.";
    case WIRING_UNDECIDED:
        return reasons[finding->reason].advice;
    }
    return "";
}
