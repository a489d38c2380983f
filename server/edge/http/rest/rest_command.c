// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rest_body.h"
#include "rest_handlers.h"

static const char INVALID[] = "invalid_command";

/// One request between its command and the device's result. Two parties hold it, the handler that
/// sends and the waiter that is told; whichever lets go last frees it.
struct rest_waiting {
    struct rest_waiting *next;
    struct rest *rest;
    struct http_reply *reply;
    void (*finish)(void *ctx);
    void *finish_ctx;
    char cmd_id[COMMAND_ID_SIZE]; ///< Known once `sent`.
    bool metering;                ///< A calibration or a check of the wiring.
    bool sent;                    ///< The handler has let go.
    bool ended;                   ///< The waiter has let go, and is off the list.
};

void rest_init(struct rest *rest)
{
    (void)pthread_mutex_init(&rest->lock, NULL);
    rest->waiting = NULL;
}

struct command_answer {
    const struct command_result *result;
    const char *error; ///< NULL: it was done.
    const char *message;
};

static void write_result(struct json_writer *writer, const struct command_result *result)
{
    json_writer_string(writer, "cmd_id", result->cmd_id);
    json_writer_string(writer, "status", command_outcome_name(result->outcome));
    if (result->relay_mask_known) {
        json_writer_integer(writer, "relay_mask", result->relay_mask);
    } else {
        json_writer_null(writer, "relay_mask");
    }
}

static void build_answer(struct json_writer *writer, const void *ctx)
{
    const struct command_answer *answer = ctx;
    json_writer_begin_object(writer, NULL);
    if (answer->error == NULL) {
        write_result(writer, answer->result);
    } else {
        json_writer_string(writer, "error", answer->error);
        json_writer_string(writer, "message", answer->message);
        json_writer_begin_object(writer, "details");
        write_result(writer, answer->result);
        json_writer_string(writer, "reason", answer->result->reason);
        json_writer_end_object(writer);
    }
    json_writer_end_object(writer);
}

static void reply_result(const struct command_result *result, struct http_reply *reply)
{
    static const struct {
        enum http_code code;
        const char *error;
        const char *message;
    } answers[] = {
        [COMMAND_OUTCOME_DONE] = { HTTP_OK, NULL, NULL },
        [COMMAND_OUTCOME_BUSY] = { HTTP_CONFLICT, "relay_busy",
                                   "A relay changed a moment ago and must rest; nothing moved." },
        [COMMAND_OUTCOME_INVALID] = { HTTP_BAD_REQUEST, "invalid_command",
                                      "The device does not know this command or relay." },
        [COMMAND_OUTCOME_EXPIRED] = { HTTP_BAD_GATEWAY, "command_failed",
                                      "The command reached the device too late; nothing moved." },
        [COMMAND_OUTCOME_REFUSED] = { HTTP_BAD_GATEWAY, "command_failed",
                                      "The device does not know the time, so it cannot judge "
                                      "whether the command is still valid; nothing moved." },
        [COMMAND_OUTCOME_FAILED] = { HTTP_BAD_GATEWAY, "command_failed",
                                     "The device's relay register did not answer." },
        [COMMAND_OUTCOME_UNCONFIRMED] = { HTTP_GATEWAY_TIMEOUT, "no_confirmation",
                                          "The device has not confirmed the command in time; it "
                                          "may or may not have been carried out." },
    };
    const struct command_answer answer = {
        .result = result,
        .error = answers[result->outcome].error,
        .message = answers[result->outcome].message,
    };
    http_reply_json(reply, answers[result->outcome].code, build_answer, &answer);
}

static void unlink_waiting(struct rest *rest, const struct rest_waiting *waiting)
{
    struct rest_waiting **link = &rest->waiting;
    while (*link != NULL && *link != waiting) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = waiting->next;
    }
}

static void take_result(void *ctx, const struct command_result *result)
{
    struct rest_waiting *waiting = ctx;
    struct rest *rest = waiting->rest;

    if (waiting->metering) {
        rest_reply_metering(result, waiting->reply);
    } else {
        reply_result(result, waiting->reply);
    }
    waiting->finish(waiting->finish_ctx);
    (void)pthread_mutex_lock(&rest->lock);
    unlink_waiting(rest, waiting);
    waiting->ended = true;
    const bool last = waiting->sent;
    (void)pthread_mutex_unlock(&rest->lock);
    if (last) {
        free(waiting);
    }
}

static bool read_command(const struct rest_request *request, struct relay_command *command,
                         struct http_reply *reply)
{
    static const char *const one[] = { "command", "relay", "state" };
    static const char *const all[] = { "command", "mask" };
    static const char *const any[] = { "command", "relay", "state", "mask" };
    struct json_reader reader;
    char word[32];
    int64_t number = 0;

