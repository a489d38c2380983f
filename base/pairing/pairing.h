// SPDX-License-Identifier: MIT
#pragma once

/// How a device and whoever holds its code come to share a key, over a channel that anybody may
/// read and change. Both sides use this module; neither keeps anything in it.
///
///     client                                  device
///     C = X25519 public, nonce            ──►
///                                         ◄── D = X25519 public, nonce, device confirm
///     client confirm                      ──►
///                                         ◄── session id
///     sealed text, n = 1, 3, …            ──►
///                                         ◄── sealed text, n + 1
///
///     th     = SHA-256("EM-PAIR-V1" 0 | u16 size of id | id | C | D | client nonce | device nonce)
///     keys   = HKDF-SHA256(secret X25519(C, D), salt: possession secret, info "em/pair/v1" | th)
///     confirm = HMAC-SHA256(the side's key, "device" or "client" | th)
///     sealed = AES-256-GCM(session key, nonce 0^4 | u64 n, associated "POST /provision" | session
///     id)
///
/// The X25519 keys live for one pairing, so what was captured stays sealed when the possession
/// secret becomes known later (forward secrecy). The possession secret has 128 random bits, so
/// guessing it from a captured confirm is hopeless; a short code that people type must not be used
/// here.
///
/// Numbers are big-endian. Every status not OK comes from the cryptography, unless a function says
/// otherwise.

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "status.h"

enum {
    PAIRING_VERSION = 1,        ///< Of the handshake.
    PAIRING_SEALED_VERSION = 2, ///< Of sealed credentials; 1 are those in the clear.
    PAIRING_SECRET_SIZE = 16,   ///< The possession secret.
    PAIRING_NONCE_SIZE = 16,
    PAIRING_SESSION_ID_SIZE = 8,
    PAIRING_ID_LIMIT = 32, ///< Characters of a device's name.
    PAIRING_CONFIRM_SIZE = CRYPTO_SHA256_SIZE,
    PAIRING_LABEL_SIZE = 42 ///< "em/pair/v1" and the digest of the transcript.
};

/// What both sides have said. A side that was told something else gets another digest.
struct pairing_transcript {
    const char *device_id; ///< 1 to PAIRING_ID_LIMIT characters.
    const uint8_t *client_public;
    const uint8_t *device_public;
    const uint8_t *client_nonce;
    const uint8_t *device_nonce;
};

/// In the order in which HKDF gives them; to be wiped by whoever holds them.
struct pairing_keys {
    uint8_t client[CRYPTO_SHA256_SIZE];
    uint8_t device[CRYPTO_SHA256_SIZE];
    uint8_t session[CRYPTO_SHA256_SIZE];
};

/// @return STATUS_INVALID  the name is empty or too long.
MUST_CHECK enum status pairing_hash(const struct crypto *crypto,
                                    const struct pairing_transcript *transcript,
                                    uint8_t digest[CRYPTO_SHA256_SIZE]);

/// The label of the derivation, for a keystore that holds the possession secret and gives only what
/// is derived with it: derive_salted(X25519 secret, label) fills a struct pairing_keys.
void pairing_label(const uint8_t digest[CRYPTO_SHA256_SIZE], uint8_t label[PAIRING_LABEL_SIZE]);

/// The same derivation for the side that has the possession secret itself.
MUST_CHECK enum status pairing_derive(const struct crypto *crypto,
                                      const uint8_t secret[PAIRING_SECRET_SIZE],
                                      const uint8_t shared[CRYPTO_X25519_SIZE],
                                      const uint8_t digest[CRYPTO_SHA256_SIZE],
                                      struct pairing_keys *keys);

/// What a side proves itself with.
MUST_CHECK enum status pairing_confirm_device(const struct crypto *crypto,
                                              const struct pairing_keys *keys,
                                              const uint8_t digest[CRYPTO_SHA256_SIZE],
                                              uint8_t confirm[PAIRING_CONFIRM_SIZE]);
MUST_CHECK enum status pairing_confirm_client(const struct crypto *crypto,
                                              const struct pairing_keys *keys,
                                              const uint8_t digest[CRYPTO_SHA256_SIZE],
                                              uint8_t confirm[PAIRING_CONFIRM_SIZE]);

/// Which message of which session. The client counts 1, 3, 5 and so on; the device answers n with
/// n + 1, so no number is used twice with the same key.
struct pairing_place {
    uint8_t session_id[PAIRING_SESSION_ID_SIZE];
    uint64_t n;
};

/// Writes `text.size` + CRYPTO_TAG_SIZE bytes. @return STATUS_FULL  `capacity` is too small.
MUST_CHECK enum status pairing_seal(const struct crypto *crypto,
                                    const uint8_t session_key[CRYPTO_SHA256_SIZE],
                                    const struct pairing_place *place, struct crypto_part text,
                                    uint8_t *sealed, size_t capacity);

/// Writes `sealed.size` - CRYPTO_TAG_SIZE bytes.
///
/// @return STATUS_CORRUPT  it was not sealed with this key for this place, or is too short.
MUST_CHECK enum status pairing_open(const struct crypto *crypto,
                                    const uint8_t session_key[CRYPTO_SHA256_SIZE],
                                    const struct pairing_place *place, struct crypto_part sealed,
                                    uint8_t *text, size_t capacity);
