// SPDX-License-Identifier: MIT
#include "http_test_client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static bool append(char **text, size_t *held, const void *data, size_t size)
{
    char *more = realloc(*text, *held + size + 1);
    if (more == NULL) {
        return false;
    }
    memcpy(more + *held, data, size);
    *text = more;
    *held += size;
    more[*held] = '\0';
    return true;
}

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
    struct http_client *client = ctx;
    return append(&client->body, &client->body_size, data, size * count) ? size * count : 0;
}

static size_t take_head(char *data, size_t size, size_t count, void *ctx)
{
    struct http_client *client = ctx;
    return append(&client->head, &client->head_size, data, size * count) ? size * count : 0;
}

void client_open(struct http_client *client, const struct http_test_bed *bed, bool plain)
{
    memset(client, 0, sizeof *client);
    client->curl = curl_easy_init();
    client->bed = bed;
    client->plain = plain;
}

void client_close(struct http_client *client)
{
    curl_easy_cleanup(client->curl);
    free(client->body);
    free(client->head);
}

static struct curl_slist *make_headers(const struct http_client *client, bool has_body)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    char line[256];
    bool typed = false;
    for (size_t i = 0; i < CLIENT_HEADERS && client->headers[i] != NULL; i++) {
        list = curl_slist_append(list, client->headers[i]);
        typed = typed || strncasecmp(client->headers[i], "Content-Type", 12) == 0;
    }
    if (has_body && !typed) {
        list = curl_slist_append(list, "Content-Type: application/json");
    }
    if (client->csrf_token[0] != '\0') {
        (void)snprintf(line, sizeof line, "X-CSRF-Token: %s", client->csrf_token);
        list = curl_slist_append(list, line);
    }
    return list;
}

long client_send(struct http_client *client, const char *method, const char *path, const char *body)
{
    char url[4096];
    char certificate[128];
    const struct http_server *server = client->bed->server;
    unsigned port = client->plain ? http_server_local_port(server) : http_server_https_port(server);
    port = client->as_device ? http_server_devices_port(server) : port;
    struct curl_slist *headers = make_headers(client, body != NULL);

    (void)snprintf(url, sizeof url, "%s://127.0.0.1:%u%s", client->plain ? "http" : "https", port,
                   path);
    free(client->body);
    free(client->head);
    client->body = calloc(1, 1);
    client->head = calloc(1, 1);
    client->body_size = 0;
    client->head_size = 0;
    client->code = 0;

    curl_easy_reset(client->curl);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(client->curl, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(
        client->curl, CURLOPT_CAINFO,
        bed_path(client->bed, client->as_device ? "pki/root.pem" : "server.crt", certificate));
    curl_easy_setopt(client->curl, CURLOPT_SSLCERT, client->certificate);
    curl_easy_setopt(client->curl, CURLOPT_SSLKEY, client->key);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, client);
    if (client->cookie[0] != '\0') {
        curl_easy_setopt(client->curl, CURLOPT_COOKIE, client->cookie);
    }
    if (body != NULL) {
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body);
    } else if (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, "");
    }
    if (curl_easy_perform(client->curl) == CURLE_OK) {
        curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &client->code);
    }
    curl_slist_free_all(headers);
    memset(client->headers, 0, sizeof client->headers);
    return client->code;
}

/// Copies what stands in `text` between `before` and the first of `stops`.
static void copy_between(const char *text, const char *before, const char *stops, char *out,
                         size_t capacity)
{
    const char *start = strstr(text, before);
    out[0] = '\0';
    if (start != NULL) {
        start += strlen(before);
        (void)snprintf(out, capacity, "%.*s", (int)strcspn(start, stops), start);
    }
}

long client_sign_in(struct http_client *client, const char *password)
{
    char body[256];
    char id[CLIENT_TOKEN_SIZE];
    (void)snprintf(body, sizeof body, "{\"username\":\"admin\",\"password\":\"%s\"}", password);
    if (client_send(client, "POST", "/v1/auth/login", body) == 200) {
        copy_between(client->body, "\"csrf_token\":\"", "\"", client->csrf_token,
                     sizeof client->csrf_token);
        copy_between(client->head, "__Host-ohm=", ";", id, sizeof id);
        (void)snprintf(client->cookie, sizeof client->cookie, "__Host-ohm=%s", id);
    }
    return client->code;
}

const char *client_header(const struct http_client *client, const char *name, char out[512])
{
    char before[64];
    (void)snprintf(before, sizeof before, "\r\n%s: ", name);
    copy_between(client->head, before, "\r\n", out, 512);
    return out;
}

size_t client_raw(const struct http_test_bed *bed, const char *bytes, size_t size, char *out,
                  size_t capacity)
{
    struct sockaddr_in where = { .sin_family = AF_INET,
                                 .sin_port = htons(http_server_local_port(bed->server)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct timeval patience = { .tv_sec = 1 };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t held = 0;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&where, sizeof where) == 0 &&
        send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size) {
        ssize_t got = 0;
        do {
            held += (size_t)got;
            got = recv(fd, out + held, capacity - held - 1, 0);
        } while (got > 0);
    }
    (void)close(fd);
    out[held] = '\0';
    return held;
}