    if (!rest_body_open(&reader, request, any, 4, reply) ||
        !rest_body_text(&reader, "command", word, sizeof word, INVALID, reply)) {
        return false;
    }
    if (strcmp(word, "set_relay") == 0) {
        command->action = COMMAND_ACTION_SET_RELAY;
        if (!rest_body_open(&reader, request, one, 3, reply) ||
            !rest_body_integer(&reader, "relay", 0, 7, &number, INVALID, reply) ||
            !rest_body_boolean(&reader, "state", &command->state, INVALID, reply)) {
            return false;
        }
        command->relay = (uint8_t)number;
        return true;
    }
    if (strcmp(word, "set_relays") == 0) {
        command->action = COMMAND_ACTION_SET_RELAYS;
        if (!rest_body_open(&reader, request, all, 2, reply) ||
            !rest_body_integer(&reader, "mask", 0, 255, &number, INVALID, reply)) {
            return false;
        }
        command->mask = (uint8_t)number;
        return true;
    }
    http_reply_error(reply, HTTP_BAD_REQUEST, INVALID,
                     "\"command\" must be set_relay or set_relays.");
    return false;
}

static void reply_unsent(enum status status, struct http_reply *reply)
{
    if (status == STATUS_INVALID) {
        http_reply_error(reply, HTTP_BAD_REQUEST, INVALID, "There is no such relay.");
        return;
    }
    if (status == STATUS_FULL) {
        http_reply_error(reply, HTTP_UNAVAILABLE, "too_many_commands",
                         "Too many commands are under way; nothing was sent.");
    } else {
        http_reply_error(reply, HTTP_UNAVAILABLE, "broker_unreachable",
                         "The server has no connection to the broker; nothing was sent.");
    }
    http_reply_header(reply, "Retry-After", "1");
}

bool rest_send_and_wait(struct rest *rest, const struct rest_request *request,
                        const char *device_id, const struct relay_command *command,
                        struct http_reply *reply)
{
    struct rest_waiting *waiting = calloc(1, sizeof *waiting);
    char cmd_id[COMMAND_ID_SIZE];

    if (waiting == NULL) {
        http_reply_empty(reply, HTTP_INTERNAL_ERROR);
        return true;
    }
    *waiting = (struct rest_waiting){
        .rest = rest,
        .reply = reply,
        .finish = request->finish,
        .finish_ctx = request->finish_ctx,
        .metering = command->action >= COMMAND_ACTION_CALIBRATE,
    };
    (void)pthread_mutex_lock(&rest->lock);
    waiting->next = rest->waiting;
    rest->waiting = waiting;
    (void)pthread_mutex_unlock(&rest->lock);

    const struct command_waiter waiter = { .ended = take_result, .ctx = waiting };
    const enum status status =
        command_tracker_send(rest->fleet->commands, device_id, command, &waiter, cmd_id);

    (void)pthread_mutex_lock(&rest->lock);
    const bool ended = waiting->ended;
    waiting->sent = true;
    if (status == STATUS_OK) {
        memcpy(waiting->cmd_id, cmd_id, sizeof cmd_id);
    } else {
        unlink_waiting(rest, waiting);
    }
    (void)pthread_mutex_unlock(&rest->lock);
    if (status != STATUS_OK || ended) {
        free(waiting);
    }
    if (status != STATUS_OK) {
        reply_unsent(status, reply);
        return true;
    }
    return false;
}

bool rest_send_command(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply)
{
    struct device_view device;
    struct relay_command command = { 0 };

    if (!rest_find_device(rest, request, &device, reply) ||
        !read_command(request, &command, reply)) {
        return true;
    }
    if (!device.online) {
        http_reply_error(reply, HTTP_UNAVAILABLE, "device_offline",
                         "The device is offline; nothing was sent.");
        return true;
    }
    return rest_send_and_wait(rest, request, device.device_id, &command, reply);
}

void rest_close(struct rest *rest)
{
    for (;;) {
        char cmd_id[COMMAND_ID_SIZE];
        (void)pthread_mutex_lock(&rest->lock);
        struct rest_waiting *waiting = rest->waiting;
        if (waiting != NULL) {
            memcpy(cmd_id, waiting->cmd_id, sizeof cmd_id);
        }
        (void)pthread_mutex_unlock(&rest->lock);
        if (waiting == NULL) {
            break;
        }
        // Not under the lock: the tracker may at this moment be telling the waiter, who wants it.
        command_tracker_forget(rest->fleet->commands, cmd_id);
        (void)pthread_mutex_lock(&rest->lock);
        waiting = rest->waiting;
        const bool still_there = waiting != NULL && strcmp(waiting->cmd_id, cmd_id) == 0;
        if (still_there) {
            unlink_waiting(rest, waiting);
        }
        (void)pthread_mutex_unlock(&rest->lock);
        if (still_there) {
            http_reply_error(waiting->reply, HTTP_UNAVAILABLE, "shutting_down",
                             "The server is shutting down; the command may still be carried out.");
            waiting->finish(waiting->finish_ctx);
            free(waiting);
        }
    }
    (void)pthread_mutex_destroy(&rest->lock);
}
