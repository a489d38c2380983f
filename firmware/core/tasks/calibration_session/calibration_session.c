// SPDX-License-Identifier: MIT
#include "calibration_session.h"

#include <stddef.h>

#include "calibration_detail.h"

void calibration_session_init(struct calibration_session *session, const struct wiring *wiring,
                              double input_spacing_s, struct calibration_store *store,
                              struct calibration_workspace *workspace)
{
    *session = (struct calibration_session){
        .wiring = wiring, .store = store, .workspace = workspace, .input_spacing_s = input_spacing_s
    };
}

bool calibration_session_is_at_work(const struct calibration_session *session)
{
    return session->activity != CALIBRATION_IDLE || session->points > 0;
}

static const struct calibration_input *calibration_of(const struct calibration_session *session,
                                                      unsigned input)
{
    return &calibration_store_current(session->store)->input[input];
}

static double magnitude_of(double x)
{
    return x < 0.0 ? -x : x;
}

static double delay_of(const struct calibration_session *session, unsigned input)
{
    return input * session->input_spacing_s;
}

static bool is_measured(const struct calibration_session *session, unsigned channel)
{
    return channel < READING_CHANNEL_COUNT &&
           ((unsigned)wiring_channels(session->wiring) >> channel & 1u) != 0;
}

/// What is known of a channel before its load is looked at.
static struct calibration_known known_of(const struct calibration_session *session,
                                         const struct calibration_look *look)
{
    const struct wiring_channel *channel = &session->wiring->channel[session->channel];
    const struct calibration_correction voltage = calibration_at(
        calibration_of(session, channel->voltage_input), look->voltage_v, look->frequency_hz);
    return (struct calibration_known){
        .voltage_gain = magnitude_of(voltage.gain),
        .voltage_lead_rad = voltage.lead_rad,
        .delay_s =
            delay_of(session, channel->current_input) - delay_of(session, channel->voltage_input),
    };
}

/// The power factor of another meter follows from the rest that it shows.
static void complete(struct calibration_truth *truth)
{
    const double apparent = truth->voltage_v * truth->current_a;
    if (!truth->resistive && !(truth->power_factor > 0.0) && apparent > 0.0 &&
        truth->active_w > 0.0 && truth->active_w <= apparent) {
        truth->power_factor = truth->active_w / apparent;
    }
}

static void end_load(struct calibration_session *session)
{
    const struct calibration_look look = calibration_stage_look(&session->workspace->stage, 0.0);
    const struct calibration_known known = known_of(session, &look);
    struct calibration_point *point = &session->workspace->point[session->points];
    *point = calibration_fit_point(&session->workspace->stage, &session->truth, &known);
    calibration_fit_trend(point, &session->workspace->harmonics.response, &session->truth, &known);
    session->points++;
    session->activity = CALIBRATION_IDLE;
}

static void end_wiring(struct calibration_session *session)
{
    const struct wiring_doctor *others[READING_CHANNEL_COUNT];
    unsigned count = 0;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        if (n != session->channel && is_measured(session, n)) {
            others[count++] = &session->workspace->doctor[n];
        }
    }
    session->finding = wiring_doctor_conclude(&session->workspace->doctor[session->channel],
                                              &session->question, others, count);
    session->has_finding = true;
    session->activity = CALIBRATION_IDLE;
}

/// A sensor that is turned in the numbers counts as turned.
static struct raw_channel turned(const struct calibration_session *session,
                                 const struct raw_channel *raw, unsigned n)
{
    struct raw_channel channel = *raw;
    const struct wiring_channel *wired = &session->wiring->channel[n];
    const bool is_turned = (calibration_of(session, wired->voltage_input)->gain < 0.0) !=
                           (calibration_of(session, wired->current_input)->gain < 0.0);
    if (is_turned) {
        channel.in_phase_a = -channel.in_phase_a;
        channel.quadrature_a = -channel.quadrature_a;
        channel.active_w = -channel.active_w;
    }
    return channel;
}

