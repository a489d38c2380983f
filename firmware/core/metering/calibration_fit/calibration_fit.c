// SPDX-License-Identifier: MIT
#include "calibration_fit.h"

#include "portable_math.h"

static const double pi = 3.14159265358979323846;

/// Limits of what counts as a calibration.
static const double scatter_limit = 0.02;        // A heater's admittance drifts less.
static const double error_limit = 0.002;         // 0.2 %, 0.1 degree.
static const double resistive_lead_limit = 0.14; // 8 degrees: transformers lead by up to 5.
static const double resistive_excess_limit = 0.03;
static const double gain_limit = 2.0;
static const double contradiction_limit = 0.05;

static double magnitude_of(double x)
{
    return x < 0.0 ? -x : x;
}

static bool is_known(double x)
{
    return x > 0.0 && x < 1e9;
}

static bool is_plausible(double gain)
{
    return gain > 1.0 / gain_limit && gain < gain_limit;
}

/// What is wrong with the windows themselves.
static enum calibration_verdict judge_stage(const struct calibration_stage *stage,
                                            const struct calibration_look *look)
{
    if (stage->without_reference > stage->windows) {
        return CALIBRATION_NO_REFERENCE;
    }
    if (stage->voltage_clipped > 0 || stage->current_clipped > 0) {
        return CALIBRATION_CLIPPED;
    }
    if (stage->windows < CALIBRATION_WINDOWS_LEAST) {
        return CALIBRATION_TOO_SHORT;
    }
    return look->voltage1_v > 0.0 ? CALIBRATION_FOUND : CALIBRATION_NO_REFERENCE;
}

/// What is wrong with the load, when its current is to be compared.
static enum calibration_verdict judge_load(const struct calibration_look *look, double noise_a)
{
    if (!(look->current1_a > 3.0 * noise_a) || !(look->current1_a > 0.0)) {
        return CALIBRATION_TOO_SMALL;
    }
    if (look->scatter > 10.0 * scatter_limit) {
        return CALIBRATION_UNSTABLE;
    }
    if (look->error > error_limit) {
        // Noise scatters a small current, a change a large one.
        return look->scatter > scatter_limit && look->current1_a > 30.0 * noise_a && noise_a > 0.0
                   ? CALIBRATION_UNSTABLE
                   : CALIBRATION_TOO_SMALL;
    }
    return look->scatter > scatter_limit ? CALIBRATION_UNSTABLE : CALIBRATION_FOUND;
}

static double wrap(double angle)
{
    while (angle > pi) {
        angle -= 2.0 * pi;
    }
    while (angle < -pi) {
        angle += 2.0 * pi;
    }
    return angle;
}

static enum calibration_verdict judge_resistive(const struct calibration_look *look, double lead)
{
    if (magnitude_of(lead) > pi - resistive_lead_limit) {
        return CALIBRATION_REVERSED;
    }
    if (magnitude_of(lead) > resistive_lead_limit ||
        look->harmonic_excess > resistive_excess_limit) {
        return CALIBRATION_NOT_RESISTIVE;
    }
    return CALIBRATION_FOUND;
}

/// The voltage across the load, as well as it is known.
static double true_voltage(const struct calibration_look *look,
                           const struct calibration_truth *truth,
                           const struct calibration_known *known)
{
    return is_known(truth->voltage_v) ? truth->voltage_v : look->voltage_v * known->voltage_gain;
}

/// The power of the load, or 0.
static double true_power(const struct calibration_truth *truth, double voltage_v)
{
    if (is_known(truth->active_w)) {
        return truth->active_w;
    }
    if (truth->resistive && is_known(truth->rated_w)) {
        const double ratio = is_known(truth->rated_v) ? voltage_v / truth->rated_v : 1.0;
        return truth->rated_w * ratio * ratio;
    }
    return 0.0;
}

