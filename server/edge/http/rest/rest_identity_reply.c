// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "rest_identity.h"

struct verdict_answer {
    enum http_code code;
    const char *message;
};

static const struct verdict_answer ANSWERS[IDENTITY_VERDICT_COUNT] = {
    [IDENTITY_TOKEN_MISSING] = { HTTP_UNAUTHORIZED, "A provisioning token is needed, as a bearer "
                                                    "token or as \"provisioning_token\"." },
    [IDENTITY_TOKEN_FORMAT] = { HTTP_UNAUTHORIZED, "That is no provisioning token: it has 43 signs "
                                                   "of base64url." },
    [IDENTITY_TOKEN_TYPE] = { HTTP_UNAUTHORIZED, "That is a token of another kind; a provisioning "
                                                 "token is needed." },
    [IDENTITY_TOKEN_UNKNOWN] = { HTTP_UNAUTHORIZED, "There is no such token; it may have been "
                                                    "replaced by a later one." },
    [IDENTITY_TOKEN_EXPIRED] = { HTTP_UNAUTHORIZED, "The token is over; fetch a new one." },
    [IDENTITY_TOKEN_USED] = { HTTP_CONFLICT, "The token was used for another key." },
    [IDENTITY_TOKEN_DEVICE] = { HTTP_UNAUTHORIZED, "The token belongs to another device." },
    [IDENTITY_BAD_DEVICE_ID] = { HTTP_BAD_REQUEST, "A device's name has 1 to 32 letters, digits, "
                                                   "\"_\" and \"-\", and is not the server's." },
    [IDENTITY_BAD_REQUEST] = { HTTP_BAD_REQUEST,
                               "That is no certificate request that can be signed: it must be "
                               "one PKCS #10 of up to 4 KiB as PEM or base64, signed by its own "
                               "key with SHA-256 or better, and must not ask to be an authority." },
    [IDENTITY_BAD_REQUEST_NAME] = { HTTP_BAD_REQUEST, "The certificate request asks for another "
                                                      "name than the device's." },
    [IDENTITY_BAD_KEY_TYPE] = { HTTP_BAD_REQUEST, "Only keys on the curve P-256 are certified." },
    [IDENTITY_KEY_KNOWN] = { HTTP_BAD_REQUEST, "The key is a published example: make a new one." },
    [IDENTITY_KEY_IN_USE] = { HTTP_CONFLICT, "The key belongs to another device or was revoked: "
                                             "make a new one." },
    [IDENTITY_HAS_ACTIVE] = { HTTP_CONFLICT, "The device has an active certificate; revoke it, or "
                                             "ask for a token that replaces it." },
    [IDENTITY_BAD_PROOF] = { HTTP_UNAUTHORIZED, "The proof is not signed with the key of the "
                                                "request." },
    [IDENTITY_NO_ATTESTATION] = { HTTP_FORBIDDEN, "The certificate is over: its renewal needs a "
                                                  "challenge and the device's report on itself, "
                                                  "as \"challenge\" and \"attestation\"." },
    [IDENTITY_BAD_ATTESTATION] = { HTTP_UNAUTHORIZED, "The report is none, is not signed with the "
                                                      "device's key, or does not answer the "
                                                      "challenge." },
    [IDENTITY_BAD_CHALLENGE] = { HTTP_UNAUTHORIZED, "The challenge is unknown, over, used, or of "
                                                    "another device; fetch a new one." },
    [IDENTITY_NO_CERTIFICATE] = { HTTP_UNAUTHORIZED, "Show a client certificate of this server's "
                                                     "authority, at the listener for devices." },
    [IDENTITY_REVOKED_PEER] = { HTTP_FORBIDDEN, "The certificate was revoked." },
    [IDENTITY_SUPERSEDED_PEER] = { HTTP_FORBIDDEN, "The device has a newer certificate." },
    [IDENTITY_EXPIRED_PEER] = { HTTP_FORBIDDEN, "The certificate is over." },
    [IDENTITY_UNKNOWN] = { HTTP_NOT_FOUND, "There is no certificate for this device." },
    [IDENTITY_LIMITED] = { HTTP_TOO_MANY_REQUESTS, "Too many requests; come back later." },
    [IDENTITY_UNAVAILABLE] = { HTTP_UNAVAILABLE, "Certificates cannot be made or changed at the "
                                                 "moment; the same request may succeed later." },
};

bool rest_has_identities(const struct rest *rest, struct http_reply *reply)
{
    if (rest->identities != NULL) {
        return true;
    }
    http_reply_error(reply, HTTP_UNAVAILABLE, "no_authority",
                     "This server has no certificate authority; set authority_folder.");
    return false;
}

