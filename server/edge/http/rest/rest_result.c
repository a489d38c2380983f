// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "rest_handlers.h"

/// What a command is about: the words and sentences for what only that can answer, and which part
/// of the device's result goes on.
struct subject {
    const char *busy;
    const char *busy_message;
    const char *invalid;
    const char *invalid_message;
    const char *failed_message;
    bool speaks;   ///< The device's reason is the message for people.
    bool measures; ///< So it is, and the result has a `detail` and a reason for people, instead of
                   ///< relays.
};

static const struct subject RELAYS = {
    .busy = "relay_busy",
    .busy_message = "A relay changed a moment ago and must rest; nothing moved.",
    .invalid = "invalid_command",
    .invalid_message = "The device does not know this command or relay.",
    .failed_message = "The device's relay register did not answer.",
};

static const struct subject CALIBRATION = {
    .busy = "calibration_busy",
    .busy_message = "The device is measuring already: wait or cancel.",
    .invalid = "invalid_calibration",
    .invalid_message = "The device cannot do this.",
    .failed_message = "The device could not keep the calibration.",
    .measures = true,
};

static const struct subject LINEARITY = {
    .busy = "linearity_busy",
    .busy_message = "The device is measuring already: wait or cancel.",
    .invalid = "invalid_linearity",
    .invalid_message = "The device cannot do this.",
    .failed_message = "The device could not keep the table.",
    .measures = true,
};

static const struct subject DEMAND = {
    .busy = "device_busy",
    .busy_message = "The device is answering another request: try again.",
    .invalid = "invalid_command",
    .invalid_message = "The device cannot do this.",
    .failed_message = "The device could not keep the reset.",
    .measures = true,
};

static const struct subject TAMPER = {
    .busy = "case_open",
    .busy_message = "The case is open: close it first.",
    .invalid = "invalid_command",
    .invalid_message = "The device cannot do this.",
    .failed_message = "The device could not do this.",
    .speaks = true,
};

static const struct subject *subject_of(enum command_action action)
{
    switch (action) {
    case COMMAND_ACTION_SET_RELAY:
    case COMMAND_ACTION_SET_RELAYS:
        break;
    case COMMAND_ACTION_TAMPER_CLEAR:
    case COMMAND_ACTION_ATTEST:
        return &TAMPER;
    case COMMAND_ACTION_CALIBRATE:
    case COMMAND_ACTION_CALIBRATION_APPLY:
    case COMMAND_ACTION_CALIBRATION_CANCEL:
    case COMMAND_ACTION_CALIBRATION_GET:
    case COMMAND_ACTION_WIRING_CHECK:
        return &CALIBRATION;
    case COMMAND_ACTION_LINEARITY_GATHER:
    case COMMAND_ACTION_LINEARITY_APPLY:
    case COMMAND_ACTION_LINEARITY_CLEAR:
    case COMMAND_ACTION_LINEARITY_CANCEL:
    case COMMAND_ACTION_LINEARITY_GET:
        return &LINEARITY;
    case COMMAND_ACTION_DEMAND_RESET:
    case COMMAND_ACTION_DEMAND_GET:
        return &DEMAND;
    }
    return &RELAYS;
}

struct answer {
    enum http_code code;
    const char *error; ///< NULL: it was done.
    const char *message;
};

static struct answer answer_of(const struct subject *subject, enum command_outcome outcome)
{
    switch (outcome) {
    case COMMAND_OUTCOME_DONE:
        break;
    case COMMAND_OUTCOME_BUSY:
        return (struct answer){ HTTP_CONFLICT, subject->busy, subject->busy_message };
    case COMMAND_OUTCOME_INVALID:
        return (struct answer){ HTTP_BAD_REQUEST, subject->invalid, subject->invalid_message };
    case COMMAND_OUTCOME_EXPIRED:
        return (struct answer){ HTTP_BAD_GATEWAY, "command_failed",
                                "The command reached the device too late; nothing was done." };
    case COMMAND_OUTCOME_REFUSED:
        return (struct answer){ HTTP_BAD_GATEWAY, "command_failed",
                                "The device refused this; nothing was done." };
    case COMMAND_OUTCOME_FAILED:
        return (struct answer){ HTTP_BAD_GATEWAY, "command_failed", subject->failed_message };
    case COMMAND_OUTCOME_UNCONFIRMED:
        return (struct answer){ HTTP_GATEWAY_TIMEOUT, "no_confirmation",
                                "The device has not confirmed the command in time; it may or may "
                                "not have been carried out." };
    }
    return (struct answer){ HTTP_OK, NULL, NULL };
}

struct telling {
    const struct subject *subject;
    const struct command_result *result;
    const char *error;
    const char *message;
};

static void write_result(struct json_writer *writer, const struct telling *telling)
{
    const struct command_result *result = telling->result;
    json_writer_string(writer, "cmd_id", result->cmd_id);
    json_writer_string(writer, "status", command_outcome_name(result->outcome));
    if (telling->error != NULL) {
        json_writer_string(writer, "reason", result->reason);
    }
    if (telling->subject->measures) {
        if (telling->error == NULL) {
            json_writer_verbatim(writer, "detail",
                                 result->detail[0] != '\0' ? result->detail : "{}");
        }
    } else if (result->relay_mask_known) {
        json_writer_integer(writer, "relay_mask", result->relay_mask);
    } else {
        json_writer_null(writer, "relay_mask");
    }
}

static void build(struct json_writer *writer, const void *ctx)
{
    const struct telling *telling = ctx;
    json_writer_begin_object(writer, NULL);
    if (telling->error == NULL) {
        write_result(writer, telling);
    } else {
        json_writer_string(writer, "error", telling->error);
        json_writer_string(writer, "message", telling->message);
        json_writer_begin_object(writer, "details");
        write_result(writer, telling);
        json_writer_end_object(writer);
    }
    json_writer_end_object(writer);
}

void rest_reply_result(enum command_action action, const struct command_result *result,
                       struct http_reply *reply)
{
    const struct subject *subject = subject_of(action);
    const struct answer answer = answer_of(subject, result->outcome);
    const bool speaks = (subject->measures || subject->speaks) && result->reason[0] != '\0';
    char refusal[COMMAND_REASON_SIZE + 48];
    struct telling telling = {
        .subject = subject,
        .result = result,
        .error = answer.error,
        .message = speaks ? result->reason : answer.message,
    };
    if (result->outcome == COMMAND_OUTCOME_REFUSED && result->reason[0] != '\0') {
        (void)snprintf(refusal, sizeof refusal, "The device refused this: %s.", result->reason);
        telling.message = refusal;
    }
    http_reply_json(reply, answer.code, build, &telling);
}