/// The current through the wire, or 0; `*disagreement` is how far two ways to it differ.
static double true_current(const struct calibration_look *look,
                           const struct calibration_truth *truth, double voltage_v,
                           double *disagreement)
{
    const double power_w = true_power(truth, voltage_v);
    double power_factor = magnitude_of(truth->power_factor);
    if (!(power_factor > 0.0 && power_factor <= 1.0)) {
        // Without a word on it, a resistive load's is 1; of any other, only what was measured.
        const double apparent = look->voltage_v * look->current_a;
        power_factor =
            truth->resistive || !(apparent > 0.0) ? 1.0 : magnitude_of(look->active_w) / apparent;
    }
    const double from_power = power_w > 0.0 && voltage_v > 0.0 && power_factor > 0.05
                                  ? power_w / (voltage_v * power_factor)
                                  : 0.0;
    if (!is_known(truth->current_a)) {
        return from_power;
    }
    if (from_power > 0.0) {
        *disagreement = magnitude_of(from_power / truth->current_a - 1.0);
    }
    return truth->current_a;
}

/// The lead from the power factor of another meter: worth it only far from 1, where the angle
/// shows, and taken for the side on which it was measured.
static bool lead_from_power_factor(const struct calibration_truth *truth, double lead, double *out)
{
    const double factor = truth->power_factor;
    if (truth->resistive || !(magnitude_of(factor) > 0.05 && magnitude_of(factor) < 0.9)) {
        return false;
    }
    const double angle = portable_atan2(portable_sqrt(1.0 - factor * factor), factor);
    *out = wrap(lead - (lead < 0.0 ? -angle : angle));
    return magnitude_of(*out) < resistive_lead_limit;
}

static void fit_phase(struct calibration_point *point, const struct calibration_look *look,
                      const struct calibration_truth *truth, const struct calibration_known *known)
{
    // What is sampled later appears earlier.
    const double lead = wrap(look->lead_rad - 2.0 * pi * look->frequency_hz * known->delay_s +
                             known->voltage_lead_rad);
    if (truth->resistive) {
        point->verdict = judge_resistive(look, lead);
        point->lead_rad = lead;
        point->has_lead = true;
    } else {
        point->has_lead = lead_from_power_factor(truth, lead, &point->lead_rad);
    }
    point->lead_error_deg = point->has_lead ? 2.0 * look->error * 180.0 / pi : 0.0;
}

static void fit_gain(struct calibration_point *point, const struct calibration_look *look,
                     const struct calibration_truth *truth, const struct calibration_known *known)
{
    const double turns = is_known(truth->turns) ? truth->turns : 1.0;
    double disagreement = 0.0;
    const double current_a =
        turns * true_current(look, truth, true_voltage(look, truth, known), &disagreement);
    point->magnitude_a = look->current_a;
    if (!(current_a > 0.0) || !(look->current_a > 0.0)) {
        return;
    }
    point->gain = current_a / look->current_a;
    point->magnitude_a = current_a;
    point->has_gain = true;
    point->gain_error_percent = 100.0 * (2.0 * look->error + disagreement);
    if (disagreement > contradiction_limit) {
        point->verdict = CALIBRATION_CONTRADICTION;
    } else if (!is_plausible(point->gain)) {
        point->verdict = CALIBRATION_IMPLAUSIBLE;
    }
}

struct calibration_point calibration_fit_point(const struct calibration_stage *stage,
                                               const struct calibration_truth *truth,
                                               const struct calibration_known *known)
{
    const struct calibration_look look = calibration_stage_look(stage, known->noise_a);
    struct calibration_point point = { .verdict = judge_stage(stage, &look),
                                       .frequency_hz = look.frequency_hz,
                                       .sensor = truth->sensor };
    if (point.verdict != CALIBRATION_FOUND) {
        return point;
    }
    if (is_known(truth->voltage_v)) {
        point.has_voltage_gain = true;
        point.voltage_gain = truth->voltage_v / look.voltage_v;
        if (!is_plausible(point.voltage_gain)) {
            point.verdict = CALIBRATION_IMPLAUSIBLE;
            return point;
        }
    }
    const bool compares_current = truth->resistive || is_known(truth->current_a) ||
                                  is_known(truth->active_w) || is_known(truth->rated_w);
    if (!compares_current) {
        point.verdict = point.has_voltage_gain ? CALIBRATION_FOUND : CALIBRATION_NOTHING_KNOWN;
        return point;
    }
    point.verdict = judge_load(&look, known->noise_a);
    if (point.verdict == CALIBRATION_FOUND) {
        fit_phase(&point, &look, truth, known);
    }
    if (point.verdict == CALIBRATION_FOUND) {
        fit_gain(&point, &look, truth, known);
    }
    return point;
}

