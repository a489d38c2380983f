// SPDX-License-Identifier: MIT
#pragma once

/// The words a device exchanges with the server to get a certificate (contracts/rest.md): what it
/// asks, and what an answer means.
///
///     POST ENROLMENT_SIGN_PATH     with the token in the header and in the body
///     POST ENROLMENT_RENEW_PATH    with the certificate in force
///     POST ENROLMENT_CONFIRM_PATH  with the new certificate
///
/// A certificate is taken nested ({"certificate":{"content":PEM}}) and flat ({"certificate":PEM}).

#include <stddef.h>
#include <stdint.h>

#include "certificate_reader.h"
#include "status.h"

enum {
    ENROLMENT_CSR_LIMIT = 1024,        ///< Bytes of DER.
    ENROLMENT_REQUEST_LIMIT = 3072,    ///< Of a body that a device sends.
    ENROLMENT_ANSWER_LIMIT = 16384,    ///< Of a body that a device reads.
    ENROLMENT_CERTIFICATE_LIMIT = 2048 ///< Bytes of DER.
};

extern const char ENROLMENT_SIGN_PATH[];
extern const char ENROLMENT_RENEW_PATH[];
extern const char ENROLMENT_CONFIRM_PATH[];

/// The reason that only another key mends.
extern const char ENROLMENT_KEY_REFUSED[];

/// Writes the body of a request. `token` is empty for a renewal, whose right is the certificate.
///
/// @return STATUS_FULL  it does not fit.
MUST_CHECK enum status enrolment_write_request(const char *device_id, const uint8_t *csr,
                                               size_t csr_size, const char *token, char *body,
                                               size_t capacity, size_t *size);

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
