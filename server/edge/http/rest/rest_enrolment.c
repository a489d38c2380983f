// SPDX-License-Identifier: MIT

/// What devices ask for: the first certificate, the next one, and to have it confirmed.

#include <string.h>

#include "attestation.h"
#include "base64url.h"
#include "rest_identity.h"

enum {
    TOKEN_TEXT_SIZE = 1025,
    CHALLENGE_TEXT_SIZE = 64,
    PROOF_TEXT_SIZE = 128,
    REPORT_TEXT_SIZE = BASE64URL_LENGTH(ATTESTATION_SIZE_LIMIT) + 1
};

/// What the second protocol adds, decoded.
struct evidence {
    uint8_t challenge[IDENTITY_CHALLENGE_SIZE];
    uint8_t proof[CRYPTO_P256_SIGNATURE_SIZE];
    uint8_t attestation[ATTESTATION_SIZE_LIMIT];
    size_t attestation_size;
    bool has_challenge;
    bool has_proof;
    bool has_attestation;
};

/// What a body of sign-csr holds, decoded.
struct sign_request {
    char device_id[64];
    char csr[CERTIFICATE_TEXT_LIMIT + 2];
    char token[TOKEN_TEXT_SIZE];
    struct evidence evidence;
};

/// Reads base64url of exactly `size` bytes. @return false  it is none.
static bool read_bytes(const char *text, uint8_t *out, size_t size)
{
    size_t decoded = 0;
    return base64url_decode(text, strlen(text), out, size, &decoded) == STATUS_OK &&
           decoded == size;
}

static int64_t now_s(const struct rest *rest)
{
    return rest->fleet->host->utc_ms(rest->fleet->host->ctx) / 1000;
}

static bool read_evidence(const struct json_reader *reader, const struct rest_request *request,
                          struct evidence *out, struct http_reply *reply)
{
    char challenge[CHALLENGE_TEXT_SIZE];
    char proof[PROOF_TEXT_SIZE];
    char report[REPORT_TEXT_SIZE];
    if (!rest_optional_text(reader, request, "challenge", challenge, sizeof challenge, reply) ||
        !rest_optional_text(reader, request, "pop_sig", proof, sizeof proof, reply) ||
        !rest_optional_text(reader, request, "attestation", report, sizeof report, reply)) {
        return false;
    }
    out->has_challenge = challenge[0] != '\0';
    out->has_proof = proof[0] != '\0';
    out->has_attestation = report[0] != '\0';
    enum identity_verdict verdict = IDENTITY_DONE;
    if (out->has_challenge && !read_bytes(challenge, out->challenge, sizeof out->challenge)) {
        verdict = IDENTITY_BAD_CHALLENGE;
    } else if (out->has_proof && !read_bytes(proof, out->proof, sizeof out->proof)) {
        verdict = IDENTITY_BAD_PROOF;
    } else if (out->has_attestation &&
               base64url_decode(report, strlen(report), out->attestation, sizeof out->attestation,
                                &out->attestation_size) != STATUS_OK) {
        verdict = IDENTITY_BAD_ATTESTATION;
    }
    if (verdict != IDENTITY_DONE) {
        rest_reply_verdict(request, verdict, reply);
    }
    return verdict == IDENTITY_DONE;
}

static bool read_sign_request(const struct rest_request *request, struct sign_request *out,
                              struct http_reply *reply)
{
    struct json_reader reader;
    return rest_open_lenient(&reader, request, reply) &&
           rest_optional_text(&reader, request, "device_id", out->device_id, sizeof out->device_id,
                              reply) &&
           rest_optional_text(&reader, request, "csr", out->csr, sizeof out->csr, reply) &&
           rest_optional_text(&reader, request, "provisioning_token", out->token, sizeof out->token,
                              reply) &&
           read_evidence(&reader, request, &out->evidence, reply);
}

static bool sign(struct rest *rest, const struct rest_request *request,
                 enum rest_certificate_form form, struct http_reply *reply)
{
    struct sign_request read = { .token = "" };
    struct certificate_record record;

    if (!rest_has_identities(rest, reply)) {
        return true;
    }
    if (!read_sign_request(request, &read, reply)) {
        rest_record_unreadable(rest, request);
        return true;
    }
    const char *bearer = rest_bearer(request);
    const char *token = bearer != NULL ? bearer : read.token;
    const struct enrolment enrolment = {
        .token = token,
        .token_size = strlen(token),
        .device_id = read.device_id,
        .device_id_size = strlen(read.device_id),
        .request = read.csr,
        .request_size = strlen(read.csr),
        .challenge = read.evidence.has_challenge ? read.evidence.challenge : NULL,
        .proof = read.evidence.has_proof ? read.evidence.proof : NULL,
        .attestation = read.evidence.has_attestation ? read.evidence.attestation : NULL,
        .attestation_size = read.evidence.attestation_size,
        .address = request->address,
    };
    const enum identity_verdict verdict = identities_enrol(rest->identities, &enrolment, &record);
    explicit_bzero(read.token, sizeof read.token);
    if (verdict != IDENTITY_DONE) {
        rest_record_refusal(rest, request, verdict);
        rest_reply_verdict(request, verdict, reply);
        return true;
    }
    const struct rest_certificate answer = { .rest = rest,
                                             .record = &record,
                                             .form = form,
                                             .message = "The certificate was signed.",
                                             .now_s = now_s(rest) };
    rest_reply_certificate(&answer, reply);
    return true;
}

