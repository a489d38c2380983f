// SPDX-License-Identifier: MIT
#pragma once

/// What signs the certificates of a fleet, as a table: the rules of enrolment stand above it, a
/// library below. Private keys of the authority never pass through here.
///
/// The authority decides everything that a certificate says; of a request it uses the public key
/// alone. Only P-256 keys are certified. Any thread may call any function.
///
/// Times are Unix UTC seconds.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "status.h"

enum {
    CERTIFICATE_SERIAL_SIZE = 16,
    CERTIFICATE_NAME_SIZE = 65,       ///< A common name (X.520: up to 64) and its terminator.
    CERTIFICATE_REQUEST_LIMIT = 4096, ///< Longest request in DER.
    CERTIFICATE_TEXT_LIMIT = 8192,    ///< Longest request as PEM, or as base64 of PEM.
    CERTIFICATE_DER_LIMIT = 1024,     ///< Longest certificate that an authority makes, in DER.
    CERTIFICATE_PEM_LIMIT = 2048,     ///< The same as PEM, with a terminator.
};

/// Seconds by which a certificate begins before it is made, for clocks that are slow. One that
/// lives for less than that begins an eighth of its life earlier.
enum { CERTIFICATE_EARLY_S = 3600, CERTIFICATE_EARLY_PART = 8 };

/// How a request is written.
enum request_form {
    REQUEST_FORM_TEXT,   ///< One PEM block, or base64 of one (as the first devices send it).
    REQUEST_FORM_BASE64, ///< Base64 of the DER, without armour (RFC 8951 section 3).
};

/// What is wrong with a request. Its signature is checked last, so a request of the wrong kind
/// costs little.
enum request_verdict {
    REQUEST_SOUND,
    REQUEST_MALFORMED, ///< Too long, not one request, or bytes left over.
    REQUEST_KEY_TYPE,  ///< The key is not P-256.
    REQUEST_KEY_POINT, ///< The key is no point of the curve.
    REQUEST_KEY_KNOWN, ///< The key is a published example: everybody has the private half.
    REQUEST_SIGNATURE, ///< The request is not signed by its own key.
    REQUEST_AUTHORITY, ///< It asks to become an authority.
};

/// A PKCS #10 request (RFC 2986) that has been read. What it asks for is told, not granted.
struct certificate_request {
    uint8_t key[CRYPTO_P256_PUBLIC_SIZE];
    uint8_t key_digest[CRYPTO_SHA256_SIZE];  ///< SHA-256 of the SubjectPublicKeyInfo in DER.
    uint8_t digest[CRYPTO_SHA256_SIZE];      ///< SHA-256 of the request in DER.
    char common_name[CERTIFICATE_NAME_SIZE]; ///< Empty: none; "?" for one nobody should see.
    unsigned name_count;                     ///< Alternative names that it asks for.
    char name[CERTIFICATE_NAME_SIZE];        ///< The first of them, if it is a DNS name or a URI.
};

/// What to certify. The serial comes from the caller, 16 bytes nobody can predict.
struct certificate_order {
    const char *device_id;
    uint8_t key[CRYPTO_P256_PUBLIC_SIZE];
    uint8_t serial[CERTIFICATE_SERIAL_SIZE];
    int64_t now_s;
    int64_t life_s; ///< From `now_s` on; shorter when the authority itself ends before.
};

struct certificate {
    uint8_t serial[CERTIFICATE_SERIAL_SIZE]; ///< As in the certificate: its top bits are 01.
    uint8_t fingerprint[CRYPTO_SHA256_SIZE]; ///< SHA-256 of the DER.
    int64_t not_before_s;
    int64_t not_after_s;
    size_t size;
    uint8_t der[CERTIFICATE_DER_LIMIT];
};

/// One of the certificates that an authority shows to everybody.
enum authority_part {
    AUTHORITY_PART_DEVICES, ///< The intermediate that signs devices.
    AUTHORITY_PART_SERVERS, ///< The intermediate that signs servers.
    AUTHORITY_PART_ROOT,
    AUTHORITY_PART_COUNT,
};

/// A certificate that was withdrawn before its end.
struct revoked_certificate {
    uint8_t serial[CERTIFICATE_SERIAL_SIZE];
    int64_t revoked_s;
};

struct certificate_authority {
    /// Reads a request. `*out` counts only when it is sound.
    enum request_verdict (*read_request)(void *ctx, enum request_form form, const void *text,
                                         size_t size, struct certificate_request *out);

    /// Certifies a device for TLS as a client (RFC 5280; extended key usage clientAuth alone).
    ///
    /// @return STATUS_BUSY  the authority itself ends too soon: it must be renewed by a person.
    MUST_CHECK enum status (*issue)(void *ctx, const struct certificate_order *order,
                                    struct certificate *out);

    /// Tells whether the DER is a certificate that issue() made: signed by the authority's
    /// intermediate for devices, for TLS clients, no authority. Its time is not looked at.
    ///
    /// @return STATUS_CORRUPT  it is none.
    MUST_CHECK enum status (*recognise)(void *ctx, const void *der, size_t size,
                                        struct certificate *out, char name[CERTIFICATE_NAME_SIZE]);

    /// Reads the public key of a certificate in DER.
    ///
    /// @return STATUS_CORRUPT  it is none;  STATUS_INVALID  its key is not on P-256.
    MUST_CHECK enum status (*read_key)(void *ctx, const uint8_t *der, size_t size,
                                       uint8_t key[CRYPTO_P256_PUBLIC_SIZE]);

    /// Writes a certificate as PEM, with a terminator. @return STATUS_FULL  `capacity`.
    MUST_CHECK enum status (*write_pem)(void *ctx, const uint8_t *der, size_t size, char *out,
                                        size_t capacity);

    /// The PEM of one of the authority's own certificates; lives as long as the table.
    const char *(*part)(void *ctx, enum authority_part part);

    /// Writes certificates as a degenerate PKCS #7 in DER (RFC 7030 section 4.1.3): that of `der`
    /// first, if there is one, then the authority's own.
    MUST_CHECK enum status (*write_bundle)(void *ctx, const uint8_t *der, size_t size, uint8_t *out,
                                           size_t capacity, size_t *written);

    /// Signs the list of the withdrawn (RFC 5280 section 5) in DER, from malloc(). `number` grows
    /// with every list.
    MUST_CHECK enum status (*write_revocations)(void *ctx,
                                                const struct revoked_certificate *revoked,
                                                size_t count, uint64_t number, int64_t now_s,
                                                int64_t next_s, uint8_t **out, size_t *size);

    /// Where that list is to be had, as the certificates say; NULL: they say nothing.
    const char *revocations_url;

    void *ctx;
};
