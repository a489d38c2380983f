// SPDX-License-Identifier: MIT
#include "device_client.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "openssl_crypto.h"
#include "pairing_client.h"

enum {
    URL_SIZE = 512,
    ADDRESS_LIMIT = 256,
    CONNECT_TIMEOUT_S = 3,
    TIMEOUT_S = 8,
    HTTP_OK = 200,
    HTTP_TOO_MANY = 429,
    TRIES = 4
};

struct device_client {
    CURL *curl;
    struct crypto crypto;
    struct pairing_client pairing;
    struct device_answer answer;
    char address[ADDRESS_LIMIT];
    char curl_fault[CURL_ERROR_SIZE];
};

static enum status explain(char fault[DEVICE_FAULT_SIZE], enum status status, const char *sentence)
{
    (void)snprintf(fault, DEVICE_FAULT_SIZE, "%s", sentence);
    return status;
}

static bool is_address(const char *address)
{
    static const char scheme[] = "http://";
    return strncmp(address, scheme, strlen(scheme)) == 0 && address[strlen(scheme)] != '\0' &&
           strpbrk(address + strlen(scheme), "/?#@ \t\r\n") == NULL;
}

enum status device_client_open(const char *address, struct device_client **out,
                               char fault[DEVICE_FAULT_SIZE])
{
    if (!is_address(address) || strlen(address) >= ADDRESS_LIMIT) {
        (void)snprintf(fault, DEVICE_FAULT_SIZE, "\"%s\" is no device: use http://ADDRESS[:PORT]",
                       address);
        return STATUS_INVALID;
    }
    struct device_client *client = calloc(1, sizeof *client);
    CURL *curl = client != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
                     ? curl_easy_init()
                     : NULL;
    if (curl == NULL) {
        free(client);
        return explain(fault, STATUS_IO, "out of memory");
    }
    client->curl = curl;
    client->crypto = openssl_crypto();
    (void)snprintf(client->address, sizeof client->address, "%s", address);
    *out = client;
    return STATUS_OK;
}

void device_client_close(struct device_client *client)
{
    if (client != NULL) {
        pairing_client_end(&client->pairing);
        curl_easy_cleanup(client->curl);
        curl_global_cleanup();
        free(client);
    }
}

static size_t take_body(char *data, size_t unit, size_t count, void *ctx)
{
    struct device_answer *answer = ctx;
    const size_t size = unit * count;
    if (size >= DEVICE_ANSWER_SIZE - answer->size) {
        return 0;
    }
    memcpy(answer->body + answer->size, data, size);
    answer->size += size;
    answer->body[answer->size] = '\0';
    return size;
}

enum status device_client_call(struct device_client *client, const char *path, const char *body,
                               struct device_answer *answer, char fault[DEVICE_FAULT_SIZE])
{
    CURL *curl = client->curl;
    char url[URL_SIZE];
    long code = 0;
    (void)snprintf(url, sizeof url, "%s%s", client->address, path);
    struct curl_slist *headers =
        body != NULL ? curl_slist_append(NULL, "Content-Type: application/json") : NULL;

    *answer = (struct device_answer){ .size = 0 };
    client->curl_fault[0] = '\0';
    curl_easy_reset(curl);
    // Options that fail here fail for want of memory, and then the transfer fails too.
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*"); // A device in reach is behind no proxy.
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->curl_fault);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (body != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    const CURLcode result = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    if (result != CURLE_OK) {
        (void)snprintf(fault, DEVICE_FAULT_SIZE, "no answer from %s: %s", client->address,
                       client->curl_fault[0] != '\0' ? client->curl_fault
                                                     : curl_easy_strerror(result));
        return STATUS_IO;
    }
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    answer->http_status = (int)code;
    return STATUS_OK;
}

/// Says what the device's error says, in its own words.
static enum status refuse(const char *body, int http_status, char fault[DEVICE_FAULT_SIZE])
{
    cJSON *root = cJSON_Parse(body);
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "message"));
    const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "error"));
    if (message != NULL || error != NULL) {
        (void)snprintf(fault, DEVICE_FAULT_SIZE, "the device says: %s",
                       message != NULL ? message : error);
    } else {
        (void)snprintf(fault, DEVICE_FAULT_SIZE, "the device answers with HTTP status %d",
                       http_status);
    }
    cJSON_Delete(root);
    return STATUS_INVALID;
}