/// The form that the request asks for by "Accept: application/json;form=nested" or "flat".
static enum rest_certificate_form form_of(const struct rest_request *request,
                                          enum rest_certificate_form usual)
{
    if (request->accept != NULL && strstr(request->accept, "form=nested") != NULL) {
        return REST_CERTIFICATE_NESTED;
    }
    if (request->accept != NULL && strstr(request->accept, "form=flat") != NULL) {
        return REST_CERTIFICATE_FLAT;
    }
    return usual;
}

bool rest_sign_request(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply)
{
    return sign(rest, request, form_of(request, REST_CERTIFICATE_NESTED), reply);
}

bool rest_sign_request_flat(struct rest *rest, const struct rest_request *request,
                            struct http_reply *reply)
{
    return sign(rest, request, form_of(request, REST_CERTIFICATE_FLAT), reply);
}

bool rest_renew(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    static const char api[] = "/api/";
    char csr[CERTIFICATE_TEXT_LIMIT + 2];
    struct evidence evidence = { .attestation_size = 0 };
    struct identity_peer peer;
    struct certificate_record record;
    struct json_reader reader;

    if (!rest_find_peer(rest, request, true, &peer, reply)) {
        return true;
    }
    if (!rest_open_lenient(&reader, request, reply) ||
        !rest_optional_text(&reader, request, "csr", csr, sizeof csr, reply) ||
        !read_evidence(&reader, request, &evidence, reply)) {
        rest_record_unreadable(rest, request);
        return true;
    }
    const struct renewal renewal = {
        .request = csr,
        .request_size = strlen(csr),
        .challenge = evidence.has_challenge ? evidence.challenge : NULL,
        .attestation = evidence.has_attestation ? evidence.attestation : NULL,
        .attestation_size = evidence.attestation_size,
        .address = request->address,
    };
    const enum identity_verdict verdict =
        identities_renew(rest->identities, &peer, &renewal, &record);
    if (verdict != IDENTITY_DONE) {
        rest_reply_verdict(request, verdict, reply);
        return true;
    }
    const bool flat = strncmp(request->target->path, api, sizeof api - 1) == 0;
    const struct rest_certificate answer = {
        .rest = rest,
        .record = &record,
        .form = form_of(request, flat ? REST_CERTIFICATE_FLAT : REST_CERTIFICATE_NESTED),
        .message = "The certificate was signed; confirm it with itself.",
        .now_s = now_s(rest),
    };
    rest_reply_certificate(&answer, reply);
    return true;
}

static void build_confirmed(struct json_writer *writer, const void *ctx)
{
    const struct certificate_record *record = ctx;
    char hex[REST_FINGERPRINT_SIZE];
    json_writer_begin_object(writer, NULL);
    json_writer_boolean(writer, "success", true);
    json_writer_string(writer, "device_id", record->device_id);
    rest_write_hex(record->certificate.fingerprint, sizeof record->certificate.fingerprint, hex);
    json_writer_string(writer, "certificateId", hex);
    json_writer_string(writer, "state", certificate_state_name(CERTIFICATE_ACTIVE));
    json_writer_integer(writer, "renew_after", identities_renew_after_s(&record->certificate));
    json_writer_end_object(writer);
}

bool rest_confirm(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    struct identity_peer peer;
    if (!rest_find_peer(rest, request, false, &peer, reply)) {
        return true;
    }
    const enum identity_verdict verdict =
        identities_confirm(rest->identities, &peer, request->address);
    if (verdict != IDENTITY_DONE) {
        rest_reply_verdict(request, verdict, reply);
    } else {
        http_reply_json(reply, HTTP_OK, build_confirmed, &peer.record);
    }
    return true;
}

struct challenge {
    char text[BASE64URL_LENGTH(IDENTITY_CHALLENGE_SIZE) + 1];
    int64_t expires_s;
};

static void build_challenge(struct json_writer *writer, const void *ctx)
{
    const struct challenge *challenge = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_string(writer, "challenge", challenge->text);
    json_writer_integer(writer, "exp", challenge->expires_s);
    json_writer_end_object(writer);
}

bool rest_challenge(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    static const char *const names[] = { "device_id" };
    uint8_t bytes[IDENTITY_CHALLENGE_SIZE];
    struct challenge challenge = { .text = "" };

    if (!rest_has_identities(rest, reply) || !rest_check_query(request, names, 1, reply)) {
        return true;
    }
    const char *device_id = http_target_query(request->target, "device_id");
    const enum identity_verdict verdict =
        identities_challenge(rest->identities, device_id != NULL ? device_id : "", request->address,
                             bytes, &challenge.expires_s);
    if (verdict != IDENTITY_DONE) {
        rest_record_refusal(rest, request, verdict);
        rest_reply_verdict(request, verdict, reply);
        return true;
    }
    base64url_encode(bytes, sizeof bytes, challenge.text);
    http_reply_json(reply, HTTP_OK, build_challenge, &challenge);
    return true;
}
