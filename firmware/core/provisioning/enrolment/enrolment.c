// SPDX-License-Identifier: MIT
#include "enrolment.h"

#include <string.h>

#include "base64url.h"
#include "credential_rules.h"
#include "json_reader.h"
#include "json_writer.h"
#include "pem.h"

const char ENROLMENT_KEY_REFUSED[] = "key_refused";

enum {
    // Four characters for three bytes, a line feed for 48, and the two boundaries.
    CSR_TEXT_SIZE = ENROLMENT_CSR_LIMIT / 3 * 4 + ENROLMENT_CSR_LIMIT / 48 + 80,
    CERTIFICATE_TEXT_SIZE =
        ENROLMENT_CERTIFICATE_LIMIT / 3 * 4 + ENROLMENT_CERTIFICATE_LIMIT / 32 + 128,
    CHALLENGE_TEXT_SIZE = BASE64URL_LENGTH(ENROLMENT_CHALLENGE_SIZE) + 1,
    HTTP_OK = 200,
    HTTP_CREATED = 201,
    HTTP_REQUEST_TIMEOUT = 408,
    HTTP_TOO_MANY_REQUESTS = 429,
    HTTP_SERVER_ERROR = 500
};

_Static_assert((int)BASE64URL_LENGTH(ENROLMENT_REPORT_LIMIT) < (int)CSR_TEXT_SIZE,
               "there is room for a report, too");

enum status enrolment_path(enum enrolment_protocol protocol, enum enrolment_call call,
                           const char *device_id, char path[ENROLMENT_PATH_SIZE])
{
    static const char *const PATHS[][2] = {
        [ENROLMENT_CHALLENGE] = { "/v2/enroll/challenge?device_id=", NULL },
        [ENROLMENT_SIGN] = { "/sign-csr", "/api/v1/sign-csr" },
        [ENROLMENT_RENEW] = { "/v2/enroll/renew", "/api/v1/certificates/renew" },
        [ENROLMENT_CONFIRM] = { "/v2/enroll/confirm", "/api/v1/certificates/confirm" },
    };
    const char *start = PATHS[call][protocol == ENROLMENT_V2 ? 0 : 1];
    const size_t name_size = call == ENROLMENT_CHALLENGE ? strlen(device_id) : 0;

    if (start == NULL ||
        (call == ENROLMENT_CHALLENGE && !credential_is_device_id(device_id, name_size))) {
        return STATUS_INVALID;
    }
    memcpy(path, start, strlen(start));
    memcpy(path + strlen(start), device_id, name_size);
    path[strlen(start) + name_size] = '\0';
    return STATUS_OK;
}

/// What the second protocol adds; `text` is room to write in, since stacks are small.
static void write_evidence(struct json_writer *writer, const struct enrolment_request *request,
                           char text[CSR_TEXT_SIZE])
{
    json_writer_integer(writer, "v", 2);
    base64url_encode(request->challenge, ENROLMENT_CHALLENGE_SIZE, text);
    json_writer_string(writer, "challenge", text);
    if (request->proof != NULL) {
        base64url_encode(request->proof, CRYPTO_P256_SIGNATURE_SIZE, text);
        json_writer_string(writer, "pop_sig", text);
    }
    if (request->report != NULL) {
        base64url_encode(request->report, request->report_size, text);
        json_writer_string(writer, "attestation", text);
    }
}

enum status enrolment_write_request(const struct enrolment_request *request, char *body,
                                    size_t capacity, size_t *size)
{
    char text[CSR_TEXT_SIZE];
    size_t text_size = 0;
    struct json_writer writer;

    if (request->report_size > ENROLMENT_REPORT_LIMIT ||
        pem_encode("CERTIFICATE REQUEST", request->csr, request->csr_size, text, sizeof text,
                   &text_size) != STATUS_OK) {
        return STATUS_FULL;
    }
    json_writer_init(&writer, body, capacity);
    json_writer_begin_object(&writer, NULL);
    json_writer_string(&writer, "device_id", request->device_id);
    json_writer_string(&writer, "csr", text);
    if (request->token[0] != '\0') {
        json_writer_string(&writer, "provisioning_token", request->token);
    }
    if (request->challenge != NULL) {
        write_evidence(&writer, request, text);
    }
    json_writer_end_object(&writer);
    return json_writer_finish(&writer, size) == STATUS_OK ? STATUS_OK : STATUS_FULL;
}

