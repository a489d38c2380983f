// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_cookie.h"
#include "http_parts.h"

enum { HEAD_LIMIT = 16 * 1024, FIELD_LIMIT = 100 };

/// Fields of which two would let two readers understand two different requests.
static const char *const SINGLE_FIELDS[] = { "Host",           "Content-Length", "Content-Type",
                                             "Cookie",         "Origin",         "X-CSRF-Token",
                                             "Sec-Fetch-Site", "Authorization" };
enum { SINGLE_COUNT = sizeof SINGLE_FIELDS / sizeof SINGLE_FIELDS[0] };

struct head_count {
    size_t size;
    unsigned fields;
    unsigned singles[SINGLE_COUNT];
    bool doubled;
    bool odd; ///< Transfer-Encoding, or a byte that does not belong into a field.
};

static enum MHD_Result count_field(void *ctx, enum MHD_ValueKind kind, const char *name,
                                   size_t name_size, const char *value, size_t value_size)
{
    struct head_count *count = ctx;
    (void)kind;
    count->fields++;
    count->size += name_size + value_size + 4;
    for (size_t i = 0; i < SINGLE_COUNT; i++) {
        if (strcasecmp(name, SINGLE_FIELDS[i]) == 0) {
            count->singles[i]++;
            count->doubled = count->doubled || count->singles[i] > 1;
        }
    }
    count->odd = count->odd || strcasecmp(name, "Transfer-Encoding") == 0;
    for (size_t i = 0; i < name_size; i++) {
        // RFC 9110 section 5.6.2: what a token may hold.
        const unsigned char byte = (unsigned char)name[i];
        count->odd = count->odd || (!isalnum(byte) && strchr("!#$%&'*+-.^_`|~", byte) == NULL);
    }
    for (size_t i = 0; i < value_size; i++) {
        const unsigned char byte = (unsigned char)value[i];
        count->odd = count->odd || (byte < 0x20 && byte != '\t') || byte == 0x7F;
    }
    return MHD_YES;
}

/// `Host` alone is the name; a port may follow.
static bool is_this_machine(const char *host)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
    for (size_t i = 0; host != NULL && i < sizeof names / sizeof names[0]; i++) {
        const size_t size = strlen(names[i]);
        if (strncasecmp(host, names[i], size) == 0 && (host[size] == '\0' || host[size] == ':')) {
            return true;
        }
    }
    return false;
}

static bool refuse(struct http_exchange *exchange, enum http_code code, const char *error,
                   const char *message)
{
    struct rest *rest = &exchange->listener->server->rest;
    http_reply_error(&exchange->reply, code, error, "%s", message);
    rest->counters[REST_COUNTER_REFUSED]++;
    // Nothing but enrolment is asked for there; what is beyond the limits was meant ill, or broken.
    const bool is_bad = code == HTTP_BAD_REQUEST || code == HTTP_CONTENT_TOO_LARGE ||
                        code == HTTP_HEAD_TOO_LARGE || code == HTTP_URI_TOO_LONG;
    if (exchange->listener->for_devices && is_bad && rest->audit != NULL) {
        fleet_audit_request(rest->audit, "", exchange->address, error);
    }
    return false;
}