void calibration_session_observe(struct calibration_session *session, const struct raw_channel *raw,
                                 double seconds)
{
    if (session->activity == CALIBRATION_IDLE || !(seconds > 0.0)) {
        return;
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        if (!is_measured(session, n)) {
            continue;
        }
        const struct raw_channel channel = turned(session, &raw[n], n);
        if (session->activity == CALIBRATION_WATCHING_WIRING) {
            wiring_doctor_observe(&session->workspace->doctor[n], &channel);
        } else if (n == session->channel) {
            calibration_stage_add(&session->workspace->stage, &channel);
        }
    }
    session->seconds_left -= seconds;
    if (session->seconds_left > 0.0) {
        return;
    }
    if (session->activity == CALIBRATION_WATCHING_LOAD) {
        end_load(session);
    } else {
        end_wiring(session);
    }
}

void calibration_session_take_bins(struct calibration_session *session,
                                   const struct spectrum_bins *bins)
{
    if (session->activity == CALIBRATION_WATCHING_LOAD) {
        calibration_harmonics_take(&session->workspace->harmonics, bins);
    }
}

uint16_t calibration_session_wants(const struct calibration_session *session)
{
    const struct wiring_channel *wired = &session->wiring->channel[session->channel];
    if (session->activity != CALIBRATION_WATCHING_LOAD) {
        return 0;
    }
    return (uint16_t)(1u << wired->voltage_input | 1u << wired->current_input);
}

/// A point that came to nothing makes room for another try.
static void drop_refused(struct calibration_session *session)
{
    while (session->points > 0 &&
           session->workspace->point[session->points - 1].verdict != CALIBRATION_FOUND) {
        session->points--;
    }
}

static void begin_channel(struct calibration_session *session, uint8_t channel)
{
    if (session->channel != channel) {
        session->points = 0;
        session->has_finding = false;
    }
    session->channel = channel;
}

static enum calibration_method method_of(const struct calibration_truth *truth)
{
    return truth->current_a > 0.0 || truth->active_w > 0.0 || truth->voltage_v > 0.0
               ? CALIBRATION_METHOD_REFERENCE
           : truth->rated_w > 0.0 ? CALIBRATION_METHOD_LOAD
                                  : CALIBRATION_METHOD_RESISTIVE;
}

static enum status begin_load(struct calibration_session *session,
                              const struct metering_request *request, const char **reason)
{
    begin_channel(session, request->channel);
    drop_refused(session);
    if (session->points == CALIBRATION_POINT_LIMIT) {
        *reason = "no more points fit: apply or cancel";
        return STATUS_BUSY;
    }
    session->truth = request->truth;
    complete(&session->truth);
    session->method = method_of(&session->truth);
    session->workspace->stage = (struct calibration_stage){ .windows = 0 };
    const struct wiring_channel *wired = &session->wiring->channel[session->channel];
    calibration_harmonics_begin(&session->workspace->harmonics, wired->voltage_input,
                                wired->current_input);
    session->seconds_left = request->seconds;
    session->activity = CALIBRATION_WATCHING_LOAD;
    return STATUS_OK;
}

static enum status begin_wiring(struct calibration_session *session,
                                const struct metering_request *request)
{
    static const struct wiring_doctor fresh = { .unsound = 0 };
    begin_channel(session, request->channel);
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        session->workspace->doctor[n] = fresh;
    }
    session->question = request->question;
    session->has_finding = false;
    session->seconds_left = request->seconds;
    session->activity = CALIBRATION_WATCHING_WIRING;
    return STATUS_OK;
}

struct calibration_curve calibration_session_curve(const struct calibration_session *session)
{
    const unsigned input = session->wiring->channel[session->channel].current_input;
    return calibration_fit_curve(session->workspace->point, session->points,
                                 delay_of(session, input), calibration_of(session, input));
}

/// The voltage's gain where a point tells it: of the newest that does.
static bool find_voltage(const struct calibration_session *session, unsigned input,
                         struct calibration_input *out)
{
    *out = *calibration_of(session, input);
    out->delay_s = delay_of(session, input);
    for (uint32_t i = session->points; i-- > 0;) {
        if (session->workspace->point[i].has_voltage_gain) {
            out->gain = out->gain < 0.0 ? -session->workspace->point[i].voltage_gain
                                        : session->workspace->point[i].voltage_gain;
            return true;
        }
    }
    return false;
}