enum status enrolment_read_challenge(const uint8_t *body, size_t body_size,
                                     uint8_t challenge[ENROLMENT_CHALLENGE_SIZE])
{
    struct json_reader reader;
    char text[CHALLENGE_TEXT_SIZE];
    size_t size = 0;

    const bool is_there =
        json_reader_open_large(&reader, body, body_size, ENROLMENT_ANSWER_LIMIT) == STATUS_OK &&
        json_reader_string(&reader, "challenge", text, sizeof text) == STATUS_OK &&
        base64url_decode(text, strlen(text), challenge, ENROLMENT_CHALLENGE_SIZE, &size) ==
            STATUS_OK &&
        size == ENROLMENT_CHALLENGE_SIZE;
    return is_there ? STATUS_OK : STATUS_CORRUPT;
}

struct enrolment_outcome enrolment_judge(int code, const char *error_code)
{
    static const struct {
        const char *error_code;
        const char *reason;
    } REASONS[] = {
        { "TOKEN_MISSING", "token_missing" },
        { "TOKEN_EXPIRED", "token_expired" },
        { "TOKEN_ALREADY_USED", "token_already_used" },
        { "TOKEN_NOT_FOUND", "token_not_found" },
        { "TOKEN_DEVICE_MISMATCH", "token_for_another_device" },
        { "DEVICE_MISMATCH", "token_for_another_device" },
        { "TOKEN_INVALID_FORMAT", "token_refused" },
        { "TOKEN_INVALID_TYPE", "token_refused" },
        { "TOKEN_INVALID_SIGNATURE", "token_refused" },
        { "KEY_ALREADY_IN_USE", ENROLMENT_KEY_REFUSED },
        { "KEY_PUBLISHED", ENROLMENT_KEY_REFUSED },
        { "INVALID_CSR", "request_refused" },
        { "INVALID_CSR_DEVICE_ID", "request_refused" },
        { "UNSUPPORTED_CSR_KEY_TYPE", "request_refused" },
        { "DEVICE_HAS_ACTIVE_CERTIFICATE", "already_enrolled" },
        { "CERTIFICATE_REVOKED", "certificate_revoked" },
        { "CERTIFICATE_SUPERSEDED", "certificate_superseded" },
        { "CERTIFICATE_EXPIRED", "certificate_expired" },
        { "INVALID_DEVICE_ID", "name_refused" },
        { "INVALID_PROOF", "proof_refused" },
        { "ATTESTATION_REQUIRED", "report_refused" },
        { "INVALID_ATTESTATION", "report_refused" },
    };

    if (code == HTTP_OK || code == HTTP_CREATED) {
        return (struct enrolment_outcome){ ENROLMENT_GRANTED, NULL };
    }
    if (code < HTTP_OK || code >= HTTP_SERVER_ERROR || code == HTTP_REQUEST_TIMEOUT ||
        code == HTTP_TOO_MANY_REQUESTS) {
        return (struct enrolment_outcome){ ENROLMENT_LATER, "server_busy" };
    }
    // It was over, or the server has forgotten it: the next try brings a new one.
    if (strcmp(error_code, "INVALID_CHALLENGE") == 0) {
        return (struct enrolment_outcome){ ENROLMENT_LATER, "challenge_refused" };
    }
    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++) {
        if (strcmp(error_code, REASONS[i].error_code) == 0) {
            return (struct enrolment_outcome){ ENROLMENT_DENIED, REASONS[i].reason };
        }
    }
    return (struct enrolment_outcome){ ENROLMENT_DENIED, code == 401 || code == 403
                                                             ? "token_refused"
                                                             : "certificate_refused" };
}

enum status enrolment_read_answer(const uint8_t *body, size_t body_size,
                                  const struct enrolment_expectation *expected, uint8_t *der,
                                  size_t capacity, size_t *size, struct certificate_facts *facts)
{
    struct json_reader reader;
    char text[CERTIFICATE_TEXT_SIZE];

    *size = 0;
    if (json_reader_open_large(&reader, body, body_size, ENROLMENT_ANSWER_LIMIT) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    enum status status = json_reader_string(&reader, "certificate", text, sizeof text);
    if (status == STATUS_INVALID) {
        status = json_reader_inner_string(&reader, "certificate", "content", text, sizeof text);
    }
    if (status != STATUS_OK) {
        return status == STATUS_FULL ? STATUS_FULL : STATUS_CORRUPT;
    }
    status = pem_decode(text, strlen(text), "CERTIFICATE", der, capacity, size);
    if (status == STATUS_OK) {
        status = certificate_reader_read(der, *size, facts);
    }
    if (status != STATUS_OK) {
        return status == STATUS_MISSING ? STATUS_CORRUPT : status;
    }
    const bool is_ours =
        strcmp(facts->common_name, expected->device_id) == 0 &&
        memcmp(facts->public_key, expected->public_key, CERTIFICATE_READER_KEY_SIZE) == 0;
    return is_ours ? STATUS_OK : STATUS_INVALID;
}
