// SPDX-License-Identifier: MIT
#pragma once

/// A device's signed report on its own state: an Entity Attestation Token (RFC 9711) as a CBOR Web
/// Token (RFC 8392), signed as COSE_Sign1 with ES256 (RFC 9052 section 4.2, RFC 9053 section 2.1).
///
/// A report says what the device says. How far that can be believed is its `level`: software that
/// was replaced can lie at level 0, whatever it signs with. Whoever shows a report shows the level.
///
/// Private claims (below -65536, RFC 8392 section 9.1) carry what no registered one does: -70001
/// level, -70002 how often the case was opened and whether that is cleared, -70003 the keystore,
/// -70004 SHA-256 of the running image.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "status.h"

enum {
    ATTESTATION_NONCE_SIZE = 32,
    ATTESTATION_TEXT_SIZE = 32,  ///< Of each text, without its final NUL.
    ATTESTATION_SIZE_LIMIT = 512 ///< Any report fits, signature included.
};

#define ATTESTATION_PROFILE "urn:em:eat:1"

/// How far a report can be believed.
enum attestation_level {
    ATTESTATION_SOFTWARE,      ///< The software reports on itself, with a key it can use at will.
    ATTESTATION_VERIFIED_BOOT, ///< The boot chain is verified, and the key is bound to the chip.
    ATTESTATION_SECURE_ELEMENT ///< That, and a chip signs which does not sign what it is told.
};

/// RFC 9711 section 4.2.9.
enum attestation_debug {
    ATTESTATION_DEBUG_ENABLED,
    ATTESTATION_DEBUG_DISABLED,
    ATTESTATION_DEBUG_DISABLED_SINCE_BOOT,
    ATTESTATION_DEBUG_DISABLED_PERMANENTLY,
    ATTESTATION_DEBUG_DISABLED_FULLY
};

struct attestation {
    uint8_t nonce[ATTESTATION_NONCE_SIZE];    ///< The question's.
    uint8_t key_digest[CRYPTO_SHA256_SIZE];   ///< SHA-256 of the public key that signs: the ueid.
    uint8_t boot_seed[CRYPTO_SHA256_SIZE];    ///< Random, new with every boot.
    uint8_t image_digest[CRYPTO_SHA256_SIZE]; ///< Of the running program; zeros: not known.
    uint64_t uptime_s;
    int64_t time_s; ///< Unix time; 0: the device does not know it.
    uint32_t boot_count;
    uint32_t tamper_count;
    bool tampered; ///< The case was opened, and nobody has cleared that.
    bool secure_boot;
    enum attestation_debug debug;
    enum attestation_level level;
    char hardware[ATTESTATION_TEXT_SIZE + 1]; ///< Model, such as "posix" or "esp32".
    char software[ATTESTATION_TEXT_SIZE + 1]; ///< Name.
    char version[ATTESTATION_TEXT_SIZE + 1];  ///< Of the software.
    char keystore[ATTESTATION_TEXT_SIZE + 1]; ///< Kind, such as "sealed_file".
};

/// Writes the claims, which are to be signed.
///
/// @return STATUS_FULL     `capacity` is too small;
///         STATUS_INVALID  a text is not UTF-8 or has no end, or an enum no such value.
MUST_CHECK enum status attestation_write(const struct attestation *report, uint8_t *claims,
                                         size_t capacity, size_t *size);

/// What is to be signed of the claims: SHA-256 of COSE's Sig_structure.
MUST_CHECK enum status attestation_digest(const struct crypto *crypto, const uint8_t *claims,
                                          size_t size, uint8_t digest[CRYPTO_SHA256_SIZE]);

/// Puts claims and signature together. `message` must not overlap `claims`.
///
/// @return STATUS_FULL  `capacity` is too small.
MUST_CHECK enum status attestation_wrap(const uint8_t *claims, size_t claims_size,
                                        const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE],
                                        uint8_t *message, size_t capacity, size_t *size);

/// Reads a report that `key` has signed. Whether the nonce is the one that was asked with, and what
/// the rest is worth, is for the caller to judge.
///
/// @return STATUS_INVALID  it is no such report;
///         STATUS_CORRUPT  the signature is not of this key, or the report names another one.
MUST_CHECK enum status attestation_open(const struct crypto *crypto,
                                        const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                                        const uint8_t *message, size_t size,
                                        struct attestation *report);

/// A static word such as "software", for people and JSON.
const char *attestation_level_name(enum attestation_level level);
