// SPDX-License-Identifier: MIT
#include "linearity_detail.h"

#include "json_writer.h"
#include "portable_math.h"

static void write_codes(struct json_writer *json, const char *name, double codes)
{
    json_writer_decimal(json, name, portable_round(codes * 100.0), 2);
}

static void write_verdict(struct json_writer *json, enum linearity_verdict verdict)
{
    json_writer_string(json, "verdict", linearity_verdict_name(verdict));
    json_writer_string(json, "advice", linearity_verdict_advice(verdict));
}

static void write_swing(struct json_writer *json, const struct linearity_swing *swing,
                        bool is_counted)
{
    json_writer_begin_object(json, NULL);
    json_writer_string(json, "input", swing->is_voltage ? "voltage" : "current");
    if (!swing->is_voltage) {
        json_writer_unsigned(json, "channel", swing->channel);
    }
    json_writer_decimal(json, "seconds", portable_round(swing->seconds * 10.0), 1);
    if (!is_counted) {
        write_verdict(json, swing->verdict);
    }
    if (!is_counted && swing->verdict == LINEARITY_FOUND) {
        json_writer_integer(json, "from_code", swing->from_code);
        json_writer_integer(json, "to_code", swing->to_code);
    }
    json_writer_end_object(json);
}

static void write_result(struct json_writer *json, const struct linearity_session *session)
{
    const struct linearity_estimate *estimate = &session->parts.workspace->estimate;
    json_writer_begin_object(json, "result");
    write_verdict(json, session->verdict);
    if (session->verdict == LINEARITY_FOUND || session->verdict == LINEARITY_CONTRADICTORY) {
        const int32_t cell = (int32_t)estimate->cell_codes;
        json_writer_boolean(json, "separated", estimate->separated);
        write_codes(json, "largest_codes", estimate->largest_codes);
        write_codes(json, "disagreement_codes", estimate->disagreement_codes);
        json_writer_integer(json, "from_code",
                            estimate->code_min + (int32_t)estimate->first * cell);
        json_writer_integer(json, "to_code", estimate->code_min + (int32_t)estimate->last * cell);
    }
    json_writer_end_object(json);
}

static void write_change(struct json_writer *json, const struct linearity_note *note)
{
    if (note->number == 0) {
        json_writer_null(json, "last_change");
        return;
    }
    json_writer_begin_object(json, "last_change");
    json_writer_unsigned(json, "number", note->number);
    json_writer_string(json, "who", note->who);
    if (note->utc_s > 0) {
        json_writer_integer(json, "utc_s", note->utc_s);
    } else {
        json_writer_null(json, "utc_s");
    }
    json_writer_unsigned(json, "swings", note->swings);
    write_codes(json, "largest_codes", (double)note->largest_codes);
    write_codes(json, "disagreement_codes", (double)note->disagreement_codes);
    json_writer_end_object(json);
}

enum status linearity_detail_write(const struct linearity_session *session, char *out,
                                   size_t capacity, size_t *size)
{
    const bool is_idle = session->activity == LINEARITY_IDLE;
    const struct linearity_note *note = linearity_store_note(&session->store);
    const double left = session->seconds_left > 0.0 && !is_idle ? session->seconds_left : 0.0;
    struct json_writer json;
    json_writer_init(&json, out, capacity);
    json_writer_begin_object(&json, NULL);
    json_writer_string(&json, "activity", linearity_activity_name(session->activity));
    json_writer_decimal(&json, "remaining_s", portable_round(left * 10.0), 1);
    json_writer_begin_array(&json, "swings");
    for (uint32_t k = 0; k < session->gathered; k++) {
        write_swing(&json, &session->swing[k], !is_idle && k >= session->swings);
    }
    json_writer_end_array(&json);
    if (is_idle && session->gathered > 0) {
        write_result(&json, session);
    }
    json_writer_boolean(&json, "in_force", note->swings > 0);
    write_change(&json, note);
    json_writer_end_object(&json);
    return json_writer_finish(&json, size);
}
