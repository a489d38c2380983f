// SPDX-License-Identifier: MIT
#include "curl_client.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    URL_LIMIT = 512,
    HEADER_LIMIT = 1200, ///< The longest token and its name.
    ERROR_CODE_LIMIT = 63
};

static const char HTTPS[] = "https://";

struct curl_client {
    const struct curl_client_options *options;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    enum { NOTHING_BEGUN, UNDER_WAY, ENDED } stage;
    enum status outcome; ///< Once it has ended.
    bool with_certificate;
    enum keystore_slot slot;
    uint8_t *body;
    size_t body_size;
    bool is_too_large;
    bool is_distrusted;
    bool is_chunked;
    long code;
    char error_code[ERROR_CODE_LIMIT + 1];
    char reason[CURL_ERROR_SIZE];
};

enum status curl_client_open(const struct curl_client_options *options, struct curl_client **client)
{
    const size_t scheme = strlen(HTTPS);

    if (strncmp(options->server, HTTPS, scheme) != 0 || options->server[scheme] == '\0' ||
        strpbrk(options->server + scheme, "/?#@ \\") != NULL) {
        return STATUS_INVALID;
    }
    struct curl_client *made = calloc(1, sizeof *made);
    if (made == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(made);
        return STATUS_FULL;
    }
    made->options = options;
    made->body = malloc(CURL_CLIENT_ANSWER_LIMIT);
    made->multi = curl_multi_init();
    if (made->body == NULL || made->multi == NULL) {
        curl_client_close(made);
        return STATUS_FULL;
    }
    *client = made;
    return STATUS_OK;
}

/// Wipes and frees the headers, one of which may hold a token.
static void drop_headers(struct curl_client *client)
{
    for (struct curl_slist *header = client->headers; header != NULL; header = header->next) {
        explicit_bzero(header->data, strlen(header->data));
    }
    curl_slist_free_all(client->headers);
    client->headers = NULL;
}

static void drop_request(struct curl_client *client)
{
    if (client->easy != NULL) {
        (void)curl_multi_remove_handle(client->multi, client->easy);
        curl_easy_cleanup(client->easy);
        client->easy = NULL;
    }
    drop_headers(client);
}

static void cancel(void *ctx)
{
    struct curl_client *client = ctx;
    drop_request(client);
    client->stage = NOTHING_BEGUN;
}

void curl_client_close(struct curl_client *client)
{
    if (client == NULL) {
        return;
    }
    drop_request(client);
    (void)curl_multi_cleanup(client->multi);
    free(client->body);
    free(client);
    curl_global_cleanup();
}

static size_t take_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct curl_client *client = ctx;
    const size_t all = size * count;

    if (all > CURL_CLIENT_ANSWER_LIMIT - client->body_size) {
        client->is_too_large = true;
        return 0;
    }
    memcpy(client->body + client->body_size, bytes, all);
    client->body_size += all;
    return all;
}

/// Keeps the value of X-Error-Code if it is a plain word.
static void keep_error_code(struct curl_client *client, const char *value, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < size; i++) {
        const bool is_space = strchr(" \r\n", value[i]) != NULL;
        if (!is_space && (value[i] < '!' || value[i] > '~' || used == ERROR_CODE_LIMIT)) {
            used = 0;
            break;
        }
        if (!is_space) {
            client->error_code[used++] = value[i];
        }
    }
    client->error_code[used] = '\0';
}

static size_t take_header(char *bytes, size_t size, size_t count, void *ctx)
{
    static const char ERROR_CODE[] = "x-error-code:";
    static const char CHUNKED[] = "transfer-encoding: chunked";
    struct curl_client *client = ctx;
    const size_t all = size * count;
    const size_t name = strlen(ERROR_CODE);

    if (all >= name && strncasecmp(bytes, ERROR_CODE, name) == 0) {
        keep_error_code(client, bytes + name, all - name);
    }
    client->is_chunked |=
        all >= strlen(CHUNKED) && strncasecmp(bytes, CHUNKED, strlen(CHUNKED)) == 0;
    return all;
}

/// Verifies the chain as OpenSSL does anyway, and remembers the outcome: curl tells a forged
/// signature from a broken connection only by the text of the error.
static int verify_chain(X509_STORE_CTX *chain, void *ctx)
{
    struct curl_client *client = ctx;
    const int result = X509_verify_cert(chain);
    client->is_distrusted = result != 1;
    return result;
}

/// What curl has no option for.
static CURLcode prepare_tls(CURL *easy, void *context, void *ctx)
{
    struct curl_client *client = ctx;
    const struct curl_client_options *options = client->options;

    (void)easy;
    SSL_CTX_set_cert_verify_callback(context, verify_chain, client);
    return !client->with_certificate ||
                   options->use_certificate(options->ctx, client->slot, context) == STATUS_OK
               ? CURLE_OK
               : CURLE_SSL_CERTPROBLEM;
}

/// Whether text may stand in a header or a request line.
static bool is_plain(const char *text, bool may_have_spaces)
{
    for (; *text != '\0'; text++) {
        if (*text < (may_have_spaces ? ' ' : '!') || *text > '~') {
            return false;
        }
    }
    return true;
}

static bool add_header(struct curl_client *client, const char *name, const char *value)
{
    char line[HEADER_LIMIT];
    const int size = snprintf(line, sizeof line, "%s%s", name, value);

    if (size < 0 || (size_t)size >= sizeof line) {
        return false;
    }
    struct curl_slist *longer = curl_slist_append(client->headers, line);
    explicit_bzero(line, sizeof line);
    if (longer == NULL) {
        return false;
    }
    client->headers = longer;
    return true;
}

