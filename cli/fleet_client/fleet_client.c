// SPDX-License-Identifier: MIT
#include "fleet_client.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    URL_SIZE = 2048,
    HEADER_SIZE = CLI_TOKEN_SIZE + 32,
    CONNECT_TIMEOUT_S = 10,
    TIMEOUT_S = 60,
    HTTP_UNAUTHORIZED = 401,
};

struct fleet_client {
    struct cli_session *session;
    CURL *curl;
    char *body;
    size_t size;
    char new_cookie[CLI_TOKEN_SIZE];
    char curl_fault[CURL_ERROR_SIZE];
};

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool fleet_client_accepts(const char *server)
{
    static const char *const local[] = { "http://localhost", "http://127.0.0.1", "http://[::1]" };
    if (strpbrk(server, "?#@ \t\r\n") != NULL) {
        return false;
    }
    if (begins(server, "https://")) {
        const char *host = server + strlen("https://");
        return host[0] != '\0' && host[0] != '/' && host[0] != ':';
    }
    for (size_t n = 0; n < sizeof local / sizeof local[0]; n++) {
        if (begins(server, local[n])) {
            const char next = server[strlen(local[n])];
            return next == '\0' || next == ':';
        }
    }
    return false;
}

bool fleet_client_escape(const char *text, char *out, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t length = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (length + 4 > size) {
            return false;
        }
        const unsigned byte = (unsigned char)*at;
        if (strchr(plain, *at) != NULL) {
            out[length++] = *at;
        } else {
            out[length++] = '%';
            out[length++] = digits[byte >> 4];
            out[length++] = digits[byte & 15u];
        }
    }
    if (size == 0) {
        return false;
    }
    out[length] = '\0';
    return true;
}

static size_t take_body(char *data, size_t unit, size_t count, void *ctx)
{
    struct fleet_client *client = ctx;
    const size_t size = unit * count;
    if (client->size + size > FLEET_ANSWER_LIMIT) {
        return 0;
    }
    char *body = realloc(client->body, client->size + size + 1);
    if (body == NULL) {
        return 0;
    }
    memcpy(body + client->size, data, size);
    client->body = body;
    client->size += size;
    body[client->size] = '\0';
    return size;
}

static size_t take_header(char *data, size_t unit, size_t count, void *ctx)
{
    static const char name[] = "set-cookie:";
    struct fleet_client *client = ctx;
    const size_t size = unit * count;
    if (size <= strlen(name) || !curl_strnequal(data, name, strlen(name))) {
        return size;
    }
    const char *value = data + strlen(name);
    const char *end = data + size;
    while (value < end && *value == ' ') {
        value++;
    }
    size_t length = 0;
    while (value + length < end && strchr(";\r\n", value[length]) == NULL) {
        length++;
    }
    if (length < sizeof client->new_cookie) {
        memcpy(client->new_cookie, value, length);
        client->new_cookie[length] = '\0';
    }
    return size;
}

enum status fleet_client_open(struct cli_session *session, struct fleet_client **client,
                              char fault[FLEET_FAULT_SIZE])
{
    *client = NULL;
    if (!fleet_client_accepts(session->server)) {
        (void)snprintf(fault, FLEET_FAULT_SIZE,
                       "\"%s\" is no server: use https://HOST[:PORT] (http:// is for this machine "
                       "only)",
                       session->server);
        return STATUS_INVALID;
    }
    struct fleet_client *made = calloc(1, sizeof *made);
    CURL *curl =
        made != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (curl == NULL) {
        free(made);
        (void)snprintf(fault, FLEET_FAULT_SIZE, "out of memory");
        return STATUS_IO;
    }
    made->session = session;
    made->curl = curl;
    *client = made;
    return STATUS_OK;
}

void fleet_client_close(struct fleet_client *client)
{
    if (client != NULL) {
        curl_easy_cleanup(client->curl);
        curl_global_cleanup();
        free(client->body);
        free(client);
    }
}

/// A header line "name: value", or nothing for an empty value.
static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    char line[HEADER_SIZE];
    if (value[0] == '\0') {
        return list;
    }
    (void)snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(list, line);
    return longer != NULL ? longer : list;
}

static CURLcode perform(struct fleet_client *client, const char *method, const char *path,
                        const char *body)
{
    const struct cli_session *session = client->session;
    CURL *curl = client->curl;
    char url[URL_SIZE];
    (void)snprintf(url, sizeof url, "%s%s", session->server, path);

    struct curl_slist *headers = add_header(NULL, "Cookie", session->cookie);
    headers = add_header(headers, "Accept", "application/json");
    if (strcmp(method, "GET") != 0) {
        headers = add_header(headers, "X-CSRF-Token", session->csrf);
        headers = add_header(headers, "Content-Type", "application/json");
    }
    curl_easy_reset(curl);
    // Options that fail here fail for want of memory, and then the transfer fails too.
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->curl_fault);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
    if (session->ca[0] != '\0') {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, session->ca);
    }
    if (strcmp(method, "GET") != 0) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body != NULL ? body : "");
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    }
    const CURLcode code = curl_easy_perform(curl);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return code;
}