void rest_reply_verdict(const struct rest_request *request, enum identity_verdict verdict,
                        struct http_reply *reply)
{
    const char *name = identity_verdict_name(verdict);
    const bool native = strncmp(request->target->path, "/v1/", 4) == 0;
    char word[64];
    size_t size = 0;
    for (; name[size] != '\0' && size < sizeof word - 1; size++) {
        word[size] = name[size];
        if (native) {
            word[size] = (char)tolower((unsigned char)name[size]);
        }
    }
    word[size] = '\0';
    http_reply_error(reply, ANSWERS[verdict].code, word, "%s", ANSWERS[verdict].message);
    http_reply_header(reply, "X-Error-Code", "%s", name);
    if (verdict == IDENTITY_LIMITED || verdict == IDENTITY_UNAVAILABLE) {
        http_reply_header(reply, "Retry-After", "5");
    }
}

/// Whoever it was had neither a token that is known nor a certificate in force.
static bool is_of_a_stranger(enum identity_verdict verdict)
{
    static const enum identity_verdict verdicts[] = {
        IDENTITY_TOKEN_MISSING, IDENTITY_TOKEN_FORMAT,    IDENTITY_TOKEN_TYPE,
        IDENTITY_TOKEN_UNKNOWN, IDENTITY_BAD_DEVICE_ID,   IDENTITY_NO_CERTIFICATE,
        IDENTITY_REVOKED_PEER,  IDENTITY_SUPERSEDED_PEER, IDENTITY_EXPIRED_PEER,
    };
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        if (verdict == verdicts[i]) {
            return true;
        }
    }
    return false;
}

static void record(const struct rest *rest, const struct rest_request *request,
                   const char *device_id, const char *cause)
{
    if (rest->audit != NULL) {
        fleet_audit_request(rest->audit, device_id, request->address, cause);
    }
}

void rest_record_refusal(const struct rest *rest, const struct rest_request *request,
                         enum identity_verdict verdict)
{
    if (is_of_a_stranger(verdict)) {
        record(rest, request, "", identity_verdict_name(verdict));
    }
}

void rest_record_unreadable(const struct rest *rest, const struct rest_request *request)
{
    record(rest, request, "", "UNREADABLE_REQUEST");
}

bool rest_find_peer(struct rest *rest, const struct rest_request *request, bool renewing,
                    struct identity_peer *peer, struct http_reply *reply)
{
    if (!rest_has_identities(rest, reply)) {
        return false;
    }
    enum identity_verdict verdict =
        request->peer != NULL
            ? identities_recognise(rest->identities, request->peer, request->peer_size, peer)
            : IDENTITY_NO_CERTIFICATE;
    if (verdict == IDENTITY_DONE && peer->grace && !renewing) {
        verdict = IDENTITY_EXPIRED_PEER;
    }
    if (verdict != IDENTITY_DONE) {
        // Only of a certificate of ours is there a record with a name.
        const bool is_ours = is_of_a_stranger(verdict) && verdict != IDENTITY_NO_CERTIFICATE;
        if (is_of_a_stranger(verdict)) {
            record(rest, request, is_ours ? peer->record.device_id : "",
                   identity_verdict_name(verdict));
        }
        rest_reply_verdict(request, verdict, reply);
        return false;
    }
    return true;
}

static void refuse_body(const char *message, struct http_reply *reply)
{
    http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_json", "%s", message);
    http_reply_header(reply, "X-Error-Code", "INVALID_JSON");
}

bool rest_open_lenient(struct json_reader *reader, const struct rest_request *request,
                       struct http_reply *reply)
{
    static const char type[] = "application/json";
    if (request->content_type == NULL ||
        strncasecmp(request->content_type, type, sizeof type - 1) != 0) {
        http_reply_error(reply, HTTP_UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type",
                         "The body must be sent as application/json.");
        return false;
    }
    const enum status status = json_reader_open_large(reader, request->body, request->body_size,
                                                      REST_ENROLMENT_BODY_LIMIT);
    if (status != STATUS_OK) {
        refuse_body("The body is not one JSON object in UTF-8 in which every name is unique, or it "
                    "is larger or deeper than any this interface knows.",
                    reply);
    }
    return status == STATUS_OK;
}

bool rest_optional_text(const struct json_reader *reader, const struct rest_request *request,
                        const char *name, char *out, size_t capacity, struct http_reply *reply)
{
    (void)request;
    out[0] = '\0';
    const enum status status = json_reader_string(reader, name, out, capacity);
    if (status == STATUS_OK || status == STATUS_MISSING) {
        return true;
    }
    char sentence[128];
    (void)snprintf(sentence, sizeof sentence, "\"%s\" must be text of at most %zu bytes.", name,
                   capacity - 1);
    refuse_body(sentence, reply);
    return false;
}