static bool check_head(struct http_exchange *exchange)
{
    struct head_count count = { .size = exchange->raw_size };
    (void)MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, count_field, &count);

    const char *length = http_exchange_header(exchange, "Content-Length");
    int64_t body_size = 0;
    exchange->must_close = true;
    if (count.fields > FIELD_LIMIT || count.size > HEAD_LIMIT) {
        return refuse(exchange, HTTP_HEAD_TOO_LARGE, "head_too_large",
                      "The request's head is larger than 16 KiB or has more than 100 fields.");
    }
    if (exchange->raw_size > HTTP_TARGET_SIZE_LIMIT) {
        return refuse(exchange, HTTP_URI_TOO_LONG, "uri_too_long",
                      "The address is longer than 2048 bytes.");
    }
    if (count.doubled || count.odd) {
        return refuse(exchange, HTTP_BAD_REQUEST, "invalid_request",
                      "The request's head can be understood in more than one way.");
    }
    if (length != NULL &&
        http_target_number(length, 0, INT64_C(999999999999999999), &body_size) != STATUS_OK) {
        return refuse(exchange, HTTP_BAD_REQUEST, "invalid_request",
                      "\"Content-Length\" must be a whole number.");
    }
    if (body_size > REST_ENROLMENT_BODY_LIMIT) {
        return refuse(exchange, HTTP_CONTENT_TOO_LARGE, "content_too_large",
                      "The body is larger than any this interface knows.");
    }
    exchange->announced_size = (size_t)body_size;
    if (body_size > 0 && exchange->request.method == REST_GET) {
        return refuse(exchange, HTTP_BAD_REQUEST, "invalid_request",
                      "A request that only reads carries no body.");
    }
    exchange->must_close = false;
    if (!exchange->listener->secure && !is_this_machine(http_exchange_header(exchange, "Host"))) {
        return refuse(exchange, HTTP_MISDIRECTED, "misdirected_request",
                      "Plain HTTP is served to this machine only, under the name localhost.");
    }
    return true;
}

/// Writes where the request comes from; of an IPv6 address the first 64 bits, since whoever has one
/// has all below it.
static void find_address(struct http_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *peer = info != NULL ? info->client_addr : NULL;

    (void)snprintf(exchange->address, sizeof exchange->address, "unknown");
    if (peer != NULL && peer->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)peer;
        (void)inet_ntop(AF_INET, &v4->sin_addr, exchange->address, sizeof exchange->address);
    } else if (peer != NULL && peer->sa_family == AF_INET6) {
        struct in6_addr address = ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&address)) {
            (void)inet_ntop(AF_INET, &address.s6_addr[12], exchange->address,
                            sizeof exchange->address);
        } else {
            memset(&address.s6_addr[8], 0, 8);
            (void)inet_ntop(AF_INET6, &address, exchange->address, sizeof exchange->address);
        }
    }
    exchange->request.address = exchange->address;
}

static bool check_flood(struct http_exchange *exchange)
{
    struct http_server *server = exchange->listener->server;
    const struct fleet_host *host = server->rest.fleet->host;
    const uint64_t key =
        rate_limit_key(server->flood_secret, exchange->address, strlen(exchange->address));
    int64_t wait_ms = 0;

    (void)pthread_mutex_lock(&server->flood_lock);
    const enum status status =
        rate_limit_take(&server->flood, key, (int64_t)host->monotonic_ms(host->ctx), &wait_ms);
    (void)pthread_mutex_unlock(&server->flood_lock);
    if (status == STATUS_OK) {
        return true;
    }
    server->rest.counters[REST_COUNTER_RATE_LIMITED]++;
    http_reply_error(&exchange->reply, HTTP_TOO_MANY_REQUESTS, "rate_limit_exceeded",
                     "Too many requests from this address.");
    http_reply_header(&exchange->reply, "Retry-After", "%lld", (long long)(wait_ms + 999) / 1000);
    return false;
}