/// Tells why there was no answer, and what helps.
static void explain(const struct fleet_client *client, CURLcode code, char fault[FLEET_FAULT_SIZE])
{
    const char *server = client->session->server;
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
        (void)snprintf(fault, FLEET_FAULT_SIZE,
                       "the certificate of %s cannot be trusted (%s): name the file of its "
                       "authority with --ca FILE",
                       server, client->curl_fault);
    } else if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST) {
        (void)snprintf(fault, FLEET_FAULT_SIZE, "%s cannot be reached (%s): is ohmd running there?",
                       server, client->curl_fault);
    } else {
        const char *why =
            client->curl_fault[0] != '\0' ? client->curl_fault : curl_easy_strerror(code);
        (void)snprintf(fault, FLEET_FAULT_SIZE, "no answer from %s: %s", server, why);
    }
}

/// The server's own sentence about a refusal.
static void quote(const struct fleet_answer *answer, char fault[FLEET_FAULT_SIZE])
{
    cJSON *root = cJSON_ParseWithLength(answer->body, answer->size);
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "message"));
    if (text != NULL) {
        (void)snprintf(fault, FLEET_FAULT_SIZE, "%s", text);
    } else {
        (void)snprintf(fault, FLEET_FAULT_SIZE, "the server answered %d", answer->http_status);
    }
    cJSON_Delete(root);
}

enum status fleet_client_call(struct fleet_client *client, const char *method, const char *path,
                              const char *body, struct fleet_answer *answer,
                              char fault[FLEET_FAULT_SIZE])
{
    static char nothing[1] = "";
    client->size = 0;
    client->new_cookie[0] = '\0';
    client->curl_fault[0] = '\0';
    if (client->body != NULL) {
        client->body[0] = '\0';
    }
    *answer = (struct fleet_answer){ .body = nothing };
    const CURLcode code = perform(client, method, path, body);
    if (code != CURLE_OK) {
        explain(client, code, fault);
        return STATUS_IO;
    }
    long http_status = 0;
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &http_status);
    answer->http_status = (int)http_status;
    answer->body = client->body != NULL ? client->body : nothing;
    answer->size = client->size;
    if (http_status >= 200 && http_status < 300) {
        return STATUS_OK;
    }
    quote(answer, fault);
    return http_status == HTTP_UNAUTHORIZED ? STATUS_BUSY : STATUS_INVALID;
}

static char *sign_in_body(const char *user, const char *password)
{
    cJSON *root = cJSON_CreateObject();
    const bool built = cJSON_AddStringToObject(root, "username", user) != NULL &&
                       cJSON_AddStringToObject(root, "password", password) != NULL;
    char *text = built ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    return text;
}

enum status fleet_client_sign_in(struct fleet_client *client, const char *user,
                                 const char *password, char fault[FLEET_FAULT_SIZE])
{
    struct cli_session *session = client->session;
    struct fleet_answer answer;
    session->cookie[0] = '\0';
    session->csrf[0] = '\0';
    char *body = sign_in_body(user, password);
    if (body == NULL) {
        (void)snprintf(fault, FLEET_FAULT_SIZE, "out of memory");
        return STATUS_IO;
    }
    const enum status status =
        fleet_client_call(client, "POST", "/v1/auth/login", body, &answer, fault);
    memset(body, 0, strlen(body));
    cJSON_free(body);
    if (status != STATUS_OK) {
        return status == STATUS_BUSY ? STATUS_INVALID : status;
    }
    cJSON *root = cJSON_ParseWithLength(answer.body, answer.size);
    const char *csrf = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "csrf_token"));
    const bool sound =
        csrf != NULL && strlen(csrf) < sizeof session->csrf && client->new_cookie[0] != '\0';
    if (sound) {
        (void)snprintf(session->csrf, sizeof session->csrf, "%s", csrf);
        (void)snprintf(session->cookie, sizeof session->cookie, "%s", client->new_cookie);
        (void)snprintf(session->user, sizeof session->user, "%s", user);
    } else {
        (void)snprintf(fault, FLEET_FAULT_SIZE, "%s does not answer like ohmd", session->server);
    }
    cJSON_Delete(root);
    return sound ? STATUS_OK : STATUS_INVALID;
}
