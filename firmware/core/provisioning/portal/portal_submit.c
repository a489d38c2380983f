// SPDX-License-Identifier: MIT
#include "portal_submit.h"

#include <string.h>

#include "credential_rules.h"
#include "form_reader.h"

const struct portal_fault portal_invalid_json = { .status = 400, .error = "invalid_json" };

const struct portal_fault portal_pairing_required = {
    .status = 403,
    .error = "pairing_required",
    .message = "This device takes credentials sealed only: pair with its code first"
};

enum field { SSID, PASSWORD, DEVICE_ID, TOKEN, FIELD_COUNT };

static const char *const names[FIELD_COUNT] = { "ssid", "password", "device_id",
                                                "provisioning_token" };

static const char *const rules[FIELD_COUNT] = {
    "The name of a network has 1 to 32 bytes, none of them NUL",
    ("A password has 8 to 63 characters of ASCII, or 64 hexadecimal digits; none for an open "
     "network"),
    "The name of a device has 1 to 32 letters, digits, '_' or '-'",
    "A provisioning token has up to 432 characters of ASCII and no spaces",
};

static const char bearer_rule[] = "A bearer token has up to 1024 characters of ASCII and no spaces";

static void refuse(struct portal_fault *fault, const char *name, const char *rule)
{
    *fault = (struct portal_fault){
        .status = 400, .error = "invalid_field", .message = rule, .field = name
    };
}

static void report_missing(struct portal_fault *fault, const char *name)
{
    if (fault->missing_count == 0) {
        *fault = (struct portal_fault){ .status = 400,
                                        .error = "missing_fields",
                                        .message = "One or more required fields are missing" };
    }
    fault->missing[fault->missing_count++] = name;
}

/// Where a field goes. A name may be of any bytes, so it is read into `ssid` first.
static char *room_of(enum field field, struct portal_submission *submission, char *ssid,
                     size_t *capacity)
{
    switch (field) {
    case SSID:
        *capacity = WIFI_SSID_LIMIT + 1;
        return ssid;
    case PASSWORD:
        *capacity = sizeof submission->wifi.password;
        return submission->wifi.password;
    case DEVICE_ID:
        *capacity = sizeof submission->device_id;
        return submission->device_id;
    case TOKEN:
    case FIELD_COUNT:
        break;
    }
    *capacity = sizeof submission->token;
    return submission->token;
}

static bool is_valid(enum field field, const char *text, size_t size)
{
    switch (field) {
    case SSID:
        return credential_is_ssid(text, size);
    case PASSWORD:
        return credential_is_password(text, size);
    case DEVICE_ID:
        return credential_is_device_id(text, size);
    case TOKEN:
    case FIELD_COUNT:
        break;
    }
    return credential_is_token(text, size);
}

static void keep_ssid(struct portal_submission *submission, const char *ssid, size_t size)
{
    submission->wifi.ssid_size = (uint8_t)size;
    memcpy(submission->wifi.ssid, ssid, size);
}

bool portal_submit_read_json(const struct json_reader *json, bool bearer,
                             struct portal_submission *submission, struct portal_fault *fault)
{
    char ssid[WIFI_SSID_LIMIT + 1] = "";
    enum status read[FIELD_COUNT];

    *fault = (struct portal_fault){ .status = 200 };
    for (enum field field = SSID; field < FIELD_COUNT; field++) {
        size_t capacity = 0;
        char *room = room_of(field, submission, ssid, &capacity);
        read[field] = json_reader_string(json, names[field], room, capacity);
        const bool empty = read[field] == STATUS_OK && room[0] == '\0' && field != PASSWORD;
        if (read[field] == STATUS_MISSING || empty) {
            report_missing(fault, names[field]);
        }
    }
    for (enum field field = SSID; field < FIELD_COUNT && fault->status == 200; field++) {
        size_t capacity = 0;
        const char *room = room_of(field, submission, ssid, &capacity);
        if (read[field] != STATUS_OK || !is_valid(field, room, strlen(room))) {
            refuse(fault, names[field], rules[field]);
        }
    }
    if (bearer && fault->status == 200) {
        const enum status status =
            json_reader_string(json, "bearer", submission->bearer, sizeof submission->bearer);
        const size_t size = status == STATUS_OK ? strlen(submission->bearer) : 0;
        if ((status != STATUS_OK && status != STATUS_MISSING) ||
            (size > 0 && !credential_is_token(submission->bearer, size))) {
            refuse(fault, "bearer", bearer_rule);
        }
    }
    keep_ssid(submission, ssid, strlen(ssid));
    return fault->status == 200;
}

