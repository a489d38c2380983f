// SPDX-License-Identifier: MIT
#include "portal_pairing.h"

#include <string.h>

#include "base64url.h"
#include "constant_time.h"
#include "portal_submit.h"

enum { ANSWER_LIMIT = 512, ANSWER_SEALED_SIZE = ANSWER_LIMIT + CRYPTO_TAG_SIZE };

static const struct portal_fault no_code = { .status = 503,
                                             .error = "no_pairing_code",
                                             .message = "This device has no pairing code" };
static const struct portal_fault locked = {
    .status = 403,
    .error = "locked",
    .message = "Too many wrong codes; hold the button for 7 s to allow pairing again"
};
static const struct portal_fault too_soon = { .status = 429,
                                              .error = "too_many_requests",
                                              .message = "Wait a second between two tries" };
static const struct portal_fault window_closed = {
    .status = 403,
    .error = "window_closed",
    .message = "The set-up window is closed; hold the button for 7 s to open it"
};
static const struct portal_fault no_session = { .status = 409,
                                                .error = "no_session",
                                                .message = "There is no such session; pair again" };
static const struct portal_fault wrong_code = { .status = 401,
                                                .error = "wrong_confirm",
                                                .message = "This is not the device's code" };
static const struct portal_fault replayed = { .status = 409,
                                              .error = "replayed",
                                              .message = "Count n up from 1 in steps of 2" };
static const struct portal_fault not_authentic = {
    .status = 401, .error = "not_authentic", .message = "This was not sealed in this session"
};
static const struct portal_fault broken = { .status = 500,
                                            .error = "failed",
                                            .message = "The device could not do this; try again" };

/// What is said about a failure that only the device can mend.
static const struct portal_fault *fault_of(enum status status)
{
    return status == STATUS_MISSING ? &no_code : &broken;
}

static struct portal_fault wrong_field(const char *name)
{
    return (struct portal_fault){ .status = 400,
                                  .error = "invalid_field",
                                  .message = "It is missing, or not what the protocol wants",
                                  .field = name };
}

/// Reads a member of exactly `size` bytes in base64url.
static bool read_bytes(const struct json_reader *json, const char *name, uint8_t *out, size_t size)
{
    char text[BASE64URL_LENGTH(CRYPTO_X25519_SIZE) + 1];
    size_t got = 0;
    return json_reader_string(json, name, text, sizeof text) == STATUS_OK &&
           base64url_decode(text, strlen(text), out, size, &got) == STATUS_OK && got == size;
}

static void write_bytes(struct json_writer *json, const char *name, const uint8_t *bytes,
                        size_t size)
{
    char text[BASE64URL_LENGTH(CRYPTO_X25519_SIZE) + 1];
    base64url_encode(bytes, size, text);
    json_writer_string(json, name, text);
}

/// What keeps a device from pairing at all; NULL: nothing does.
static const struct portal_fault *obstacle(const struct portal *portal)
{
    if (portal->pairing == NULL) {
        return &no_code;
    }
    if (!portal->facts.is_open) {
        return &window_closed;
    }
    return pairing_session_is_locked(portal->pairing) ? &locked : NULL;
}

/// Opens the body, unless something is in the way. @return whether `*fault` stayed unused.
static bool open_request(struct portal *portal, const struct portal_request *request,
                         struct portal_fault *fault)
{
    const struct portal_fault *in_the_way = obstacle(portal);
    if (in_the_way != NULL) {
        *fault = *in_the_way;
        return false;
    }
    *fault = portal_invalid_json;
    return json_reader_open(&portal->json, request->body, request->body_size) == STATUS_OK;
}

static bool read_hello(const struct json_reader *json, struct pairing_hello *hello,
                       struct portal_fault *fault)
{
    int64_t version = 0;
    const char *wrong = NULL;
    if (json_reader_integer(json, "v", &version) != STATUS_OK || version != PAIRING_VERSION) {
        wrong = "v";
    } else if (!read_bytes(json, "client_pub", hello->public_key, sizeof hello->public_key)) {
        wrong = "client_pub";
    } else if (!read_bytes(json, "client_nonce", hello->nonce, sizeof hello->nonce)) {
        wrong = "client_nonce";
    }
    if (wrong != NULL) {
        *fault = wrong_field(wrong);
    }
    return wrong == NULL;
}

static void write_welcome(struct portal *portal, const struct pairing_welcome *welcome,
                          struct portal_reply *reply)
{
    struct json_writer json;
    portal_reply_begin_json(portal, &json);
    json_writer_integer(&json, "v", PAIRING_VERSION);
    json_writer_string(&json, "device_id", portal->pairing->needs.device_id);
    write_bytes(&json, "device_pub", welcome->public_key, sizeof welcome->public_key);
    write_bytes(&json, "device_nonce", welcome->nonce, sizeof welcome->nonce);
    write_bytes(&json, "confirm", welcome->confirm, sizeof welcome->confirm);
    json_writer_integer(&json, "ttl", PAIRING_SESSION_TTL_S);
    portal_reply_end_json(portal, reply, 200, &json);
}

void portal_pairing_start(struct portal *portal, const struct portal_request *request,
                          struct portal_reply *reply)
{
    struct pairing_hello hello;
    struct pairing_welcome welcome;
    struct portal_fault fault;

