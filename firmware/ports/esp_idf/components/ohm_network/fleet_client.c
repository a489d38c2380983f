// SPDX-License-Identifier: MIT
#include "fleet_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "constant_time.h"
#include "esp_http_client.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

enum { URL_LIMIT = 512, TRANSMIT_BUFFER = 2048, NO_CONTENT = 204 };

static const char HTTPS[] = "https://";
static const char BEARER[] = "Bearer ";

/// One request and its answer. Until `is_over` it is the task's, then the seam's.
struct fleet_client_exchange {
    const struct fleet_client_options *options;
    char url[URL_LIMIT];
    bool is_post;
    bool with_certificate;
    enum keystore_slot slot;
    char *authorization; ///< NULL: none.
    char *content_type;  ///< NULL: none.
    uint8_t *body;
    size_t body_size;
    uint8_t *answer; ///< NULL: none so far.
    size_t answer_size;
    bool is_too_large;
    bool is_in_chunks; ///< The answer tells where it ends by its last chunk.
    bool has_no_memory;
    int code;
    char error_code[FLEET_CLIENT_ERROR_CODE];
    char reason[FLEET_CLIENT_REASON];
    enum status outcome;
    _Atomic bool is_over;
};

static void wipe_request(struct fleet_client_exchange *exchange)
{
    if (exchange->authorization != NULL) {
        constant_time_wipe(exchange->authorization, strlen(exchange->authorization));
    }
    if (exchange->body != NULL) {
        constant_time_wipe(exchange->body, exchange->body_size);
    }
    free(exchange->authorization);
    free(exchange->content_type);
    free(exchange->body);
    exchange->authorization = NULL;
    exchange->content_type = NULL;
    exchange->body = NULL;
}

static void free_exchange(struct fleet_client_exchange *exchange)
{
    if (exchange != NULL) {
        wipe_request(exchange);
        free(exchange->answer);
        free(exchange);
    }
}

static void take_body(struct fleet_client_exchange *exchange, const void *bytes, size_t size)
{
    if (exchange->has_no_memory || size == 0) {
        return;
    }
    if (size > FLEET_CLIENT_ANSWER_LIMIT - exchange->answer_size) {
        exchange->is_too_large = true;
        return;
    }
    uint8_t *longer = realloc(exchange->answer, exchange->answer_size + size);
    if (longer == NULL) {
        exchange->has_no_memory = true;
        return;
    }
    exchange->answer = longer;
    memcpy(exchange->answer + exchange->answer_size, bytes, size);
    exchange->answer_size += size;
}

/// Keeps the value of X-Error-Code if it is a plain word.
static void keep_error_code(struct fleet_client_exchange *exchange, const char *value)
{
    const size_t size = strlen(value);
    for (size_t n = 0; n < size; n++) {
        if (value[n] < '!' || value[n] > '~') {
            return;
        }
    }
    if (size < sizeof exchange->error_code) {
        memcpy(exchange->error_code, value, size + 1);
    }
}

static esp_err_t on_event(esp_http_client_event_t *event)
{
    struct fleet_client_exchange *exchange = event->user_data;
    if (event->event_id == HTTP_EVENT_ON_DATA) {
        take_body(exchange, event->data, (size_t)event->data_len);
    } else if (event->event_id == HTTP_EVENT_ON_HEADER &&
               strcasecmp(event->header_key, "X-Error-Code") == 0) {
        keep_error_code(exchange, event->header_value);
    } else if (event->event_id == HTTP_EVENT_ON_HEADER &&
               strcasecmp(event->header_key, "Transfer-Encoding") == 0) {
        exchange->is_in_chunks = strcasecmp(event->header_value, "chunked") == 0;
    }
    return ESP_OK;
}

static bool set_request(esp_http_client_handle_t client,
                        const struct fleet_client_exchange *exchange)
{
    return esp_http_client_set_method(client, exchange->is_post ? HTTP_METHOD_POST
                                                                : HTTP_METHOD_GET) == ESP_OK &&
           esp_http_client_set_header(client, "Accept", "application/json") == ESP_OK &&
           (exchange->authorization == NULL ||
            esp_http_client_set_header(client, "Authorization", exchange->authorization) ==
                ESP_OK) &&
           (exchange->content_type == NULL ||
            esp_http_client_set_header(client, "Content-Type", exchange->content_type) == ESP_OK) &&
           (!exchange->is_post ||
            esp_http_client_set_post_field(client, (const char *)exchange->body,
                                           (int)exchange->body_size) == ESP_OK);
}

