// SPDX-License-Identifier: MIT
#include <inttypes.h>
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
    enum command_action action;
    struct attestation_question question; ///< For COMMAND_ACTION_ATTEST.
    uint32_t tamper_count;                ///< For COMMAND_ACTION_TAMPER_CLEAR, as the next three.
    char device_id[DEVICE_ID_SIZE];
    char account[ACCOUNT_NAME_SIZE];
    char address[IDENTITY_ADDRESS_SIZE];
    bool sent;  ///< The handler has let go.
    bool ended; ///< The waiter has let go, and is off the list.
};

void rest_init(struct rest *rest)
{
    (void)pthread_mutex_init(&rest->lock, NULL);
    rest->waiting = NULL;
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

/// Whoever says that a case is in order answers for it, whatever the device made of it.
static void record_clearing(const struct rest_waiting *waiting, const struct command_result *result)
{
    char detail[IDENTITY_DETAIL_SIZE];
    if (waiting->rest->identities == NULL) {
        return;
    }
    (void)snprintf(detail, sizeof detail, "openings so far: %" PRIu32 "; %s", waiting->tamper_count,
                   command_outcome_name(result->outcome));
    identities_record(waiting->rest->identities, AUDIT_CASE_CLEARED, waiting->device_id,
                      waiting->account, waiting->address, detail);
}

static void take_result(void *ctx, const struct command_result *result)
{
    struct rest_waiting *waiting = ctx;
    struct rest *rest = waiting->rest;

    if (waiting->action == COMMAND_ACTION_ATTEST && result->outcome == COMMAND_OUTCOME_DONE) {
        rest_reply_attestation(&waiting->question, result, waiting->reply);
    } else {
        rest_reply_result(waiting->action, result, waiting->reply);
    }
    if (waiting->action == COMMAND_ACTION_TAMPER_CLEAR) {
        record_clearing(waiting, result);
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
                        const struct device_view *device, const struct relay_command *command,
                        struct http_reply *reply)
{
    if (!device->online) {
        http_reply_error(reply, HTTP_UNAVAILABLE, "device_offline",
                         "The device is offline; nothing was sent.");
        return true;
    }
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
        .action = command->action,
        .question = command->attestation,
        .tamper_count = command->tamper_count,
    };
    (void)snprintf(waiting->device_id, sizeof waiting->device_id, "%s", device->device_id);
    (void)snprintf(waiting->account, sizeof waiting->account, "%s",
                   request->session != NULL ? request->session->identity.username : "");
    (void)snprintf(waiting->address, sizeof waiting->address, "%s", request->address);
    (void)pthread_mutex_lock(&rest->lock);
    waiting->next = rest->waiting;
    rest->waiting = waiting;
    (void)pthread_mutex_unlock(&rest->lock);

    const struct command_waiter waiter = { .ended = take_result, .ctx = waiting };
    const enum status status =
        command_tracker_send(rest->fleet->commands, device->device_id, command, &waiter, cmd_id);

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
    return rest_send_and_wait(rest, request, &device, &command, reply);
}

bool rest_clear_tamper(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply)
{
    enum { COUNT_MOST = 0xFFFFFF };
    static const char *const members[] = { "count" };
    struct relay_command command = { .action = COMMAND_ACTION_TAMPER_CLEAR };
    struct device_view device;
    struct json_reader reader;
    int64_t count = 0;

    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_body_open(&reader, request, members, 1, reply) ||
        !rest_body_integer(&reader, "count", 0, COUNT_MOST, &count, INVALID, reply)) {
        return true;
    }
    command.tamper_count = (uint32_t)count;
    return rest_send_and_wait(rest, request, &device, &command, reply);
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
