// SPDX-License-Identifier: MIT
#pragma once

/// The words a device exchanges with the server to get a certificate (contracts/rest.md): what it
/// asks, and what an answer means.
///
///     GET  challenge  for one use, bound to the device's name: v2 alone
///     POST sign       with the token in the header and in the body
///     POST renew      with the certificate in force
///     POST confirm    with the new certificate
///
/// In v2 what is signed and renewed carries the challenge and what the device proves with it: its
/// key, and a report on itself. The first protocol is that of the first app's servers, which know
/// none of this. Which one is spoken is a setting: no answer leads from the one to the other.
///
/// A certificate is taken nested ({"certificate":{"content":PEM}}) and flat ({"certificate":PEM}).

#include <stddef.h>
#include <stdint.h>

#include "certificate_reader.h"
#include "enrolment_proof.h"
#include "status.h"

enum {
    ENROLMENT_CSR_LIMIT = 1024,         ///< Bytes of DER.
    ENROLMENT_REQUEST_LIMIT = 3072,     ///< Of a body that a device sends.
    ENROLMENT_ANSWER_LIMIT = 16384,     ///< Of a body that a device reads.
    ENROLMENT_CERTIFICATE_LIMIT = 2048, ///< Bytes of DER.
    ENROLMENT_REPORT_LIMIT = 512,       ///< Bytes of a report on the device.
    ENROLMENT_PATH_SIZE = 128           ///< Of a path with its query and its NUL.
};

enum enrolment_protocol { ENROLMENT_V2, ENROLMENT_FIRST };

enum enrolment_call { ENROLMENT_CHALLENGE, ENROLMENT_SIGN, ENROLMENT_RENEW, ENROLMENT_CONFIRM };

/// Writes the path of a call; `device_id` counts for the challenge alone.
///
/// @return STATUS_INVALID  the first protocol has no such call, or the name is not of 1 to 32
///                         letters, digits, '_' and '-'.
MUST_CHECK enum status enrolment_path(enum enrolment_protocol protocol, enum enrolment_call call,
                                      const char *device_id, char path[ENROLMENT_PATH_SIZE]);

/// The reason that only another key mends.
extern const char ENROLMENT_KEY_REFUSED[];

/// What the body of a request says.
struct enrolment_request {
    const char *device_id;
    const uint8_t *csr;
    size_t csr_size;
    const char *token;        ///< Empty for a renewal, whose right is the certificate.
    const uint8_t *challenge; ///< ENROLMENT_CHALLENGE_SIZE bytes; NULL: the first protocol.
    const uint8_t *proof;     ///< CRYPTO_P256_SIGNATURE_SIZE bytes; NULL: none.
    const uint8_t *report;    ///< On the device itself; NULL: none.
    size_t report_size;       ///< At most ENROLMENT_REPORT_LIMIT.
};

/// @return STATUS_FULL  it does not fit.
MUST_CHECK enum status enrolment_write_request(const struct enrolment_request *request, char *body,
                                               size_t capacity, size_t *size);

/// Finds the challenge in the body of an answer that was granted.
///
/// @return STATUS_CORRUPT  there is none.
MUST_CHECK enum status enrolment_read_challenge(const uint8_t *body, size_t body_size,
                                                uint8_t challenge[ENROLMENT_CHALLENGE_SIZE]);

enum enrolment_verdict {
    ENROLMENT_GRANTED,
    ENROLMENT_LATER, ///< The server cannot now; the same request may succeed later.
    ENROLMENT_DENIED ///< The same request can never succeed.
};

struct enrolment_outcome {
    enum enrolment_verdict verdict;
    const char *reason; ///< A word of [a-z_] for a person's page; static; NULL when granted.
};

/// What the HTTP status `code` means, with the header X-Error-Code or "" for its reason.
struct enrolment_outcome enrolment_judge(int code, const char *error_code);

/// Who a certificate must be for.
struct enrolment_expectation {
    const char *device_id;
    const uint8_t *public_key; ///< CERTIFICATE_READER_KEY_SIZE bytes.
};

/// Finds the certificate in the body of an answer that was granted, and reads it.
///
/// @return STATUS_CORRUPT  there is none, or it is none;
///         STATUS_INVALID  it is for another key or another name;
///         STATUS_FULL     it is longer than `capacity`.
MUST_CHECK enum status enrolment_read_answer(const uint8_t *body, size_t body_size,
                                             const struct enrolment_expectation *expected,
                                             uint8_t *der, size_t capacity, size_t *size,
                                             struct certificate_facts *facts);
