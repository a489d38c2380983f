// SPDX-License-Identifier: MIT
#pragma once

/// The cryptography that devices and servers share, as a table: one back end per library, and the
/// same tests for each of them. Nothing above a back end names a library.
///
/// Secrets go in and out as bytes that the caller owns and wipes. No call keeps anything between
/// calls, so one table may serve several threads. Private signing keys are not here: they live in
/// a keystore and never come out of it.
///
/// A back end rejects what its library would let pass: sizes are checked before anything else.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum {
    CRYPTO_SHA256_SIZE = 32,
    CRYPTO_NONCE_SIZE = 12, ///< Of every AEAD here (RFC 5116 section 3.2).
    CRYPTO_TAG_SIZE = 16,
    CRYPTO_X25519_SIZE = 32,
    CRYPTO_P256_PUBLIC_SIZE = 65,   ///< Uncompressed point, 0x04 first (SEC 1 section 2.3.3).
    CRYPTO_P256_SIGNATURE_SIZE = 64 ///< r and s, 32 bytes each, big-endian (IEEE P1363).
};

/// A run of bytes that is only read.
struct crypto_part {
    const void *data; ///< May be NULL when `size` is 0.
    size_t size;
};

enum crypto_aead {
    CRYPTO_AES_128_GCM,       ///< NIST SP 800-38D; key of 16 bytes.
    CRYPTO_AES_256_GCM,       ///< Key of 32 bytes.
    CRYPTO_CHACHA20_POLY1305, ///< RFC 8439; key of 32 bytes.
};

/// What an AEAD works on. `text` of `text_size` bytes is followed by the tag in sealed form.
struct crypto_seal {
    enum crypto_aead algorithm;
    const uint8_t *key;
    size_t key_size;
    const uint8_t *nonce; ///< CRYPTO_NONCE_SIZE bytes; never twice with the same key.
    struct crypto_part associated;
};

struct crypto {
    /// The digest of the parts, one after the other (FIPS 180-4).
    MUST_CHECK enum status (*sha256)(void *ctx, const struct crypto_part *parts, size_t count,
                                     uint8_t digest[CRYPTO_SHA256_SIZE]);

    /// RFC 2104, with a key of 1 byte or more.
    MUST_CHECK enum status (*hmac_sha256)(void *ctx, struct crypto_part key,
                                          const struct crypto_part *parts, size_t count,
                                          uint8_t mac[CRYPTO_SHA256_SIZE]);

    /// Writes `text.size` + CRYPTO_TAG_SIZE bytes to `sealed`, which may be where `text` is.
    ///
    /// @return STATUS_FULL  `capacity` is too small;  STATUS_INVALID  the key has another size.
    MUST_CHECK enum status (*seal)(void *ctx, const struct crypto_seal *seal,
                                   struct crypto_part text, uint8_t *sealed, size_t capacity);

    /// Writes `sealed.size` - CRYPTO_TAG_SIZE bytes to `text`, which may be where `sealed` is.
    ///
    /// @return STATUS_CORRUPT  the tag does not fit; nothing of the text is left in `text`.
    MUST_CHECK enum status (*open)(void *ctx, const struct crypto_seal *seal,
                                   struct crypto_part sealed, uint8_t *text, size_t capacity);

    /// The public key of a private one (RFC 7748 section 6.1); any 32 bytes are a private key.
    MUST_CHECK enum status (*x25519_public)(void *ctx,
                                            const uint8_t private_key[CRYPTO_X25519_SIZE],
                                            uint8_t public_key[CRYPTO_X25519_SIZE]);

    /// The secret that two sides share.
    ///
    /// @return STATUS_INVALID  it would be all zero: the peer's key is a point of small order.
    MUST_CHECK enum status (*x25519)(void *ctx, const uint8_t private_key[CRYPTO_X25519_SIZE],
                                     const uint8_t peer_public_key[CRYPTO_X25519_SIZE],
                                     uint8_t shared[CRYPTO_X25519_SIZE]);

    /// ECDSA over P-256 (FIPS 186-5 section 6.4.2).
    ///
    /// @return STATUS_CORRUPT  the signature is not of this key and digest;
    ///         STATUS_INVALID  the key is no point of the curve.
    MUST_CHECK enum status (*p256_verify)(void *ctx, const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                                          const uint8_t digest[CRYPTO_SHA256_SIZE],
                                          const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE]);

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.2) over 2048 to 4096 bits; `key` is an
    /// RSAPublicKey in DER (RFC 8017 appendix A.1.1).
    MUST_CHECK enum status (*rsa_verify)(void *ctx, struct crypto_part key,
                                         const uint8_t digest[CRYPTO_SHA256_SIZE],
                                         struct crypto_part signature);

    void *ctx;
};