/// Posts; a device that wants to be asked less often is asked again.
static enum status post(struct device_client *client, const char *path, const char *body,
                        char fault[DEVICE_FAULT_SIZE])
{
    const struct timespec pause = { .tv_sec = 1, .tv_nsec = 100000000 };
    enum status status = STATUS_IO;
    for (int i = 0; i < TRIES; i++) {
        status = device_client_call(client, path, body, &client->answer, fault);
        if (status != STATUS_OK || client->answer.http_status != HTTP_TOO_MANY) {
            break;
        }
        (void)nanosleep(&pause, NULL);
    }
    return status;
}

static enum status say_who(enum status status, char fault[DEVICE_FAULT_SIZE])
{
    if (status == STATUS_MISSING) {
        return explain(fault, STATUS_CORRUPT, "this is another device than the code's");
    }
    if (status == STATUS_CORRUPT) {
        return explain(fault, STATUS_CORRUPT,
                       "whoever answers does not hold this code: the code is wrong, or somebody is "
                       "between you and the device. Nothing secret was sent");
    }
    return explain(fault, STATUS_INVALID, "the device's answer is not what the protocol says");
}

enum status device_client_pair(struct device_client *client, const struct pairing_code *code,
                               char fault[DEVICE_FAULT_SIZE])
{
    uint8_t random[PAIRING_CLIENT_RANDOM_SIZE];
    char body[PAIRING_CLIENT_BODY_SIZE];
    struct pairing_client *pairing = &client->pairing;
    const struct device_answer *answer = &client->answer;

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random ||
        pairing_client_hello(pairing, &client->crypto, code, random, body) != STATUS_OK) {
        return explain(fault, STATUS_IO, "this computer gives no random numbers");
    }
    explicit_bzero(random, sizeof random);
    enum status status = post(client, "/pair/start", body, fault);
    if (status != STATUS_OK || answer->http_status != HTTP_OK) {
        return status != STATUS_OK ? status : refuse(answer->body, answer->http_status, fault);
    }
    status = pairing_client_welcome(pairing, answer->body, answer->size, body);
    if (status != STATUS_OK) {
        return say_who(status, fault);
    }
    status = post(client, "/pair/finish", body, fault);
    if (status != STATUS_OK || answer->http_status != HTTP_OK) {
        return status != STATUS_OK ? status : refuse(answer->body, answer->http_status, fault);
    }
    status = pairing_client_session(pairing, answer->body, answer->size);
    return status == STATUS_OK ? STATUS_OK : say_who(status, fault);
}

enum status device_client_provision(struct device_client *client, const char *credentials,
                                    char fault[DEVICE_FAULT_SIZE])
{
    char body[PAIRING_CLIENT_BODY_SIZE];
    char text[DEVICE_FAULT_SIZE];
    const struct device_answer *answer = &client->answer;

    enum status status = pairing_client_seal(&client->pairing, credentials, body);
    if (status != STATUS_OK) {
        return explain(fault, STATUS_INVALID, "the credentials are longer than a device takes");
    }
    status = post(client, "/provision", body, fault);
    if (status != STATUS_OK) {
        return status;
    }
    status = pairing_client_open(&client->pairing, answer->body, answer->size, text, sizeof text);
    if (status == STATUS_OK) {
        // What was sealed by the device is what it said; the status on the way is anybody's.
        cJSON *root = cJSON_Parse(text);
        const cJSON *said = cJSON_GetObjectItemCaseSensitive(root, "status");
        const bool is_taken = cJSON_IsString(said) && strcmp(cJSON_GetStringValue(said), "ok") == 0;
        cJSON_Delete(root);
        return is_taken ? STATUS_OK : refuse(text, answer->http_status, fault);
    }
    return answer->http_status != HTTP_OK ? refuse(answer->body, answer->http_status, fault)
                                          : say_who(STATUS_CORRUPT, fault);
}
