// SPDX-License-Identifier: MIT

/// What operators ask for: tokens, and the end of a device's certificates.

#include <stdio.h>
#include <string.h>

#include "rest_body.h"
#include "rest_identity.h"

enum { REASON_SIZE = 65 };

struct token_answer {
    const char *device_id;
    char token[IDENTITY_TOKEN_SIZE];
    int64_t now_ms;
    int64_t expires_ms;
};

static int64_t now_ms(const struct rest *rest)
{
    return rest->fleet->host->utc_ms(rest->fleet->host->ctx);
}

static void build_native(struct json_writer *writer, const void *ctx)
{
    const struct token_answer *answer = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_string(writer, "device_id", answer->device_id);
    json_writer_string(writer, "provisioning_token", answer->token);
    json_writer_integer(writer, "expires_ms", answer->expires_ms);
    json_writer_end_object(writer);
}

static void build_first(struct json_writer *writer, const void *ctx)
{
    const struct token_answer *answer = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_boolean(writer, "success", true);
    json_writer_string(writer, "message", "Hand the token to the device.");
    json_writer_string(writer, "provisioning_token", answer->token);
    json_writer_integer(writer, "expires_in", (answer->expires_ms - answer->now_ms) / 1000);
    json_writer_string(writer, "device_id", answer->device_id);
    rest_write_instant(writer, "timestamp", answer->now_ms / 1000);
    json_writer_end_object(writer);
}

static bool issue(struct rest *rest, const struct rest_request *request,
                  const struct token_order *wish, bool native, struct http_reply *reply)
{
    struct token_answer answer = { .device_id = wish->device_id, .now_ms = now_ms(rest) };
    struct token_order order = *wish;
    order.creator = request->session->identity.username;
    order.address = request->address;
    const enum identity_verdict verdict =
        identities_make_token(rest->identities, &order, answer.token, &answer.expires_ms);
    if (verdict != IDENTITY_DONE) {
        rest_reply_verdict(request, verdict, reply);
    } else {
        http_reply_json(reply, HTTP_OK, native ? build_native : build_first, &answer);
    }
    explicit_bzero(answer.token, sizeof answer.token);
    return verdict == IDENTITY_DONE;
}

bool rest_issue_token(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply)
{
    static const char *const members[] = { "life_s", "replaces" };
    struct json_reader reader;
    struct token_order order = { .device_id = request->arguments.id };
    int64_t unread = 0;
    bool flag = false;

    if (!rest_has_identities(rest, reply) || !rest_body_open(&reader, request, members, 2, reply)) {
        return true;
    }
    if (json_reader_integer(&reader, "life_s", &unread) != STATUS_MISSING &&
        !rest_body_integer(&reader, "life_s", 60, IDENTITY_TOKEN_MOST_S, &order.life_s,
                           "invalid_request", reply)) {
        return true;
    }
    if (json_reader_boolean(&reader, "replaces", &flag) != STATUS_MISSING &&
        !rest_body_boolean(&reader, "replaces", &order.replaces, "invalid_request", reply)) {
        return true;
    }
    (void)issue(rest, request, &order, true, reply);
    return true;
}

/// Reads the one member of the first app's calls.
static bool read_device(const struct rest_request *request, char *device_id, size_t capacity,
                        struct http_reply *reply)
{
    struct json_reader reader;
    if (!rest_open_lenient(&reader, request, reply) ||
        !rest_optional_text(&reader, request, "device_id", device_id, capacity, reply)) {
        return false;
    }
    if (device_id[0] == '\0') {
        http_reply_error(reply, HTTP_BAD_REQUEST, "DEVICE_ID_REQUIRED",
                         "\"device_id\" must be the name of a device.");
        http_reply_header(reply, "X-Error-Code", "DEVICE_ID_REQUIRED");
        return false;
    }
    return true;
}

static bool issue_first(struct rest *rest, const struct rest_request *request, bool replaces,
                        struct http_reply *reply)
{
    char device_id[REST_ARGUMENT_SIZE];
    if (rest_has_identities(rest, reply) &&
        read_device(request, device_id, sizeof device_id, reply)) {
        const struct token_order order = { .device_id = device_id,
                                           .life_s = IDENTITY_ONBOARDING_S,
                                           .replaces = replaces };
        (void)issue(rest, request, &order, false, reply);
    }
    return true;
}

bool rest_onboard(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    return issue_first(rest, request, false, reply);
}

bool rest_authorise_renewal(struct rest *rest, const struct rest_request *request,
                            struct http_reply *reply)
{
    return issue_first(rest, request, true, reply);
}

/// @return false  it was refused, and `reply` says why.
static bool revoke(struct rest *rest, const struct rest_request *request, const char *device_id,
                   const char *reason, unsigned *count, struct http_reply *reply)
{
    const enum identity_verdict verdict =
        identities_revoke(rest->identities, device_id, request->session->identity.username,
                          request->address, reason, count);
    if (verdict != IDENTITY_DONE) {
        rest_reply_verdict(request, verdict, reply);
    }
    return verdict == IDENTITY_DONE;
}

bool rest_recover(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    char device_id[REST_ARGUMENT_SIZE];
    unsigned count = 0;
    if (rest_has_identities(rest, reply) &&
        read_device(request, device_id, sizeof device_id, reply) &&
        revoke(rest, request, device_id, "recovery", &count, reply)) {
        const struct token_order order = { .device_id = device_id,
                                           .life_s = IDENTITY_ONBOARDING_S,
                                           .replaces = true };
        (void)issue(rest, request, &order, false, reply);
    }
    return true;
}

struct revocation {
    const char *device_id;
    unsigned count;
    bool native;
};

static void build_revocation(struct json_writer *writer, const void *ctx)
{
    const struct revocation *revocation = ctx;
    json_writer_begin_object(writer, NULL);
    if (!revocation->native) {
        json_writer_boolean(writer, "success", true);
    }
    json_writer_string(writer, "device_id", revocation->device_id);
    json_writer_integer(writer, "revoked", revocation->count);
    json_writer_end_object(writer);
}

bool rest_revoke_device(struct rest *rest, const struct rest_request *request,
                        struct http_reply *reply)
{
    static const char *const members[] = { "reason" };
    struct revocation answer = { .device_id = request->arguments.id, .native = true };
    struct json_reader reader;
    char reason[REASON_SIZE] = "";

    if (!rest_has_identities(rest, reply) || !rest_body_open(&reader, request, members, 1, reply)) {
        return true;
    }
    if (json_reader_string(&reader, "reason", reason, sizeof reason) != STATUS_MISSING &&
        !rest_body_text(&reader, "reason", reason, sizeof reason, "invalid_request", reply)) {
        return true;
    }
    if (revoke(rest, request, answer.device_id, reason, &answer.count, reply)) {
        http_reply_json(reply, HTTP_OK, build_revocation, &answer);
    }
    return true;
}

bool rest_delete_certificate(struct rest *rest, const struct rest_request *request,
                             struct http_reply *reply)
{
    struct revocation answer = { .device_id = request->arguments.id };
    if (rest_has_identities(rest, reply) &&
        revoke(rest, request, answer.device_id, "deleted", &answer.count, reply)) {
        http_reply_json(reply, HTTP_OK, build_revocation, &answer);
    }
    return true;
}
