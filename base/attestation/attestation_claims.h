// SPDX-License-Identifier: MIT
#pragma once

/// The keys of the claims (IANA registry "CBOR Web Token Claims"; private ones are negative), in
/// the order in which they are written: that of their bytes (RFC 8949 section 4.2.1).

enum attestation_claim {
    CLAIM_TIME = 6,
    CLAIM_NONCE = 10,
    CLAIM_UEID = 256,
    CLAIM_HARDWARE = 259,
    CLAIM_UPTIME = 261,
    CLAIM_SECURE_BOOT = 262,
    CLAIM_DEBUG = 263,
    CLAIM_PROFILE = 265,
    CLAIM_BOOT_COUNT = 267,
    CLAIM_BOOT_SEED = 268,
    CLAIM_SOFTWARE = 270,
    CLAIM_VERSION = 271,
    CLAIM_LEVEL = -70001,
    CLAIM_TAMPER = -70002,
    CLAIM_KEYSTORE = -70003,
    CLAIM_IMAGE = -70004
};

enum {
    UEID_SIZE = 33,
    UEID_RANDOM = 0x01, ///< A ueid of this kind is a random number (RFC 9711 section 4.2.1).
    PROTECTED_SIZE = 3,
    TAG_COSE_SIGN1 = 18 ///< RFC 9052 section 2.
};

/// The protected header {1: -7}: ES256.
extern const unsigned char ATTESTATION_PROTECTED[PROTECTED_SIZE];