    if (open_request(portal, request, &fault) && read_hello(&portal->json, &hello, &fault)) {
        const enum status status =
            pairing_session_start(portal->pairing, portal->now_ms, &hello, &welcome);
        if (status == STATUS_OK) {
            write_welcome(portal, &welcome, reply);
            return;
        }
        fault = status == STATUS_BUSY      ? too_soon
                : status == STATUS_INVALID ? wrong_field("client_pub")
                                           : *fault_of(status);
    }
    portal_reply_fault(portal, reply, &fault);
}

void portal_pairing_finish(struct portal *portal, const struct portal_request *request,
                           struct portal_reply *reply)
{
    uint8_t confirm[PAIRING_CONFIRM_SIZE];
    uint8_t session_id[PAIRING_SESSION_ID_SIZE];
    struct portal_fault fault;
    struct json_writer json;

    if (open_request(portal, request, &fault)) {
        const bool is_read = read_bytes(&portal->json, "confirm", confirm, sizeof confirm);
        const enum status status =
            is_read ? pairing_session_finish(portal->pairing, portal->now_ms, confirm, session_id)
                    : STATUS_INVALID;
        if (status == STATUS_OK) {
            portal_reply_begin_json(portal, &json);
            write_bytes(&json, "sid", session_id, sizeof session_id);
            portal_reply_end_json(portal, reply, 200, &json);
            return;
        }
        if (status == STATUS_CORRUPT) {
            portal->host->failed(portal->host->ctx);
        }
        fault = status == STATUS_INVALID   ? wrong_field("confirm")
                : status == STATUS_MISSING ? no_session
                : status == STATUS_CORRUPT ? wrong_code
                                           : broken;
    }
    portal_reply_fault(portal, reply, &fault);
}

/// Opens the sealed text into portal->sealed. @return its size; 0  `*fault` says what is wrong.
static size_t open_sealed(struct portal *portal, struct portal_fault *fault)
{
    const struct json_reader *json = &portal->json;
    struct pairing_place place;
    int64_t n = 0;
    size_t size = 0;

    if (!read_bytes(json, "sid", place.session_id, sizeof place.session_id)) {
        *fault = wrong_field("sid");
        return 0;
    }
    if (json_reader_integer(json, "n", &n) != STATUS_OK || n < 0) {
        *fault = wrong_field("n");
        return 0;
    }
    place.n = (uint64_t)n;
    if (json_reader_string(json, "ct", portal->out, sizeof portal->out) != STATUS_OK ||
        base64url_decode(portal->out, strlen(portal->out), portal->sealed, sizeof portal->sealed,
                         &size) != STATUS_OK ||
        size <= CRYPTO_TAG_SIZE) {
        *fault = wrong_field("ct");
        return 0;
    }
    const enum status status =
        pairing_session_open(portal->pairing, portal->now_ms, &place,
                             (struct crypto_part){ portal->sealed, size }, portal->sealed);
    if (status != STATUS_OK) {
        *fault = status == STATUS_MISSING   ? no_session
                 : status == STATUS_INVALID ? replayed
                 : status == STATUS_CORRUPT ? not_authentic
                                            : broken;
        return 0;
    }
    return size - CRYPTO_TAG_SIZE;
}

/// Wraps the reply, whose body is in portal->out, so that only the session's other side reads it
/// and nobody can have changed it.
static void seal_reply(struct portal *portal, struct portal_reply *reply)
{
    uint8_t sealed[ANSWER_SEALED_SIZE];
    char text[BASE64URL_LENGTH(ANSWER_SEALED_SIZE) + 1];
    struct json_writer json;
    uint64_t n = 0;

    const enum status status =
        pairing_session_seal(portal->pairing, (struct crypto_part){ reply->body, reply->body_size },
                             &n, sealed, sizeof sealed);
    if (status != STATUS_OK) {
        portal_reply_fault(portal, reply, &broken);
        return;
    }
    base64url_encode(sealed, reply->body_size + CRYPTO_TAG_SIZE, text);
    portal_reply_begin_json(portal, &json);
    json_writer_integer(&json, "v", PAIRING_SEALED_VERSION);
    json_writer_unsigned(&json, "n", n);
    json_writer_string(&json, "ct", text);
    portal_reply_end_json(portal, reply, reply->status, &json);
}

void portal_pairing_provision(struct portal *portal, struct portal_reply *reply)
{
    struct portal_fault fault;
    const struct portal_fault *in_the_way = obstacle(portal);
    const size_t size = in_the_way == NULL ? open_sealed(portal, &fault) : 0;

    if (size == 0) {
        portal_reply_fault(portal, reply, in_the_way != NULL ? in_the_way : &fault);
    } else {
        fault = portal_invalid_json;
        if (json_reader_open(&portal->json, portal->sealed, size) == STATUS_OK &&
            portal_submit_read_json(&portal->json, true, &portal->submission, &fault) &&
            portal_submit(portal, &fault)) {
            portal_reply_accepted(portal, reply);
        } else {
            portal_reply_fault(portal, reply, &fault);
        }
        seal_reply(portal, reply);
    }
    constant_time_wipe(portal->sealed, sizeof portal->sealed);
}