/// Whether all of the answer came. v5.3 reports success also where the connection ended in the
/// middle, and both versions call an answer chunked that does not tell its length at all: where
/// only the connection's end would tell, anybody could cut it.
static bool is_whole(const struct fleet_client_exchange *exchange, esp_http_client_handle_t client)
{
    if (exchange->is_in_chunks) {
        return esp_http_client_is_complete_data_received(client);
    }
    return exchange->code == NO_CONTENT ||
           esp_http_client_get_content_length(client) == (int64_t)exchange->answer_size;
}

/// What came of it, from what the client says.
static void judge(struct fleet_client_exchange *exchange, esp_http_client_handle_t client,
                  esp_err_t result)
{
    int tls_error = 0;
    int flags = 0;

    (void)esp_http_client_get_and_clear_last_tls_error(client, &tls_error, &flags);
    if (result != ESP_OK) {
        exchange->outcome = flags != 0 ? STATUS_CORRUPT : STATUS_IO;
        (void)snprintf(exchange->reason, sizeof exchange->reason, "%s (TLS -0x%04x, flags 0x%x)",
                       esp_err_to_name(result), (unsigned)tls_error, (unsigned)flags);
        return;
    }
    exchange->code = esp_http_client_get_status_code(client);
    if (exchange->is_too_large) {
        exchange->outcome = STATUS_FULL;
        (void)snprintf(exchange->reason, sizeof exchange->reason, "the answer is too long");
    } else if (exchange->has_no_memory) {
        exchange->outcome = STATUS_IO;
        (void)snprintf(exchange->reason, sizeof exchange->reason,
                       "there is no memory for the answer");
    } else if (!is_whole(exchange, client)) {
        exchange->outcome = STATUS_IO;
        (void)snprintf(exchange->reason, sizeof exchange->reason,
                       "the answer broke off, or does not tell where it ends");
    } else {
        exchange->outcome = STATUS_OK;
    }
}

/// The client has a copy of the header, which it would free as it is.
static void wipe_header(esp_http_client_handle_t client)
{
    char *value = NULL;
    if (esp_http_client_get_header(client, "Authorization", &value) == ESP_OK && value != NULL) {
        constant_time_wipe(value, strlen(value));
    }
}

static void exchange_bytes(struct fleet_client_exchange *exchange)
{
    const esp_http_client_config_t config = {
        .url = exchange->url,
        .timeout_ms = FLEET_CLIENT_TIMEOUT_MS,
        .disable_auto_redirect = true,
        .max_authorization_retries = -1,
        .event_handler = on_event,
        .buffer_size_tx = TRANSMIT_BUFFER,
        .user_data = exchange,
        .crt_bundle_attach = keystore_tls_attach_server,
    };
    const struct keystore_tls_options identity = { .authority = exchange->options->authority,
                                                   .keystore = exchange->options->keystore,
                                                   .with_certificate = exchange->with_certificate,
                                                   .slot = exchange->slot };

    const enum status status = keystore_tls_prepare(KEYSTORE_TLS_SERVER, &identity);
    if (status != STATUS_OK) {
        (void)snprintf(exchange->reason, sizeof exchange->reason,
                       "this device cannot show who it is (%s)", status_name(status));
        return;
    }
    esp_http_client_handle_t client = esp_http_client_init(&config);
    if (client == NULL || !set_request(client, exchange)) {
        (void)snprintf(exchange->reason, sizeof exchange->reason, "there is no memory for it");
    } else {
        judge(exchange, client, esp_http_client_perform(client));
    }
    if (client != NULL) {
        wipe_header(client);
        (void)esp_http_client_cleanup(client);
    }
    keystore_tls_release(KEYSTORE_TLS_SERVER);
}

