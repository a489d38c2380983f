// SPDX-License-Identifier: MIT

/// Enrolment over Secure Transport (RFC 7030): the same rules, in the words of that standard. A
/// device without a certificate sends its name and its token as HTTP Basic, or the token as Bearer.

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rest_identity.h"

enum { BUNDLE_SIZE = 8192, LINE_SIZE = 76, CREDENTIALS_SIZE = 128 };

static const char SIGNS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with line breaks (RFC 8951 section 3.1). @return its size; there is room.
static size_t write_base64(const uint8_t *in, size_t size, char *out)
{
    size_t at = 0;
    for (size_t i = 0; i < size; i += 3) {
        const size_t count = size - i < 3 ? size - i : 3;
        const uint32_t bits = ((uint32_t)in[i] << 16) |
                              ((count > 1 ? (uint32_t)in[i + 1] : 0) << 8) |
                              (count > 2 ? (uint32_t)in[i + 2] : 0);
        out[at++] = SIGNS[bits >> 18];
        out[at++] = SIGNS[(bits >> 12) & 63u];
        out[at] = '=';
        if (count > 1) {
            out[at] = SIGNS[(bits >> 6) & 63u];
        }
        at++;
        out[at] = '=';
        if (count > 2) {
            out[at] = SIGNS[bits & 63u];
        }
        at++;
        if ((i / 3 + 1) % (LINE_SIZE / 4) == 0 || i + 3 >= size) {
            out[at++] = '\n';
        }
    }
    return at;
}

static void reply_bundle(const struct rest *rest, const struct rest_request *request,
                         const struct certificate *certificate, struct http_reply *reply)
{
    const struct certificate_authority *authority = identities_parts(rest->identities)->authority;
    uint8_t bundle[BUNDLE_SIZE];
    size_t size = 0;
    char *body = malloc(BUNDLE_SIZE * 3 / 2);
    const enum status status =
        body != NULL
            ? authority->write_bundle(authority->ctx, certificate != NULL ? certificate->der : NULL,
                                      certificate != NULL ? certificate->size : 0, bundle,
                                      sizeof bundle, &size)
            : STATUS_IO;
    if (status != STATUS_OK) {
        free(body);
        rest_reply_verdict(request, IDENTITY_UNAVAILABLE, reply);
        return;
    }
    http_reply_empty(reply, HTTP_OK);
    reply->body = body;
    reply->body_size = write_base64(bundle, size, body);
    reply->content_type = certificate != NULL ? "application/pkcs7-mime; smime-type=certs-only"
                                              : "application/pkcs7-mime";
    http_reply_header(reply, "Content-Transfer-Encoding", "base64");
}

bool rest_est_authorities(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply)
{
    if (rest_has_identities(rest, reply) && rest_check_query(request, NULL, 0, reply)) {
        reply_bundle(rest, request, NULL, reply);
    }
    return true;
}

bool rest_est_wishes(struct rest *rest, const struct rest_request *request,
                     struct http_reply *reply)
{
    // CsrAttrs (RFC 7030 section 4.5.2): a key on P-256, and a request signed with SHA-256.
    static const uint8_t wishes[] = {
        0x30, 0x21,                                                 // SEQUENCE of
        0x30, 0x15,                                                 //   the attribute
        0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,       // id-ecPublicKey
        0x31, 0x0A,                                                 //   with the value
        0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, // secp256r1
        0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02, //   ecdsa-with-SHA256
    };
    if (!rest_has_identities(rest, reply) || !rest_check_query(request, NULL, 0, reply)) {
        return true;
    }
    const size_t capacity = 2 * sizeof wishes;
    char *body = malloc(capacity);
    if (body == NULL) {
        rest_reply_verdict(request, IDENTITY_UNAVAILABLE, reply);
        return true;
    }
    http_reply_empty(reply, HTTP_OK);
    reply->body = body;
    reply->body_size = write_base64(wishes, sizeof wishes, body);
    reply->content_type = "application/csrattrs";
    http_reply_header(reply, "Content-Transfer-Encoding", "base64");
    return true;
}

static bool is_request(const struct rest_request *request, struct http_reply *reply)
{
    static const char type[] = "application/pkcs10";
    if (request->content_type != NULL &&
        strncasecmp(request->content_type, type, sizeof type - 1) == 0) {
        return true;
    }
    http_reply_error(reply, HTTP_UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type",
                     "The body must be sent as application/pkcs10.");
    return false;
}

/// Decodes the credentials of HTTP Basic (RFC 7617). @return false  they are none.
static bool read_basic(const char *field, char out[CREDENTIALS_SIZE])
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t count = 0;
    for (; *field != '\0' && *field != '='; field++) {
        const char *at = strchr(SIGNS, *field);
        if (at == NULL || count == CREDENTIALS_SIZE - 1) {
            return false;
        }
        bits = (bits << 6) | (uint32_t)(at - SIGNS);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[count++] = (char)((bits >> held) & 0xFFu);
        }
    }
    out[count] = '\0';
    return strlen(out) == count && strchr(out, ':') != NULL;
}

bool rest_est_enrol(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    static const char scheme[] = "Basic ";
    char credentials[CREDENTIALS_SIZE] = "";
    struct certificate_record record;
    struct enrolment enrolment = { .form = REQUEST_FORM_BASE64,
                                   .request = request->body,
                                   .request_size = request->body_size,
                                   .address = request->address };

    if (!rest_has_identities(rest, reply)) {
        return true;
    }
    if (!is_request(request, reply)) {
        rest_record_unreadable(rest, request);
        return true;
    }
    enrolment.token = rest_bearer(request);
    if (enrolment.token != NULL) {
        enrolment.token_size = strlen(enrolment.token);
    } else if (request->authorization != NULL &&
               strncasecmp(request->authorization, scheme, sizeof scheme - 1) == 0 &&
               read_basic(request->authorization + sizeof scheme - 1, credentials)) {
        char *colon = strchr(credentials, ':');
        enrolment.device_id = credentials;
        enrolment.device_id_size = (size_t)(colon - credentials);
        enrolment.token = colon + 1;
        enrolment.token_size = strlen(colon + 1);
    }
    const enum identity_verdict verdict = identities_enrol(rest->identities, &enrolment, &record);
    explicit_bzero(credentials, sizeof credentials);
    if (verdict == IDENTITY_DONE) {
        reply_bundle(rest, request, &record.certificate, reply);
        return true;
    }
    rest_record_refusal(rest, request, verdict);
    rest_reply_verdict(request, verdict, reply);
    if (verdict == IDENTITY_TOKEN_MISSING) {
        http_reply_header(reply, "WWW-Authenticate", "Basic realm=\"enrolment\"");
    }
    return true;
}

bool rest_est_renew(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    struct identity_peer peer;
    struct certificate_record record;
    if (!rest_find_peer(rest, request, true, &peer, reply) || !is_request(request, reply)) {
        return true;
    }
    const struct renewal renewal = { .form = REQUEST_FORM_BASE64,
                                     .request = request->body,
                                     .request_size = request->body_size,
                                     .address = request->address };
    const enum identity_verdict verdict =
        identities_renew(rest->identities, &peer, &renewal, &record);
    if (verdict == IDENTITY_DONE) {
        reply_bundle(rest, request, &record.certificate, reply);
    } else {
        rest_reply_verdict(request, verdict, reply);
    }
    return true;
}
