// SPDX-License-Identifier: MIT
#pragma once

/// A session with a PKCS#11 token (OASIS PKCS #11 2.40), and the few calls a keystore needs of it.
///
/// Keys are made in the token, sensitive and never extractable. Everything is found by its label.

#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore.h"
#include "status.h"

enum {
    PKCS11_TOKEN_FAULT_SIZE = 256,
    PKCS11_TOKEN_FOUND_LIMIT = 32, ///< Objects of one label that are looked at.
    PKCS11_TOKEN_ID_SIZE = 4       ///< Of a key: a number, big-endian.
};

struct pkcs11_token_options {
    const char *module;          ///< A shared library; NULL: `functions` are given.
    const char *label;           ///< Of the token.
    const char *pin;             ///< Of its user.
    CK_FUNCTION_LIST *functions; ///< For tests.
};

struct pkcs11_token {
    void *library;
    CK_FUNCTION_LIST *functions;
    CK_SESSION_HANDLE session;
    bool is_initialised; ///< By us, and so to be ended by us.
    bool has_session;
    bool is_hardware;
};

struct pkcs11_objects {
    CK_OBJECT_HANDLE handles[PKCS11_TOKEN_FOUND_LIMIT];
    size_t count;
};

/// On failure `fault` says in a sentence what is wrong and what to do.
///
/// @return STATUS_MISSING  there is no such library or token;
///         STATUS_INVALID  the PIN is not the token's;  STATUS_IO  the token failed.
MUST_CHECK enum status pkcs11_token_open(struct pkcs11_token *token,
                                         const struct pkcs11_token_options *options,
                                         char fault[PKCS11_TOKEN_FAULT_SIZE]);

void pkcs11_token_close(struct pkcs11_token *token);

/// All below: @return STATUS_IO  the token failed.
MUST_CHECK enum status pkcs11_token_find(const struct pkcs11_token *token, CK_OBJECT_CLASS class,
                                         const char *label, struct pkcs11_objects *found);

/// @return STATUS_FULL  the attribute is larger than `capacity`.
MUST_CHECK enum status pkcs11_token_read(const struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                                         CK_ATTRIBUTE_TYPE attribute, void *out, size_t capacity,
                                         size_t *size);

/// Keeps bytes in the token, for its user alone.
MUST_CHECK enum status pkcs11_token_keep(const struct pkcs11_token *token, const char *label,
                                         const void *bytes, size_t size);

/// Makes a P-256 key pair with this label and number.
MUST_CHECK enum status pkcs11_token_generate(const struct pkcs11_token *token, const char *label,
                                             const uint8_t id[PKCS11_TOKEN_ID_SIZE]);

MUST_CHECK enum status pkcs11_token_destroy(const struct pkcs11_token *token,
                                            CK_OBJECT_HANDLE object);

MUST_CHECK enum status pkcs11_token_sign(const struct pkcs11_token *token, CK_OBJECT_HANDLE key,
                                         const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                                         uint8_t signature[KEYSTORE_SIGNATURE_SIZE]);
