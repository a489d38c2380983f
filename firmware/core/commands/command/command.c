// SPDX-License-Identifier: MIT
#include "command.h"

#include "command_metering.h"

#include "base64url.h"
#include "json_reader.h"
#include "tamper.h"

enum { ACTION_SIZE = 31, RELAY_COUNT = 8, MASK_LIMIT = 255 };

/// Which members an action needs besides its name.
enum action_members { NOTHING, RELAY, RELAY_AND_STATE, MASK, COUNT };

struct action {
    const char *name;
    enum command_kind kind;
    enum relay_operation operation;
    enum action_members members;
};

static const struct action relay_actions[] = {
    { "set_relay", COMMAND_SWITCH, RELAY_SET, RELAY_AND_STATE },
    { "toggle_relay", COMMAND_SWITCH, RELAY_TOGGLE, RELAY },
    { "all_on", COMMAND_SWITCH, RELAY_ALL_ON, NOTHING },
    { "all_off", COMMAND_SWITCH, RELAY_ALL_OFF, NOTHING },
    { "set_all_relays", COMMAND_SWITCH, RELAY_SET_ALL, MASK },
    { "get_status", COMMAND_GET_RELAY_STATUS, RELAY_SET, NOTHING },
    { NULL, COMMAND_SWITCH, RELAY_SET, NOTHING },
};

/// Only absolute states: a repeated toggle would do harm.
static const struct action native_actions[] = {
    { "set_relay", COMMAND_SWITCH, RELAY_SET, RELAY_AND_STATE },
    { "set_relays", COMMAND_SWITCH, RELAY_SET_ALL, MASK },
    { "tamper_clear", COMMAND_TAMPER_CLEAR, RELAY_TAMPER_CLEAR, COUNT },
    { NULL, COMMAND_SWITCH, RELAY_SET, NOTHING },
};

static const struct action report_actions[] = {
    { "attest", COMMAND_ATTEST, RELAY_SET, NOTHING },
    { NULL, COMMAND_ATTEST, RELAY_SET, NOTHING },
};

static const struct {
    const char *text;
    enum command_kind kind;
} words[] = {
    { "restart", COMMAND_RESTART },
    { "reset_wifi", COMMAND_RESET_WIFI },
    { "get_relay_status", COMMAND_GET_RELAY_STATUS },
    { "get_system_status", COMMAND_GET_SYSTEM_STATUS },
};

static bool same(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return *left == *right;
}

static const struct action *find_action(const struct json_reader *json,
                                        const struct action *actions)
{
    char name[ACTION_SIZE + 1];

    if (json_reader_string(json, "action", name, sizeof name) != STATUS_OK) {
        return NULL;
    }
    for (; actions->name != NULL; actions++) {
        if (same(actions->name, name)) {
            return actions;
        }
    }
    return NULL;
}

/// Reads a whole number from 0 to `limit`.
static bool read_small(const struct json_reader *json, const char *name, int64_t limit,
                       uint8_t *out)
{
    int64_t value = 0;

    if (json_reader_integer(json, name, &value) != STATUS_OK || value < 0 || value > limit) {
        return false;
    }
    *out = (uint8_t)value;
    return true;
}

/// Fills in the request. @return NULL, or what is wrong.
static const char *read_request(const struct json_reader *json, const struct action *action,
                                struct relay_request *request)
{
    *request = (struct relay_request){ .operation = action->operation };
    if ((action->members == RELAY || action->members == RELAY_AND_STATE) &&
        !read_small(json, "relay", RELAY_COUNT - 1, &request->relay)) {
        return "relay must be 0 to 7";
    }
    if (action->members == RELAY_AND_STATE &&
        json_reader_boolean(json, "state", &request->closed) != STATUS_OK) {
        return "state must be true or false";
    }
    if (action->members == MASK && !read_small(json, "mask", MASK_LIMIT, &request->mask)) {
        return "mask must be 0 to 255";
    }
    if (action->members == COUNT) {
        int64_t count = 0;
        if (json_reader_integer(json, "count", &count) != STATUS_OK || count < 0 ||
            count > TAMPER_COUNT_LIMIT) {
            return "count must say how often the case was opened";
        }
        request->tamper_count = (uint32_t)count;
    }
    return NULL;
}

enum status command_parse_relay_control(const void *payload, size_t size, struct command *command)
{
    struct json_reader json;
    const enum status status = json_reader_open(&json, payload, size);