bool portal_submit_read_form(const void *form, size_t size, struct portal_submission *submission,
                             struct portal_fault *fault)
{
    *fault = (struct portal_fault){ .status = 200 };
    for (enum field field = SSID; field < FIELD_COUNT; field++) {
        char ssid[WIFI_SSID_LIMIT + 1] = "";
        size_t capacity = 0;
        size_t value_size = 0;
        char *room = room_of(field, submission, ssid, &capacity);
        const enum status status =
            form_reader_field(form, size, names[field], room, capacity, &value_size);
        if (status == STATUS_CORRUPT) {
            *fault = (struct portal_fault){ .status = 400,
                                            .error = "invalid_form",
                                            .message = "The form is not well encoded" };
            return false;
        }
        if (field >= DEVICE_ID &&
            (status == STATUS_MISSING || (status == STATUS_OK && value_size == 0))) {
            continue;
        }
        if (status == STATUS_MISSING || (field == SSID && status == STATUS_OK && value_size == 0)) {
            report_missing(fault, names[field]);
        } else if (fault->missing_count == 0 && fault->status == 200 &&
                   (status != STATUS_OK || !is_valid(field, room, value_size))) {
            refuse(fault, names[field], rules[field]);
        } else if (field == SSID) {
            keep_ssid(submission, ssid, value_size);
        }
    }
    return fault->status == 200;
}

bool portal_submit_read_bearer(const char *authorization, struct portal_submission *submission,
                               struct portal_fault *fault)
{
    static const char scheme[] = "Bearer ";
    submission->bearer[0] = '\0';
    if (authorization == NULL) {
        return true;
    }
    size_t same = 0;
    while (scheme[same] != '\0' && authorization[same] == scheme[same]) {
        same++;
    }
    const char *token = authorization + same;
    const size_t size = strlen(token);
    if (scheme[same] != '\0' || size > PORTAL_BEARER_LIMIT || !credential_is_token(token, size)) {
        *fault = (struct portal_fault){ .status = 401,
                                        .error = "invalid_bearer",
                                        .message = bearer_rule };
        return false;
    }
    memcpy(submission->bearer, token, size + 1);
    return true;
}

bool portal_submit(struct portal *portal, struct portal_fault *fault)
{
    switch (portal->host->submit(portal->host->ctx, &portal->submission)) {
    case STATUS_OK:
        return true;
    case STATUS_BUSY:
        *fault = (struct portal_fault){ .status = 409,
                                        .error = "busy",
                                        .message = "The device is trying other credentials; wait "
                                                   "until /status tells how that ended" };
        return false;
    case STATUS_MISSING:
        *fault = (struct portal_fault){ .status = 403,
                                        .error = "window_closed",
                                        .message = "The set-up window is closed; hold the button "
                                                   "for 7 s to open it" };
        return false;
    case STATUS_INVALID:
        *fault = (struct portal_fault){ .status = 409,
                                        .error = "other_device",
                                        .message = "These credentials are for another device",
                                        .field = "device_id" };
        return false;
    case STATUS_IO:
    case STATUS_FULL:
    case STATUS_CORRUPT:
        break;
    }
    *fault = (struct portal_fault){ .status = 500,
                                    .error = "not_saved",
                                    .message = "The device could not keep the credentials; try "
                                               "again" };
    return false;
}
