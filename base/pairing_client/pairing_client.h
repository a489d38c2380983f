// SPDX-License-Identifier: MIT
#pragma once

/// The side of pairing (pairing.h) that holds a device's code, from body to body: what to post, and
/// what to make of the answers, which may come from anybody. How bodies travel is the caller's.
///
///     pairing_client_hello()    the body of POST /pair/start
///     pairing_client_welcome()  reads the answer; the body of POST /pair/finish
///     pairing_client_session()  reads the answer
///     pairing_client_seal()     the body of POST /provision
///     pairing_client_open()     reads the answer, and proves that it is the device's
///
/// Every status not OK, save STATUS_FULL, ends the pairing: begin anew with hello.

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "pairing.h"
#include "pairing_code.h"
#include "status.h"

enum {
    PAIRING_CLIENT_RANDOM_SIZE = CRYPTO_X25519_SIZE + PAIRING_NONCE_SIZE,
    PAIRING_CLIENT_TEXT_LIMIT = 1400, ///< What may be sealed; a device takes bodies of 2048 bytes.
    PAIRING_CLIENT_BODY_SIZE = 2049   ///< Room for any body, with a final NUL.
};

/// Storage owned by the caller. Use it only through the functions below.
struct pairing_client {
    const struct crypto *crypto;
    struct pairing_code code;
    uint8_t private_key[CRYPTO_X25519_SIZE];
    uint8_t public_key[CRYPTO_X25519_SIZE];
    uint8_t nonce[PAIRING_NONCE_SIZE];
    struct pairing_keys keys;
    struct pairing_place place;
};

/// `random` are fresh random bytes; the caller wipes them.
MUST_CHECK enum status pairing_client_hello(struct pairing_client *client,
                                            const struct crypto *crypto,
                                            const struct pairing_code *code,
                                            const uint8_t random[PAIRING_CLIENT_RANDOM_SIZE],
                                            char body[PAIRING_CLIENT_BODY_SIZE]);

/// @return STATUS_INVALID  the answer is not what the protocol says;
///         STATUS_MISSING  it comes from another device, by its own account;
///         STATUS_CORRUPT  whoever answered does not hold the code's secret, or somebody on the way
///                         changed something.
MUST_CHECK enum status pairing_client_welcome(struct pairing_client *client, const char *answer,
                                              size_t size, char body[PAIRING_CLIENT_BODY_SIZE]);

/// @return STATUS_INVALID  as above.
MUST_CHECK enum status pairing_client_session(struct pairing_client *client, const char *answer,
                                              size_t size);

/// @return STATUS_FULL  the text is longer than PAIRING_CLIENT_TEXT_LIMIT bytes.
MUST_CHECK enum status pairing_client_seal(struct pairing_client *client, const char *text,
                                           char body[PAIRING_CLIENT_BODY_SIZE]);

/// Writes what the device answered, with a final NUL.
///
/// @return STATUS_INVALID  as above;  STATUS_CORRUPT  it is not this device's answer to what was
///         sealed last;  STATUS_FULL  `capacity` is too small.
MUST_CHECK enum status pairing_client_open(struct pairing_client *client, const char *answer,
                                           size_t size, char *text, size_t capacity);

/// Wipes everything.
void pairing_client_end(struct pairing_client *client);