    if (status != STATUS_OK) {
        return status;
    }
    const struct action *action = find_action(&json, relay_actions);
    if (action == NULL) {
        return STATUS_INVALID;
    }
    command->kind = action->kind;
    return read_request(&json, action, &command->request) == NULL ? STATUS_OK : STATUS_INVALID;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

enum status command_parse_text(const void *payload, size_t size, struct command *command)
{
    const char *text = payload;
    char word[COMMAND_TEXT_SIZE + 1];

    if (size > COMMAND_TEXT_SIZE) {
        return STATUS_FULL;
    }
    while (size > 0 && is_space(*text)) {
        text++;
        size--;
    }
    while (size > 0 && is_space(text[size - 1])) {
        size--;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0') {
            return STATUS_INVALID;
        }
        word[i] = text[i];
    }
    word[size] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (same(words[i].text, word)) {
            *command = (struct command){ .kind = words[i].kind };
            return STATUS_OK;
        }
    }
    return STATUS_INVALID;
}

/// Reads an order to report. @return NULL, or what is wrong.
static const char *read_attest(const struct json_reader *json, uint8_t nonce[ATTESTER_NONCE_SIZE])
{
    char text[BASE64URL_LENGTH(ATTESTER_NONCE_SIZE) + 1];
    size_t length = 0;
    size_t size = 0;
    if (json_reader_string(json, "nonce", text, sizeof text) != STATUS_OK) {
        return "nonce must be 32 bytes in base64url";
    }
    while (text[length] != '\0') {
        length++;
    }
    return base64url_decode(text, length, nonce, ATTESTER_NONCE_SIZE, &size) == STATUS_OK &&
                   size == ATTESTER_NONCE_SIZE
               ? NULL
               : "nonce must be 32 bytes in base64url";
}

static const char *check_frame(const struct json_reader *json, const char *device_id,
                               int64_t *expires_s)
{
    char target[COMMAND_ID_SIZE + 1];
    int64_t number = 0;

    if (json_reader_integer(json, "v", &number) != STATUS_OK || number != COMMAND_VERSION) {
        return "v must be 1";
    }
    if (json_reader_string(json, "target", target, sizeof target) != STATUS_OK ||
        !same(target, device_id)) {
        return "target is another device";
    }
    if (json_reader_integer(json, "exp", expires_s) != STATUS_OK || *expires_s < 0 ||
        *expires_s > INT64_MAX / 1000) {
        return "exp must be Unix seconds";
    }
    if (json_reader_integer(json, "iat", &number) != STATUS_OK || number > *expires_s) {
        return "iat must be Unix seconds before exp";
    }
    return NULL;
}

enum status command_parse_native(const void *payload, size_t size, const char *device_id,
                                 struct native_command *native)
{
    struct json_reader json;
    const enum status status = json_reader_open(&json, payload, size);

    if (status != STATUS_OK) {
        return status;
    }
    *native = (struct native_command){ .fault = NULL };
    if (json_reader_string(&json, "cmd_id", native->cmd_id, sizeof native->cmd_id) != STATUS_OK ||
        native->cmd_id[0] == '\0') {
        return STATUS_INVALID;
    }
    native->fault = check_frame(&json, device_id, &native->expires_s);
    if (native->fault != NULL) {
        return STATUS_OK;
    }
    const struct action *action = find_action(&json, native_actions);
    if (action != NULL) {
        native->kind = action->kind;
        native->fault = read_request(&json, action, &native->request);
    } else if (find_action(&json, report_actions) != NULL) {
        native->kind = COMMAND_ATTEST;
        native->fault = read_attest(&json, native->nonce);
    } else if (command_metering_find(&json, &native->metering)) {
        native->kind = COMMAND_METERING;
        native->fault = command_metering_read(&json, &native->metering);
    } else {
        native->fault = "no such action";
    }
    return STATUS_OK;
}

const char *command_outcome_name(enum command_outcome outcome)
{
    switch (outcome) {
    case COMMAND_DONE:
        return "done";
    case COMMAND_BUSY:
        return "busy";
    case COMMAND_INVALID:
        return "invalid";
    case COMMAND_EXPIRED:
        return "expired";
    case COMMAND_REFUSED:
        return "refused";
    case COMMAND_FAILED:
        return "failed";
    }
    return "failed";
}

enum command_outcome command_outcome_of(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return COMMAND_DONE;
    case STATUS_BUSY:
    case STATUS_FULL:
        return COMMAND_BUSY;
    case STATUS_INVALID:
    case STATUS_MISSING:
        return COMMAND_INVALID;
    case STATUS_IO:
    case STATUS_CORRUPT:
        return COMMAND_FAILED;
    }
    return COMMAND_FAILED;
}