void calibration_fit_trend(struct calibration_point *point,
                           const struct calibration_response *response,
                           const struct calibration_truth *truth,
                           const struct calibration_known *known)
{
    // How the voltage's own sensor goes on beyond 90 Hz is not known.
    const bool fits = point->verdict == CALIBRATION_FOUND && point->has_lead && truth->resistive &&
                      known->voltage_lead_rad == 0.0;
    point->trend = (struct calibration_trend){ .known = false };
    if (fits) {
        point->trend = calibration_response_trend(response, known->delay_s);
    }
}

/// Points, and how their leads go on at other frequencies.
struct extended {
    const struct calibration_point *points;
    unsigned count;
    struct calibration_extension extension;
};

static float lead_at(const struct extended *extended, unsigned index, double frequency_hz)
{
    return extended->points[index].has_lead
               ? (float)calibration_extension_lead(&extended->extension, extended->points, index,
                                                   frequency_hz)
               : 0.0f;
}

static struct calibration_knot knot_of(const struct extended *extended, unsigned index, double gain)
{
    const struct calibration_point *point = &extended->points[index];
    const double ratio = point->has_gain ? point->gain / gain : 1.0;
    struct calibration_knot knot = {
        // By nominal scale and the input's gain, as calibration_at() looks it up.
        .magnitude =
            (float)(point->has_gain ? point->magnitude_a / ratio : point->magnitude_a * gain),
        .gain = (float)ratio,
        .lead_50hz_rad = lead_at(extended, index, 50.0),
        .lead_60hz_rad = lead_at(extended, index, 60.0),
    };
    for (unsigned other = 0; other < extended->count; other++) {
        if (calibration_are_partners(point, &extended->points[other])) {
            if (calibration_is_at_60hz(&extended->points[other])) {
                knot.lead_60hz_rad = lead_at(extended, other, 60.0);
            } else {
                knot.lead_50hz_rad = lead_at(extended, other, 50.0);
            }
        }
    }
    return knot;
}

/// The gain of the whole input: that of the largest current with one, where sensors are best.
static double main_gain(const struct calibration_point *points, unsigned count, double before)
{
    double gain = before;
    double magnitude = 0.0;
    for (unsigned i = 0; i < count; i++) {
        if (points[i].has_gain && points[i].magnitude_a > magnitude) {
            gain = points[i].gain;
            magnitude = points[i].magnitude_a;
        }
    }
    return gain;
}

static bool is_second_of_pair(const struct calibration_point *points, unsigned index)
{
    for (unsigned earlier = 0; earlier < index; earlier++) {
        if (calibration_are_partners(&points[index], &points[earlier])) {
            return true;
        }
    }
    return false;
}

/// Puts `knot` where it belongs by its magnitude.
static void insert(struct calibration_input *input, const struct calibration_knot *knot)
{
    uint32_t at = input->knots;
    while (at > 0 && input->knot[at - 1].magnitude > knot->magnitude) {
        input->knot[at] = input->knot[at - 1];
        at--;
    }
    input->knot[at] = *knot;
    input->knots++;
}

static bool has_near_knots(const struct calibration_input *input)
{
    for (uint32_t i = 1; i < input->knots; i++) {
        if (!(input->knot[i].magnitude > 1.1f * input->knot[i - 1].magnitude)) {
            return true;
        }
    }
    return false;
}

/// Gain alone: the curve of before stays, and at this current the new gain holds.
static struct calibration_input rescale(const struct calibration_input *before,
                                        const struct calibration_point *point, double delay_s)
{
    struct calibration_input input = *before;
    const double shape =
        calibration_at(before, point->magnitude_a, point->frequency_hz).gain / before->gain;
    input.gain = point->gain / shape;
    input.delay_s = delay_s;
    return input;
}

/// The first point that was refused, or CALIBRATION_FOUND.
static enum calibration_verdict first_refusal(const struct calibration_point *points,
                                              unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (points[i].verdict != CALIBRATION_FOUND) {
            return points[i].verdict;
        }
    }
    return CALIBRATION_FOUND;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/// Puts every point that tells of the current into the curve.