static struct calibration_change change_of(const struct calibration_session *session,
                                           const struct metering_request *request, unsigned input)
{
    struct calibration_change change = { .utc_s = request->utc_s,
                                         .input = (uint8_t)input,
                                         .method = session->method };
    for (unsigned i = 0; i < CALIBRATION_STORE_WHO_SIZE; i++) {
        change.who[i] = request->who[i];
    }
    return change;
}

static bool has_current(const struct calibration_session *session)
{
    for (uint32_t i = 0; i < session->points; i++) {
        if (session->workspace->point[i].has_gain || session->workspace->point[i].has_lead) {
            return true;
        }
    }
    return false;
}

static enum status apply(struct calibration_session *session,
                         const struct metering_request *request, const char **reason)
{
    if (session->channel != request->channel || session->points == 0) {
        *reason = "there is nothing to apply: calibrate first";
        return STATUS_INVALID;
    }
    const struct wiring_channel *wired = &session->wiring->channel[session->channel];
    const struct calibration_curve curve = calibration_session_curve(session);
    const bool with_current = has_current(session);
    if (with_current && curve.verdict != CALIBRATION_FOUND) {
        *reason = calibration_verdict_advice(curve.verdict);
        return STATUS_INVALID;
    }
    struct calibration_input voltage;
    enum status status = STATUS_OK;
    const bool with_voltage = find_voltage(session, wired->voltage_input, &voltage);
    if (!with_current && !with_voltage) {
        *reason =
            calibration_verdict_advice(session->workspace->point[session->points - 1].verdict);
        return STATUS_INVALID;
    }
    if (with_voltage) {
        const struct calibration_change change = change_of(session, request, wired->voltage_input);
        status = calibration_store_apply(session->store, &voltage, &change);
    }
    if (status == STATUS_OK && with_current) {
        struct calibration_change change = change_of(session, request, wired->current_input);
        change.gain_error_percent = (float)curve.gain_error_percent;
        change.lead_error_deg = (float)curve.lead_error_deg;
        status = calibration_store_apply(session->store, &curve.input, &change);
    }
    if (status != STATUS_OK) {
        *reason = "the calibration could not be kept";
        return status;
    }
    session->points = 0;
    return STATUS_OK;
}

static enum status execute(struct calibration_session *session,
                           const struct metering_request *request, const char **reason)
{
    if (!is_measured(session, request->channel)) {
        *reason = "this channel is not measured";
        return STATUS_INVALID;
    }
    if (request->action == METERING_TELL) {
        return STATUS_OK;
    }
    if (request->action == METERING_CANCEL) {
        session->activity = CALIBRATION_IDLE;
        session->points = 0;
        session->has_finding = false;
        return STATUS_OK;
    }
    if (session->activity != CALIBRATION_IDLE) {
        *reason = "a measurement is under way: wait or cancel";
        return STATUS_BUSY;
    }
    if (request->action == METERING_APPLY) {
        return apply(session, request, reason);
    }
    if (request->seconds < CALIBRATION_SECONDS_LEAST ||
        request->seconds > CALIBRATION_SECONDS_MOST) {
        *reason = "seconds must be 3 to 300";
        return STATUS_INVALID;
    }
    return request->action == METERING_CALIBRATE ? begin_load(session, request, reason)
                                                 : begin_wiring(session, request);
}

void calibration_session_answer(struct calibration_session *session,
                                const struct metering_request *request,
                                struct metering_answer *answer)
{
    size_t size = 0;
    answer->status = execute(session, request, &answer->reason);
    const bool has_channel = is_measured(session, request->channel);
    answer->detail_size =
        has_channel && calibration_detail_write(session, request->channel, answer->detail,
                                                sizeof answer->detail, &size) == STATUS_OK
            ? (uint32_t)size
            : 0;
}