const char *rest_bearer(const struct rest_request *request)
{
    static const char scheme[] = "Bearer ";
    if (request->authorization == NULL ||
        strncasecmp(request->authorization, scheme, sizeof scheme - 1) != 0) {
        return NULL;
    }
    return request->authorization + sizeof scheme - 1;
}

void rest_write_instant(struct json_writer *writer, const char *name, int64_t time_s)
{
    const time_t time = (time_t)time_s;
    struct tm parts;
    char text[REST_INSTANT_SIZE];
    if (gmtime_r(&time, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        json_writer_null(writer, name);
        return;
    }
    json_writer_string(writer, name, text);
}

void rest_write_pem(const struct rest *rest, const struct certificate *certificate,
                    char pem[CERTIFICATE_PEM_LIMIT])
{
    const struct certificate_authority *authority = identities_parts(rest->identities)->authority;
    if (authority->write_pem(authority->ctx, certificate->der, certificate->size, pem,
                             CERTIFICATE_PEM_LIMIT) != STATUS_OK) {
        pem[0] = '\0';
    }
}

void rest_write_hex(const uint8_t *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15u];
    }
    out[2 * size] = '\0';
}

static void write_nested(struct json_writer *writer, const struct rest_certificate *answer,
                         const char *pem, const char *root)
{
    char filename[DEVICE_ID_SIZE + 8];
    (void)snprintf(filename, sizeof filename, "%s.pem", answer->record->device_id);
    json_writer_begin_object(writer, "certificate");
    json_writer_string(writer, "content", pem);
    json_writer_string(writer, "filename", filename);
    rest_write_instant(writer, "expires_at", answer->record->certificate.not_after_s);
    json_writer_end_object(writer);
    json_writer_begin_object(writer, "ca_certificate");
    json_writer_string(writer, "content", root);
    json_writer_string(writer, "filename", "ca.pem");
    json_writer_end_object(writer);
}

static void build_certificate(struct json_writer *writer, const void *ctx)
{
    const struct rest_certificate *answer = ctx;
    const struct certificate_record *record = answer->record;
    const struct certificate *certificate = &record->certificate;
    const struct certificate_authority *authority =
        identities_parts(answer->rest->identities)->authority;
    char pem[CERTIFICATE_PEM_LIMIT];
    char hex[REST_FINGERPRINT_SIZE];
    char url[REST_FINGERPRINT_SIZE + 48];
    const char *root = authority->part(authority->ctx, AUTHORITY_PART_ROOT);

    rest_write_pem(answer->rest, certificate, pem);
    json_writer_begin_object(writer, NULL);
    json_writer_boolean(writer, "success", true);
    json_writer_integer(writer, "v", 2);
    json_writer_string(writer, "device_id", record->device_id);
    if (answer->form == REST_CERTIFICATE_NESTED) {
        write_nested(writer, answer, pem, root);
    } else {
        json_writer_string(writer, "certificate", pem);
        json_writer_string(writer, "ca_certificate", root);
    }
    json_writer_begin_array(writer, "chain");
    json_writer_string(writer, NULL, authority->part(authority->ctx, AUTHORITY_PART_DEVICES));
    json_writer_string(writer, NULL, root);
    json_writer_end_array(writer);
    rest_write_hex(certificate->serial, sizeof certificate->serial, hex);
    json_writer_string(writer, "serial_number", hex);
    rest_write_hex(certificate->fingerprint, sizeof certificate->fingerprint, hex);
    json_writer_string(writer, "certificateId", hex);
    (void)snprintf(url, sizeof url, "/api/v1/certificates/%s/download", hex);
    json_writer_string(writer, "downloadUrl", url);
    json_writer_string(writer, "state", certificate_state_name(record->state));
    rest_write_instant(writer, "expires_at", certificate->not_after_s);
    json_writer_integer(writer, "not_after", certificate->not_after_s);
    json_writer_integer(writer, "renew_after", identities_renew_after_s(certificate));
    if (authority->revocations_url != NULL) {
        json_writer_string(writer, "crl_url", authority->revocations_url);
    }
    json_writer_string(writer, "message", answer->message);
    rest_write_instant(writer, "timestamp", answer->now_s);
    json_writer_end_object(writer);
}

void rest_reply_certificate(const struct rest_certificate *answer, struct http_reply *reply)
{
    http_reply_json(reply, HTTP_OK, build_certificate, answer);
}