static void run(void *ctx)
{
    struct fleet_client_exchange *exchange = ctx;
    exchange_bytes(exchange);
    wipe_request(exchange);
    atomic_store_explicit(&exchange->is_over, true, memory_order_release);
    vTaskDelete(NULL);
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

static enum status check(const struct http_client_request *request)
{
    const bool is_known =
        strcmp(request->method, "GET") == 0 || strcmp(request->method, "POST") == 0;

    if (!is_known || request->path[0] != '/' || !is_plain(request->path, false) ||
        (request->bearer != NULL && !is_plain(request->bearer, false)) ||
        (request->content_type != NULL && !is_plain(request->content_type, true))) {
        return STATUS_INVALID;
    }
    return request->body_size > FLEET_CLIENT_REQUEST_LIMIT ? STATUS_FULL : STATUS_OK;
}

/// Copies what the request points to. @return false  there is no memory, or the path is too long.
static bool copy_request(struct fleet_client_exchange *exchange,
                         const struct http_client_request *request)
{
    const int size = snprintf(exchange->url, sizeof exchange->url, "%s%s",
                              exchange->options->server, request->path);

    exchange->is_post = strcmp(request->method, "POST") == 0;
    exchange->with_certificate = request->with_certificate;
    exchange->slot = request->slot;
    exchange->body = malloc(request->body_size + 1);
    if (size < 0 || (size_t)size >= sizeof exchange->url || exchange->body == NULL) {
        return false;
    }
    exchange->body_size = request->body_size;
    if (request->body_size > 0) {
        memcpy(exchange->body, request->body, request->body_size);
    }
    if (request->content_type != NULL) {
        exchange->content_type = strdup(request->content_type);
    }
    if (request->bearer != NULL) {
        const size_t room = sizeof BEARER + strlen(request->bearer);
        exchange->authorization = malloc(room);
        if (exchange->authorization != NULL) {
            (void)snprintf(exchange->authorization, room, "%s%s", BEARER, request->bearer);
        }
    }
    return (request->content_type == NULL || exchange->content_type != NULL) &&
           (request->bearer == NULL || exchange->authorization != NULL);
}

/// Frees what was cancelled, if it has ended. @return false  it has not.
static bool forget_left(struct fleet_client *client)
{
    if (client->left != NULL &&
        !atomic_load_explicit(&client->left->is_over, memory_order_acquire)) {
        return false;
    }
    free_exchange(client->left);
    client->left = NULL;
    return true;
}

static void cancel(void *ctx)
{
    struct fleet_client *client = ctx;
    struct fleet_client_exchange *exchange = client->exchange;

    client->exchange = NULL;
    if (exchange == NULL) {
        return;
    }
    if (atomic_load_explicit(&exchange->is_over, memory_order_acquire)) {
        free_exchange(exchange);
    } else {
        client->left = exchange;
    }
}

static enum status begin(void *ctx, const struct http_client_request *request)
{
    struct fleet_client *client = ctx;
    const enum status status = check(request);

    if (status != STATUS_OK) {
        return status;
    }
    if ((client->exchange != NULL &&
         !atomic_load_explicit(&client->exchange->is_over, memory_order_acquire)) ||
        !forget_left(client)) {
        return STATUS_BUSY;
    }
    cancel(client);
    struct fleet_client_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        return STATUS_FULL;
    }
    exchange->options = &client->options;
    exchange->outcome = STATUS_IO;
    if (!copy_request(exchange, request) ||
        xTaskCreate(run, "https", client->options.task_stack, exchange,
                    client->options.task_priority, NULL) != pdPASS) {
        free_exchange(exchange);
        return STATUS_FULL;
    }
    client->exchange = exchange;
    return STATUS_OK;
}

static enum status poll_exchange(void *ctx, struct http_client_reply *reply, const char **reason)
{
    const struct fleet_client *client = ctx;
    const struct fleet_client_exchange *exchange = client->exchange;

    *reason = "";
    if (exchange == NULL) {
        return STATUS_MISSING;
    }
    if (!atomic_load_explicit(&exchange->is_over, memory_order_acquire)) {
        return STATUS_BUSY;
    }
    *reason = exchange->reason;
    if (exchange->outcome == STATUS_OK) {
        *reply =
            (struct http_client_reply){ .code = exchange->code,
                                        .body = exchange->answer_size > 0 ? exchange->answer
                                                                          : (const uint8_t *)"",
                                        .body_size = exchange->answer_size,
                                        .error_code = exchange->error_code };
    }
    return exchange->outcome;
}

enum status fleet_client_open(struct fleet_client *client,
                              const struct fleet_client_options *options)
{
    const size_t scheme = strlen(HTTPS);

    if (strncmp(options->server, HTTPS, scheme) != 0 || options->server[scheme] == '\0' ||
        strpbrk(options->server + scheme, "/?#@ \\") != NULL) {
        return STATUS_INVALID;
    }
    *client = (struct fleet_client){ .options = *options };
    return STATUS_OK;
}

struct http_client fleet_client_seam(struct fleet_client *client)
{
    return (struct http_client){
        .begin = begin, .poll = poll_exchange, .cancel = cancel, .ctx = client
    };
}