static bool add_headers(struct curl_client *client, const struct http_client_request *request)
{
    // Without "Expect" curl would wait for a word before it sends a body.
    return add_header(client, "Expect:", "") &&
           add_header(client, "Accept: ", "application/json") &&
           (request->bearer == NULL ||
            add_header(client, "Authorization: Bearer ", request->bearer)) &&
           (request->content_type == NULL ||
            add_header(client, "Content-Type: ", request->content_type));
}

/// Everything that makes a connection trustworthy. One option that is not taken is one too many.
static bool set_trust(struct curl_client *client)
{
    CURL *easy = client->easy;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CAINFO, client->options->ca) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, prepare_tls) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, client) == CURLE_OK;
}

static bool set_request(struct curl_client *client, const struct http_client_request *request)
{
    CURL *easy = client->easy;
    char url[URL_LIMIT];
    const int size = snprintf(url, sizeof url, "%s%s", client->options->server, request->path);
    const bool is_post = strcmp(request->method, "POST") == 0;

    return size > 0 && (size_t)size < sizeof url &&
           curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CURL_CLIENT_CONNECT_MS) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)CURL_CLIENT_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, client->reason) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, client) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, client) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, client->headers) == CURLE_OK &&
           (!is_post ||
            (curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->body_size) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS,
                              request->body_size > 0 ? request->body : "") == CURLE_OK));
}

static enum status check(const struct curl_client *client,
                         const struct http_client_request *request)
{
    const bool is_known =
        strcmp(request->method, "GET") == 0 || strcmp(request->method, "POST") == 0;

    if (!is_known || request->path[0] != '/' || !is_plain(request->path, false) ||
        (request->bearer != NULL && !is_plain(request->bearer, false)) ||
        (request->content_type != NULL && !is_plain(request->content_type, true)) ||
        (request->with_certificate && client->options->use_certificate == NULL)) {
        return STATUS_INVALID;
    }
    return request->body_size > CURL_CLIENT_REQUEST_LIMIT ? STATUS_FULL : STATUS_OK;
}

static enum status begin(void *ctx, const struct http_client_request *request)
{
    struct curl_client *client = ctx;

    if (client->stage == UNDER_WAY) {
        return STATUS_BUSY;
    }
    const enum status status = check(client, request);
    if (status != STATUS_OK) {
        return status;
    }
    cancel(client);
    client->body_size = 0;
    client->is_too_large = false;
    client->is_distrusted = false;
    client->is_chunked = false;
    client->code = 0;
    client->error_code[0] = '\0';
    client->reason[0] = '\0';
    client->with_certificate = request->with_certificate;
    client->slot = request->slot;
    client->easy = curl_easy_init();
    if (client->easy == NULL || !add_headers(client, request) || !set_trust(client) ||
        !set_request(client, request) ||
        curl_multi_add_handle(client->multi, client->easy) != CURLM_OK) {
        drop_request(client);
        return STATUS_FULL;
    }
    client->stage = UNDER_WAY;
    return STATUS_OK;
}

static enum status outcome_of(const struct curl_client *client, CURLcode result)
{
    switch ((int)result) {
    case CURLE_OK:
        return STATUS_OK;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return STATUS_CORRUPT;
    default:
        if (client->is_distrusted) {
            return STATUS_CORRUPT;
        }
        return client->is_too_large ? STATUS_FULL : STATUS_IO;
    }
}

/// Whether the answer told where it ends. Where only the connection's end would tell, anybody could
/// cut it: curl lets a TLS connection end without a farewell.
static bool has_end(const struct curl_client *client)
{
    curl_off_t size = -1;
    (void)curl_easy_getinfo(client->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    return size >= 0 || client->is_chunked;
}

static void end(struct curl_client *client, CURLcode result)
{
    client->outcome = outcome_of(client, result);
    if (client->outcome == STATUS_OK && !has_end(client)) {
        client->outcome = STATUS_IO;
        (void)snprintf(client->reason, sizeof client->reason,
                       "the answer does not tell where it ends");
    }
    if (client->reason[0] == '\0') {
        (void)snprintf(client->reason, sizeof client->reason, "%s", curl_easy_strerror(result));
    }
    if (result == CURLE_OK) {
        (void)curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &client->code);
    }
    drop_request(client);
    client->stage = ENDED;
}

static void move(struct curl_client *client)
{
    int running = 0;
    int waiting = 0;

    if (curl_multi_perform(client->multi, &running) != CURLM_OK) {
        end(client, CURLE_FAILED_INIT);
        return;
    }
    const CURLMsg *message = curl_multi_info_read(client->multi, &waiting);
    if (message != NULL && message->msg == CURLMSG_DONE) {
        end(client, message->data.result);
    }
}

static enum status poll(void *ctx, struct http_client_reply *reply, const char **reason)
{
    struct curl_client *client = ctx;

    *reason = "";
    if (client->stage == NOTHING_BEGUN) {
        return STATUS_MISSING;
    }
    if (client->stage == UNDER_WAY) {
        move(client);
    }
    if (client->stage == UNDER_WAY) {
        return STATUS_BUSY;
    }
    *reason = client->reason;
    if (client->outcome == STATUS_OK) {
        *reply = (struct http_client_reply){ .code = (int)client->code,
                                             .body = client->body,
                                             .body_size = client->body_size,
                                             .error_code = client->error_code };
    }
    return client->outcome;
}

struct http_client curl_client_seam(struct curl_client *client)
{
    return (struct http_client){ .begin = begin, .poll = poll, .cancel = cancel, .ctx = client };
}
