// SPDX-License-Identifier: MIT
#pragma once

/// Every back end of `struct crypto`, and beside each what its library does with keys and nonces
/// that our table does not take.

#include <stdbool.h>

#include "crypto.h"

/// An AEAD as a library has it: any size of key and nonce.
struct any_aead {
    bool is_chacha; ///< ChaCha20-Poly1305; else AES-GCM.
    struct crypto_part key;
    struct crypto_part nonce;
    struct crypto_part associated;
};

/// Opens (or, with `seals`, seals) with a tag of 16 bytes behind the text. False when the library
/// refuses.
bool any_aead_openssl(const struct any_aead *aead, bool seals, struct crypto_part in, uint8_t *out);
bool any_aead_psa(const struct any_aead *aead, bool seals, struct crypto_part in, uint8_t *out);

struct back_end {
    const char *name;
    struct crypto crypto;
    size_t nonce_limit; ///< Largest nonce in bytes that any_aead() takes.
    bool (*any_aead)(const struct any_aead *aead, bool seals, struct crypto_part in, uint8_t *out);
};

enum { BACK_END_COUNT = 2 }; ///< OpenSSL first.

/// @return STATUS_IO  a library cannot be started.
MUST_CHECK enum status back_ends_open(struct back_end back_ends[BACK_END_COUNT]);