static bool find_route(struct http_exchange *exchange)
{
    const char *path = exchange->target.path;
    char allowed[32] = "GET";

    static const char *const trees[] = { "/v1/", "/v2/", "/api/", "/.well-known/est/" };
    bool is_api = exchange->listener->for_devices || strcmp(path, "/v1") == 0 ||
                  strcmp(path, "/healthz") == 0 || strcmp(path, "/sign-csr") == 0;
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        is_api = is_api || strncmp(path, trees[i], strlen(trees[i])) == 0;
    }
    enum status status = exchange->request.method == REST_GET ? STATUS_OK : STATUS_INVALID;
    if (is_api) {
        status = rest_find_route(exchange->request.method, path, &exchange->route,
                                 &exchange->request.arguments, allowed);
    }
    if (status == STATUS_OK && exchange->listener->for_devices &&
        exchange->route->permission != PERMISSION_ENROLMENT) {
        status = STATUS_MISSING;
    }
    if (status == STATUS_INVALID) {
        http_reply_header(&exchange->reply, "Allow", "%s", allowed);
        return refuse(exchange, HTTP_METHOD_NOT_ALLOWED, "method_not_allowed",
                      "This address does not know the method; see Allow.");
    }
    if (status != STATUS_OK) {
        return refuse(exchange, HTTP_NOT_FOUND, "not_found", "There is nothing at this address.");
    }
    return true;
}

static void find_session(struct http_exchange *exchange)
{
    const char *cookies = http_exchange_header(exchange, "Cookie");
    const struct rest *rest = &exchange->listener->server->rest;
    const char *id = NULL;
    size_t size = 0;

    if (cookies != NULL &&
        http_cookie_find(cookies, strlen(cookies), REST_COOKIE, &id, &size) == STATUS_OK &&
        accounts_find_session(rest->accounts, id, size,
                              rest->fleet->host->utc_ms(rest->fleet->host->ctx),
                              &exchange->session) == STATUS_OK) {
        exchange->request.session = &exchange->session;
    }
}

/// A request that changes something must come from our own pages. Browsers say where it comes from
/// in Sec-Fetch-Site and Origin; other programs send neither.
static bool is_from_here(const struct http_exchange *exchange)
{
    const char *site = http_exchange_header(exchange, "Sec-Fetch-Site");
    const char *origin = http_exchange_header(exchange, "Origin");
    const char *host = http_exchange_header(exchange, "Host");
    const char *scheme = exchange->listener->secure ? "https://" : "http://";

    if (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) {
        return false;
    }
    return origin == NULL || (host != NULL && strncmp(origin, scheme, strlen(scheme)) == 0 &&
                              strcasecmp(origin + strlen(scheme), host) == 0);
}

/// The paths of the first app, whose programs send their session as a bearer token. A page of
/// another site cannot, so there is nothing to guard against.
static bool takes_bearer(const struct http_exchange *exchange)
{
    return strncmp(exchange->target.path, "/api/", 5) == 0;
}

static void find_bearer(struct http_exchange *exchange)
{
    static const char scheme[] = "Bearer ";
    const char *field = exchange->request.authorization;
    const struct rest *rest = &exchange->listener->server->rest;
    if (exchange->route->permission == PERMISSION_ENROLMENT || !takes_bearer(exchange) ||
        field == NULL || strncasecmp(field, scheme, sizeof scheme - 1) != 0) {
        return;
    }
    const char *id = field + sizeof scheme - 1;
    exchange->by_bearer = accounts_find_session(rest->accounts, id, strlen(id),
                                                rest->fleet->host->utc_ms(rest->fleet->host->ctx),
                                                &exchange->session) == STATUS_OK;
    exchange->request.session = exchange->by_bearer ? &exchange->session : NULL;
}

static bool refuse_stranger(struct http_exchange *exchange)
{
    if (!takes_bearer(exchange)) {
        return refuse(exchange, HTTP_UNAUTHORIZED, "not_signed_in", "Sign in first.");
    }
    const char *word =
        exchange->request.authorization != NULL ? "AUTH_TOKEN_INVALID" : "AUTH_TOKEN_MISSING";
    http_reply_header(&exchange->reply, "X-Error-Code", "%s", word);
    return refuse(exchange, HTTP_UNAUTHORIZED, word, "Send a session as a bearer token.");
}

