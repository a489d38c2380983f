// SPDX-License-Identifier: MIT
#include "calibration_detail.h"

#include "json_writer.h"
#include "portable_math.h"

static const double degrees_per_rad = 57.29577951308232;

static void write_number(struct json_writer *json, const char *name, double value,
                         unsigned decimals)
{
    double scale = 1.0;
    for (unsigned i = 0; i < decimals; i++) {
        scale *= 10.0;
    }
    json_writer_decimal(json, name, portable_round(value * scale), decimals);
}

static void write_point(struct json_writer *json, const struct calibration_point *point)
{
    json_writer_begin_object(json, NULL);
    json_writer_string(json, "verdict", calibration_verdict_name(point->verdict));
    json_writer_string(json, "advice", calibration_verdict_advice(point->verdict));
    if (point->verdict == CALIBRATION_FOUND) {
        write_number(json, "frequency_hz", point->frequency_hz, 3);
        write_number(json, "current_a", point->magnitude_a, 4);
        if (point->has_voltage_gain) {
            write_number(json, "voltage_gain", point->voltage_gain, 6);
        }
        if (point->has_gain) {
            write_number(json, "gain", point->gain, 6);
            write_number(json, "gain_error_percent", point->gain_error_percent, 4);
        }
        if (point->has_lead) {
            write_number(json, "lead_deg", point->lead_rad * degrees_per_rad, 4);
            write_number(json, "lead_error_deg", point->lead_error_deg, 4);
        }
    }
    json_writer_end_object(json);
}

static void write_input(struct json_writer *json, const char *name,
                        const struct calibration_input *input)
{
    json_writer_begin_object(json, name);
    write_number(json, "gain", input->gain, 6);
    write_number(json, "delay_us", input->delay_s * 1e6, 3);
    json_writer_begin_array(json, "knots");
    for (uint32_t i = 0; i < input->knots; i++) {
        const struct calibration_knot *knot = &input->knot[i];
        json_writer_begin_object(json, NULL);
        write_number(json, "at", (double)knot->magnitude, 3);
        write_number(json, "gain", (double)knot->gain, 5);
        write_number(json, "lead_50hz_deg", (double)knot->lead_50hz_rad * degrees_per_rad, 3);
        write_number(json, "lead_60hz_deg", (double)knot->lead_60hz_rad * degrees_per_rad, 3);
        json_writer_end_object(json);
    }
    json_writer_end_array(json);
    json_writer_end_object(json);
}

static void write_finding(struct json_writer *json, const struct wiring_finding *finding)
{
    json_writer_begin_object(json, "wiring");
    json_writer_string(json, "verdict", wiring_verdict_name(finding->verdict));
    json_writer_string(json, "reason", wiring_reason_name(finding->reason));
    json_writer_string(json, "advice", wiring_finding_advice(finding));
    write_number(json, "lag_deg", finding->lag_deg, 1);
    write_number(json, "load_a", finding->load_a, 3);
    json_writer_integer(json, "phase_lag_deg", finding->phase_lag_deg);
    json_writer_boolean(json, "exporting", finding->exporting);
    json_writer_end_object(json);
}

static void write_history(struct json_writer *json, const struct calibration_session *session,
                          uint8_t channel)
{
    const struct wiring_channel *wired = &session->wiring->channel[channel];
    const struct calibration_change *change = calibration_store_change(session->store, 0);
    json_writer_begin_array(json, "history");
    for (uint32_t age = 0; change != NULL;
         change = calibration_store_change(session->store, ++age)) {
        if (change->input != wired->voltage_input && change->input != wired->current_input) {
            continue;
        }
        json_writer_begin_object(json, NULL);
        json_writer_unsigned(json, "number", change->number);
        json_writer_string(json, "input",
                           change->input == wired->current_input ? "current" : "voltage");
        json_writer_string(json, "method", calibration_method_name(change->method));
        json_writer_string(json, "who", change->who);
        if (change->utc_s > 0) {
            json_writer_integer(json, "utc_s", change->utc_s);
        } else {
            json_writer_null(json, "utc_s");
        }
        write_number(json, "old_gain", (double)change->old_gain, 5);
        write_number(json, "new_gain", (double)change->new_gain, 5);
        write_number(json, "old_lead_deg", (double)change->old_lead_rad * degrees_per_rad, 3);
        write_number(json, "new_lead_deg", (double)change->new_lead_rad * degrees_per_rad, 3);
        write_number(json, "gain_error_percent", (double)change->gain_error_percent, 3);
        write_number(json, "lead_error_deg", (double)change->lead_error_deg, 3);
        json_writer_end_object(json);
    }
    json_writer_end_array(json);
}

/// What is known of the phase, and of how it goes on at other frequencies.
static void write_phase(struct json_writer *json, const struct calibration_curve *curve)
{
    write_number(json, "lead_error_deg", curve->lead_error_deg, 4);
    json_writer_string(json, "law", calibration_law_name(curve->law));
    if (curve->law != CALIBRATION_LAW_NONE) {
        write_number(json, "lead_error_45hz_deg", curve->lead_error_45hz_deg, 4);
        write_number(json, "lead_error_65hz_deg", curve->lead_error_65hz_deg, 4);
        write_number(json, "delay_us", curve->input.delay_s * 1e6, 3);
    }
}

static void write_points(struct json_writer *json, const struct calibration_session *session)
{
    json_writer_begin_array(json, "points");
    for (uint32_t i = 0; i < session->points; i++) {
        write_point(json, &session->workspace->point[i]);
    }
    json_writer_end_array(json);
    if (session->points > 0) {
        const struct calibration_curve curve = calibration_session_curve(session);
        json_writer_begin_object(json, "result");
        json_writer_string(json, "verdict", calibration_verdict_name(curve.verdict));
        json_writer_string(json, "advice", calibration_verdict_advice(curve.verdict));
        if (curve.verdict == CALIBRATION_FOUND) {
            write_number(json, "gain", curve.input.gain, 6);
            write_number(json, "gain_error_percent", curve.gain_error_percent, 4);
            write_phase(json, &curve);
        }
        json_writer_end_object(json);
    }
}

static const char *name_activity(enum calibration_activity activity)
{
    switch (activity) {
    case CALIBRATION_IDLE:
        return "idle";
    case CALIBRATION_WATCHING_LOAD:
        return "calibrating";
    case CALIBRATION_WATCHING_WIRING:
        return "checking_wiring";
    }
    return "idle";
}

enum status calibration_detail_write(const struct calibration_session *session, uint8_t channel,
                                     char *out, size_t capacity, size_t *size)
{
    const struct calibration *current = calibration_store_current(session->store);
    const struct wiring_channel *wired = &session->wiring->channel[channel];
    const bool is_own = session->channel == channel;
    struct json_writer json;
    json_writer_init(&json, out, capacity);
    json_writer_begin_object(&json, NULL);
    json_writer_unsigned(&json, "channel", channel);
    json_writer_string(&json, "activity", name_activity(session->activity));
    write_number(&json, "remaining_s",
                 session->activity != CALIBRATION_IDLE ? session->seconds_left : 0.0, 1);
    if (is_own) {
        write_points(&json, session);
    }
    if (is_own && session->has_finding) {
        write_finding(&json, &session->finding);
    }
    json_writer_begin_object(&json, "in_force");
    write_input(&json, "voltage", &current->input[wired->voltage_input]);
    write_input(&json, "current", &current->input[wired->current_input]);
    json_writer_end_object(&json);
    write_history(&json, session, channel);
    json_writer_end_object(&json);
    return json_writer_finish(&json, size);
}
