// SPDX-License-Identifier: MIT
#pragma once

/// A browser made of libcurl, and a raw socket for what no browser would send.

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include "http_test_bed.h"

enum { CLIENT_HEADERS = 8, CLIENT_TOKEN_SIZE = 80 };

struct http_client {
    CURL *curl;
    const struct http_test_bed *bed;
    bool as_device;          ///< At the listener for devices, with the authority of the bed.
    const char *certificate; ///< File of the client's certificate; NULL: none is shown.
    const char *key;
    bool plain; ///< Over plain HTTP on localhost.
    char csrf_token[CLIENT_TOKEN_SIZE];
    char cookie[CLIENT_TOKEN_SIZE + 16]; ///< "__Host-ohm=…", or empty.
    const char *headers[CLIENT_HEADERS]; ///< Sent with the next request only.
    long code;
    char *body; ///< Of the last answer, ended with NUL.
    size_t body_size;
    char *head; ///< Of the last answer, ended with NUL.
    size_t head_size;
};

void client_open(struct http_client *client, const struct http_test_bed *bed, bool plain);
void client_close(struct http_client *client);

/// Sends a request. `body` NULL: none. @return the status code; 0: the connection broke.
long client_send(struct http_client *client, const char *method, const char *path,
                 const char *body);

/// Signs in and keeps cookie and token. @return the status code.
long client_sign_in(struct http_client *client, const char *password);

/// Copies a header of the last answer; empty when there is none.
const char *client_header(const struct http_client *client, const char *name, char out[512]);

/// Sends bytes to the plain listener and returns everything that comes back until the server closes
/// or is silent for a second.
size_t client_raw(const struct http_test_bed *bed, const char *bytes, size_t size, char *out,
                  size_t capacity);