/// Makes room for a body that the route may have.
static bool make_room(struct http_exchange *exchange)
{
    const bool large = exchange->route->permission == PERMISSION_ENROLMENT;
    if (exchange->announced_size <= sizeof exchange->small) {
        return true;
    }
    exchange->must_close = true;
    if (!large) {
        return refuse(exchange, HTTP_CONTENT_TOO_LARGE, "content_too_large",
                      "The body is larger than 2048 bytes.");
    }
    char *body = malloc(exchange->announced_size);
    if (body == NULL) {
        return refuse(exchange, HTTP_UNAVAILABLE, "store_unavailable", "There is no memory.");
    }
    exchange->must_close = false;
    exchange->body = body;
    exchange->body_limit = exchange->announced_size;
    return true;
}

static bool check_rights(struct http_exchange *exchange)
{
    const struct session *session = exchange->request.session;
    const enum permission permission = exchange->route->permission;

    if (!account_may(session != NULL ? &session->identity : NULL, permission)) {
        return session == NULL ? refuse_stranger(exchange)
                               : refuse(exchange, HTTP_FORBIDDEN, "forbidden",
                                        "Your role does not permit this.");
    }
    if (exchange->request.method == REST_GET || exchange->by_bearer ||
        permission == PERMISSION_ENROLMENT) {
        return true;
    }
    if (!is_from_here(exchange)) {
        return refuse(exchange, HTTP_FORBIDDEN, "cross_site_request",
                      "The request comes from another site.");
    }
    const char *token = http_exchange_header(exchange, "X-CSRF-Token");
    if (permission != PERMISSION_PUBLIC &&
        (token == NULL || !accounts_csrf_matches(session, token, strlen(token)))) {
        return refuse(exchange, HTTP_FORBIDDEN, "csrf_token_invalid",
                      "\"X-CSRF-Token\" is missing or belongs to another session.");
    }
    return true;
}

bool http_gate_pass(struct http_exchange *exchange, const char *method)
{
    struct http_server *server = exchange->listener->server;
    const char *plain_method = strcmp(method, "HEAD") == 0 ? "GET" : method;

    server->rest.counters[REST_COUNTER_REQUESTS]++;
    find_address(exchange);
    if (server->closing) {
        exchange->must_close = true;
        return refuse(exchange, HTTP_UNAVAILABLE, "shutting_down", "The server is shutting down.");
    }
    if (!rest_method_parse(plain_method, &exchange->request.method)) {
        exchange->must_close = true;
        http_reply_header(&exchange->reply, "Allow", "GET, POST, PUT, DELETE");
        return refuse(exchange, HTTP_METHOD_NOT_ALLOWED, "method_not_allowed",
                      "This server does not know the method.");
    }
    if (!check_head(exchange) || !check_flood(exchange)) {
        return false;
    }
    if (http_target_parse(&exchange->target, exchange->raw, exchange->raw_size) != STATUS_OK) {
        if (exchange->target.repeated != NULL) {
            char sentence[96];
            (void)snprintf(sentence, sizeof sentence, "\"%.60s\" is given twice.",
                           exchange->target.repeated);
            return refuse(exchange, HTTP_BAD_REQUEST, "invalid_request", sentence);
        }
        return refuse(exchange, HTTP_BAD_REQUEST, "invalid_request",
                      "The address is not one plain path with a plain query.");
    }
    exchange->request.target = &exchange->target;
    exchange->request.content_type = http_exchange_header(exchange, "Content-Type");
    exchange->request.accept = http_exchange_header(exchange, "Accept");
    exchange->request.authorization = http_exchange_header(exchange, "Authorization");
    exchange->request.if_none_match = http_exchange_header(exchange, "If-None-Match");
    if (!find_route(exchange)) {
        return false;
    }
    if (exchange->route == NULL) {
        return true;
    }
    find_session(exchange);
    if (exchange->request.session == NULL) {
        find_bearer(exchange);
    }
    if (exchange->listener->for_devices) {
        http_peer_find(exchange);
    }
    return check_rights(exchange) && make_room(exchange);
}