static void insert_all(struct calibration_curve *curve, const struct extended *extended)
{
    for (unsigned i = 0; i < extended->count; i++) {
        const struct calibration_point *point = &extended->points[i];
        curve->gain_error_percent = larger(curve->gain_error_percent, point->gain_error_percent);
        curve->lead_error_deg = larger(curve->lead_error_deg, point->lead_error_deg);
        if ((point->has_lead || point->has_gain) && !is_second_of_pair(extended->points, i)) {
            const struct calibration_knot knot = knot_of(extended, i, curve->input.gain);
            insert(&curve->input, &knot);
        }
    }
}

struct calibration_curve calibration_fit_curve(const struct calibration_point *points,
                                               unsigned count, double delay_s,
                                               const struct calibration_input *before)
{
    struct calibration_curve curve = { .verdict = CALIBRATION_NOTHING_KNOWN };
    unsigned used = 0;
    unsigned last = 0;
    unsigned leads = 0;
    if (count == 0 || count > CALIBRATION_POINT_LIMIT) {
        return curve;
    }
    const enum calibration_verdict refusal = first_refusal(points, count);
    if (refusal != CALIBRATION_FOUND) {
        curve.verdict = refusal;
        return curve;
    }
    for (unsigned i = 0; i < count; i++) {
        leads += points[i].has_lead ? 1 : 0;
        used += points[i].has_lead || points[i].has_gain ? 1 : 0;
        last = points[i].has_lead || points[i].has_gain ? i : last;
    }
    const struct extended extended = { points, count, calibration_extend(points, count) };
    curve.input =
        (struct calibration_input){ .gain = main_gain(points, count, magnitude_of(before->gain)),
                                    .delay_s = delay_s + extended.extension.delay_s };
    curve.law = extended.extension.law;
    curve.lead_error_45hz_deg = extended.extension.error_45hz_deg;
    curve.lead_error_65hz_deg = extended.extension.error_65hz_deg;
    insert_all(&curve, &extended);
    if (curve.input.knots == 0) {
        return curve;
    }
    if (used == 1 && leads == 0) {
        curve.input = rescale(before, &points[last], delay_s);
    } else if (leads != used) {
        return curve;
    }
    curve.verdict = has_near_knots(&curve.input) ? CALIBRATION_POINTS_TOO_NEAR : CALIBRATION_FOUND;
    if (before->gain < 0.0) {
        curve.input.gain = -curve.input.gain;
    }
    return curve;
}

static const struct {
    const char *name;
    const char *advice;
} verdicts[] = {
    [CALIBRATION_FOUND] = { "found", "Apply it." },
    [CALIBRATION_TOO_SHORT] = { "too_short", "Let the load run for at least ten seconds." },
    [CALIBRATION_NO_REFERENCE] = { "no_reference",
                                   "Connect the voltage sensor and check the mains." },
    [CALIBRATION_CLIPPED] = { "clipped", "Lower the sensor's output: codes reach the rail." },
    [CALIBRATION_UNSTABLE] = { "unstable", "Use a load that neither switches nor warms up." },
    [CALIBRATION_TOO_SMALL] = { "too_small",
                                "Use a larger load, or lead the wire through more often." },
    [CALIBRATION_NOT_RESISTIVE] = { "not_resistive", "Use a heater or a kettle." },
    [CALIBRATION_REVERSED] = { "reversed", "Turn the current sensor round, then repeat." },
    [CALIBRATION_NOTHING_KNOWN] = { "nothing_known",
                                    "Say what the load or the other meter shows." },
    [CALIBRATION_IMPLAUSIBLE] = { "implausible",
                                  "Check the number, the sensor's range and its scale." },
    [CALIBRATION_CONTRADICTION] = { "contradiction",
                                    "Check the numbers: they do not fit each other." },
    [CALIBRATION_POINTS_TOO_NEAR] = { "points_too_near",
                                      "Use currents that differ by 10 percent or more." },
};

const char *calibration_verdict_name(enum calibration_verdict verdict)
{
    return verdicts[verdict].name;
}

const char *calibration_verdict_advice(enum calibration_verdict verdict)
{
    return verdicts[verdict].advice;
}
