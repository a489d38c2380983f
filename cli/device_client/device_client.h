// SPDX-License-Identifier: MIT
#pragma once

/// Speaks to a device's set-up portal over plain HTTP, and pairs with it. What is secret goes
/// sealed.

#include <stddef.h>

#include "pairing_code.h"
#include "status.h"

enum { DEVICE_ANSWER_SIZE = 8192, DEVICE_FAULT_SIZE = 512 };

struct device_client;

struct device_answer {
    int http_status;
    char body[DEVICE_ANSWER_SIZE]; ///< Ends with NUL.
    size_t size;
};

/// @return STATUS_INVALID  the address is not http://HOST[:PORT]; `fault` says so;
///         STATUS_IO       there is no memory.
MUST_CHECK enum status device_client_open(const char *address, struct device_client **client,
                                          char fault[DEVICE_FAULT_SIZE]);

/// Wipes the session's key. NULL is fine.
void device_client_close(struct device_client *client);

/// Sends a request, of JSON when `body` is not NULL, and waits a few seconds for the answer,
/// whatever it is.
///
/// @return STATUS_IO  there was none, or one that is too long; `fault` says why.
MUST_CHECK enum status device_client_call(struct device_client *client, const char *path,
                                          const char *body, struct device_answer *answer,
                                          char fault[DEVICE_FAULT_SIZE]);

/// Proves to the device that the code is known, and lets it prove the same.
///
/// Here and below: @return STATUS_IO       no answer;
///                         STATUS_INVALID  the device refused; `fault` is its own sentence;
///                         STATUS_CORRUPT  it is not the device of the code, or somebody on the way
///                                         changes what is said; nothing secret was sent.
MUST_CHECK enum status device_client_pair(struct device_client *client,
                                          const struct pairing_code *code,
                                          char fault[DEVICE_FAULT_SIZE]);

/// Sends credentials, a JSON object as POST /provision takes it, sealed; after
/// device_client_pair().
MUST_CHECK enum status device_client_provision(struct device_client *client,
                                               const char *credentials,
                                               char fault[DEVICE_FAULT_SIZE]);
