// SPDX-License-Identifier: MIT
#pragma once

/// Where a device keeps its keys: a sealed file, a PKCS#11 token, an ATECC608A.
///
/// A private key is made in here and is used in here; no call returns one. TLS is no exception: it
/// signs through `sign`. A store that finds itself damaged says STATUS_CORRUPT and makes nothing
/// new in its place, since a new key would be a new identity.
///
/// Calls may block for as long as the disk or the chip does (a second for a slow token). Not
/// thread-safe; one task owns a store.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/// The P-256 keys. A and B take turns: one is in force while the next is made.
enum keystore_slot {
    KEYSTORE_BIRTH,      ///< Of the part itself; a store may lack it, or never change it.
    KEYSTORE_IDENTITY_A, ///< Of the certificate that the fleet gave.
    KEYSTORE_IDENTITY_B,
    KEYSTORE_ATTEST, ///< Signs reports on the device's own state.
    KEYSTORE_SLOT_COUNT
};

/// Secrets that only ever leave as something derived from them.
enum keystore_secret {
    KEYSTORE_SECRET_POSSESSION, ///< The 16 bytes behind the pairing code; survives a factory reset.
    KEYSTORE_SECRET_LINK,       ///< The root of the link's keys.
    KEYSTORE_SECRET_COUNT
};

/// What a store can do, for an honest report.
enum keystore_capability {
    KEYSTORE_IN_HARDWARE = 1 << 0,     ///< Keys cannot be read by whoever has the whole flash.
    KEYSTORE_SIGNS_OWN_STATE = 1 << 1, ///< The attest key signs nothing that software chooses.
    KEYSTORE_BIRTH_IS_FIXED = 1 << 2,
};

enum {
    KEYSTORE_PUBLIC_SIZE = 65,    ///< Uncompressed point, 0x04 first.
    KEYSTORE_SIGNATURE_SIZE = 64, ///< r and s, big-endian.
    KEYSTORE_DIGEST_SIZE = 32,
    KEYSTORE_CERTIFICATE_LIMIT = 2048, ///< Bytes of DER.
    KEYSTORE_SECRET_LIMIT = 64,
    KEYSTORE_LABEL_LIMIT = 96 ///< Of derive().
};

/// Every call: STATUS_INVALID for a slot or secret that does not exist, or a size out of range.
struct keystore {
    uint32_t (*capabilities)(void *ctx); ///< Bits of enum keystore_capability.

    /// Makes a new key in `slot`, durably, and tells its public part. The old one is gone, and so
    /// is the slot's certificate.
    ///
    /// @return STATUS_INVALID  this slot's key cannot be changed.
    MUST_CHECK enum status (*generate)(void *ctx, enum keystore_slot slot,
                                       uint8_t public_key[KEYSTORE_PUBLIC_SIZE]);

    /// @return STATUS_MISSING  the slot holds no key.
    MUST_CHECK enum status (*public_key)(void *ctx, enum keystore_slot slot,
                                         uint8_t public_key[KEYSTORE_PUBLIC_SIZE]);

    /// Signs a SHA-256 digest (ECDSA, FIPS 186-5). @return STATUS_MISSING as above.
    MUST_CHECK enum status (*sign)(void *ctx, enum keystore_slot slot,
                                   const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                                   uint8_t signature[KEYSTORE_SIGNATURE_SIZE]);

    /// The certificate kept beside a key, as it was stored, and its size.
    ///
    /// @return STATUS_MISSING  there is none;  STATUS_FULL  `capacity` is too small.
    MUST_CHECK enum status (*certificate)(void *ctx, enum keystore_slot slot, uint8_t *der,
                                          size_t capacity, size_t *size);

    /// Keeps a certificate beside the slot's key, durably; the slot must hold a key.
    MUST_CHECK enum status (*set_certificate)(void *ctx, enum keystore_slot slot,
                                              const uint8_t *der, size_t size);

    /// Keeps a secret of 16 to KEYSTORE_SECRET_LIMIT bytes, durably, in place of the old one.
    MUST_CHECK enum status (*set_secret)(void *ctx, enum keystore_secret secret,
                                         const uint8_t *value, size_t size);

    /// HKDF-SHA256 (RFC 5869) of the secret: `salt` may be NULL with size 0; `out` of at most 255
    /// times 32 bytes. @return STATUS_MISSING  the secret was never set.
    MUST_CHECK enum status (*derive)(void *ctx, enum keystore_secret secret, const uint8_t *salt,
                                     size_t salt_size, const uint8_t *label, size_t label_size,
                                     uint8_t *out, size_t size);

    /// HKDF-SHA256 the other way round: `input` is the key material and the secret the salt, as
    /// pairing needs it.
    MUST_CHECK enum status (*derive_salted)(void *ctx, enum keystore_secret secret,
                                            const uint8_t *input, size_t input_size,
                                            const uint8_t *label, size_t label_size, uint8_t *out,
                                            size_t size);

    /// Destroys a slot's key and certificate, durably; an empty slot is erased already.
    /// @return STATUS_INVALID  as generate().
    MUST_CHECK enum status (*erase)(void *ctx, enum keystore_slot slot);

    void *ctx;
};
