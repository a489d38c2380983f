// SPDX-License-Identifier: MIT
#pragma once

/// What the handlers of enrolment and certificates share. Private to this module.

#include "json_reader.h"
#include "rest_handlers.h"

enum { REST_INSTANT_SIZE = 32, REST_FINGERPRINT_SIZE = 2 * CRYPTO_SHA256_SIZE + 1 };

/// Answers 503 and returns false on a server that enrols nobody.
bool rest_has_identities(const struct rest *rest, struct http_reply *reply);

/// Answers with what went wrong: its word also in `X-Error-Code`. Under /v1 the word is in small
/// letters, as everywhere there.
void rest_reply_verdict(const struct rest_request *request, enum identity_verdict verdict,
                        struct http_reply *reply);

/// Writes down that a request for a certificate was refused that nobody known made; where the rules
/// of identity keep a record themselves, nothing.
void rest_record_refusal(const struct rest *rest, const struct rest_request *request,
                         enum identity_verdict verdict);

/// The same for a request that could not be read.
void rest_record_unreadable(const struct rest *rest, const struct rest_request *request);

/// Finds the device behind the client's certificate; otherwise answers and returns false. One that
/// is over passes only with `renewing`.
bool rest_find_peer(struct rest *rest, const struct rest_request *request, bool renewing,
                    struct identity_peer *peer, struct http_reply *reply);

/// Opens a JSON body whose unknown members do not matter; otherwise answers and returns false.
bool rest_open_lenient(struct json_reader *reader, const struct rest_request *request,
                       struct http_reply *reply);

/// Reads a string that may be missing: then `out` is empty. @return false  it is something else, or
/// too long, and `reply` says so.
bool rest_optional_text(const struct json_reader *reader, const struct rest_request *request,
                        const char *name, char *out, size_t capacity, struct http_reply *reply);

/// The credentials behind "Bearer " in the request's Authorization; NULL: none.
const char *rest_bearer(const struct rest_request *request);

/// An instant as ISO 8601 in UTC, such as "2026-11-21T08:00:00Z".
void rest_write_instant(struct json_writer *writer, const char *name, int64_t time_s);

/// The PEM of a certificate; "" when the library fails.
void rest_write_pem(const struct rest *rest, const struct certificate *certificate,
                    char pem[CERTIFICATE_PEM_LIMIT]);

void rest_write_hex(const uint8_t *bytes, size_t size, char *out);

/// How an answer with a certificate looks.
enum rest_certificate_form {
    REST_CERTIFICATE_NESTED, ///< `certificate.content`, as the first devices read it.
    REST_CERTIFICATE_FLAT,   ///< `certificate`, as the first server wrote it.
};

struct rest_certificate {
    const struct rest *rest;
    const struct certificate_record *record;
    enum rest_certificate_form form;
    const char *message;
    int64_t now_s;
};

void rest_reply_certificate(const struct rest_certificate *answer, struct http_reply *reply);
