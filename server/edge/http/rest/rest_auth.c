// SPDX-License-Identifier: MIT
#include <string.h>

#include "rest_body.h"
#include "rest_handlers.h"

static const char *role_name(enum account_role role)
{
    switch (role) {
    case ACCOUNT_ROLE_ADMIN:
        return "admin";
    }
    return "unknown";
}

static void build_session(struct json_writer *writer, const void *ctx)
{
    const struct session *session = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_begin_object(writer, "user");
    json_writer_string(writer, "username", session->identity.username);
    json_writer_string(writer, "role", role_name(session->identity.role));
    json_writer_end_object(writer);
    json_writer_string(writer, "csrf_token", session->csrf_token);
    json_writer_end_object(writer);
}

static void add_cookie(struct http_reply *reply, const char *id, int64_t max_age_s)
{
    http_reply_header(reply, "Set-Cookie",
                      REST_COOKIE "=%s; Path=/; Max-Age=%lld; Secure; HttpOnly; SameSite=Strict",
                      id, (long long)max_age_s);
}

static void refuse_sign_in(struct rest *rest, enum status status, int64_t retry_after_ms,
                           struct http_reply *reply)
{
    if (status == STATUS_INVALID) {
        rest->counters[REST_COUNTER_SIGN_INS_REFUSED]++;
        http_reply_error(reply, HTTP_UNAUTHORIZED, "invalid_credentials",
                         "The user name or the password is wrong.");
    } else if (status == STATUS_BUSY) {
        rest->counters[REST_COUNTER_RATE_LIMITED]++;
        const long long wait_s = (long long)(retry_after_ms + 999) / 1000;
        http_reply_error(reply, HTTP_TOO_MANY_REQUESTS, "rate_limit_exceeded",
                         "Too many attempts to sign in; try again in %lld s.", wait_s);
        http_reply_header(reply, "Retry-After", "%lld", wait_s);
    } else {
        rest_reply_unavailable(reply);
    }
}

bool rest_sign_in(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    static const char *const members[] = { "username", "password" };
    char username[ACCOUNT_NAME_SIZE];
    char password[ACCOUNTS_PASSWORD_LIMIT + 1];
    struct json_reader reader;
    struct session session;
    int64_t retry_after_ms = 0;

    if (!rest_body_open(&reader, request, members, 2, reply) ||
        !rest_body_text(&reader, "username", username, sizeof username, "invalid_request", reply) ||
        !rest_body_text(&reader, "password", password, sizeof password, "invalid_request", reply)) {
        return true;
    }
    const int64_t now_ms = rest->fleet->host->utc_ms(rest->fleet->host->ctx);
    enum status status = accounts_sign_in(rest->accounts, request->address, username, password,
                                          now_ms, &session, &retry_after_ms);
    explicit_bzero(password, sizeof password);
    if (status != STATUS_OK) {
        refuse_sign_in(rest, status, retry_after_ms, reply);
        return true;
    }
    // Whoever signs in again leaves no forgotten session behind.
    if (request->session != NULL) {
        status = accounts_sign_out(rest->accounts, request->session->id,
                                   sizeof request->session->id - 1);
    }
    if (status != STATUS_OK) {
        rest_reply_unavailable(reply);
        return true;
    }
    rest->counters[REST_COUNTER_SIGN_INS]++;
    http_reply_json(reply, HTTP_OK, build_session, &session);
    add_cookie(reply, session.id, ACCOUNTS_ABSOLUTE_MS / 1000);
    return true;
}

bool rest_show_session(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply)
{
    (void)rest;
    if (rest_check_query(request, NULL, 0, reply)) {
        http_reply_json(reply, HTTP_OK, build_session, request->session);
    }
    return true;
}

bool rest_sign_out(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    const enum status status =
        accounts_sign_out(rest->accounts, request->session->id, sizeof request->session->id - 1);
    if (status != STATUS_OK) {
        rest_reply_unavailable(reply);
        return true;
    }
    http_reply_empty(reply, HTTP_NO_CONTENT);
    add_cookie(reply, "", 0);
    return true;
}
