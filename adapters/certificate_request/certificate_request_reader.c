// SPDX-License-Identifier: MIT
#include "certificate_request_reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "known_keys.h"

static const char BEGIN_LINE[] = "-----BEGIN CERTIFICATE REQUEST-----";
static const char BEGIN_OLD_LINE[] = "-----BEGIN NEW CERTIFICATE REQUEST-----";
static const char END_LINE[] = "-----END CERTIFICATE REQUEST-----";
static const char END_OLD_LINE[] = "-----END NEW CERTIFICATE REQUEST-----";

struct run {
    const char *text;
    size_t size;
};

static bool starts_with(struct run run, const char *prefix)
{
    const size_t size = strlen(prefix);
    return run.size >= size && memcmp(run.text, prefix, size) == 0;
}

static struct run trim(struct run run)
{
    while (run.size > 0 && isspace((unsigned char)run.text[0])) {
        run.text++;
        run.size--;
    }
    while (run.size > 0 && isspace((unsigned char)run.text[run.size - 1])) {
        run.size--;
    }
    return run;
}

/// Decodes base64 with line breaks anywhere. @return the number of bytes; 0: it is none, or more
/// than `capacity`.
static size_t decode_base64(struct run run, uint8_t *out, size_t capacity)
{
    uint32_t bits = 0;
    unsigned held = 0;
    unsigned padding = 0;
    size_t count = 0;
    for (size_t i = 0; i < run.size; i++) {
        static const char signs[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char sign = run.text[i];
        if (sign == '\n' || sign == '\r') {
            continue;
        }
        const char *at = sign != '\0' ? strchr(signs, sign) : NULL;
        if (sign == '=') {
            padding++;
        } else if (at == NULL || padding > 0) {
            return 0;
        }
        bits = (bits << 6) | (at != NULL ? (uint32_t)(at - signs) : 0);
        if (++held < 4) {
            continue;
        }
        const unsigned bytes = padding < 3 ? 3 - padding : 0;
        if (bytes == 0 || capacity - count < bytes) {
            return 0;
        }
        for (unsigned byte = 0; byte < bytes; byte++) {
            out[count++] = (uint8_t)(bits >> (16 - 8 * byte));
        }
        held = 0;
        bits = 0;
    }
    return held == 0 && padding < 3 ? count : 0;
}

/// Takes the armour off. @return false  it is not one block and nothing else.
static bool unwrap(struct run *run)
{
    const bool old = starts_with(*run, BEGIN_OLD_LINE);
    const char *begin = old ? BEGIN_OLD_LINE : BEGIN_LINE;
    const char *end = old ? END_OLD_LINE : END_LINE;
    if (!starts_with(*run, begin)) {
        return false;
    }
    run->text += strlen(begin);
    run->size -= strlen(begin);
    const size_t tail = strlen(end);
    if (run->size < tail || memcmp(run->text + run->size - tail, end, tail) != 0) {
        return false;
    }
    run->size -= tail;
    *run = trim(*run);
    return true; // A second block inside is no base64.
}

/// Turns what was sent into DER. @return its size; 0: it is nothing that can be read.
static size_t decode(enum request_form form, const void *text, size_t size,
                     uint8_t der[CERTIFICATE_REQUEST_LIMIT])
{
    char inner[CERTIFICATE_TEXT_LIMIT];
    if (size > CERTIFICATE_TEXT_LIMIT) {
        return 0;
    }
    struct run run = trim((struct run){ text, size });
    switch (form) {
    case REQUEST_FORM_BASE64:
        return decode_base64(run, der, CERTIFICATE_REQUEST_LIMIT);
    case REQUEST_FORM_TEXT:
        break;
    }
    if (!starts_with(run, "-")) {
        const size_t count = decode_base64(run, (uint8_t *)inner, sizeof inner);
        run = trim((struct run){ inner, count });
    }
    return unwrap(&run) ? decode_base64(run, der, CERTIFICATE_REQUEST_LIMIT) : 0;
}

bool certificate_key_digest(const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                            uint8_t digest[CRYPTO_SHA256_SIZE])
{
    // SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING } (RFC 5480 section 2).
    uint8_t info[27 - 1 + CRYPTO_P256_PUBLIC_SIZE] = {
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
        0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    };
    memcpy(info + 26, key, CRYPTO_P256_PUBLIC_SIZE);
    return SHA256(info, sizeof info, digest) != NULL;
}

/// Reads the public key: named curve P-256 and nothing else.
static enum request_verdict read_key(X509_REQ *request, struct certificate_request *out)
{
    X509_ALGOR *algorithm = NULL;
    const unsigned char *point = NULL;
    const ASN1_OBJECT *kind = NULL;
    const void *parameter = NULL;
    int size = 0;
    int parameter_type = V_ASN1_UNDEF;
    X509_PUBKEY *info = X509_REQ_get_X509_PUBKEY(request);

    if (info == NULL || X509_PUBKEY_get0_param(NULL, &point, &size, &algorithm, info) != 1) {
        return REQUEST_MALFORMED;
    }
    X509_ALGOR_get0(&kind, &parameter_type, &parameter, algorithm);
    if (OBJ_obj2nid(kind) != NID_X9_62_id_ecPublicKey || parameter_type != V_ASN1_OBJECT ||
        OBJ_obj2nid(parameter) != NID_X9_62_prime256v1) {
        return REQUEST_KEY_TYPE;
    }
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *place = group != NULL ? EC_POINT_new(group) : NULL;
    // The cofactor is 1, so a point of the curve that is not infinity is a key (SEC 1, 3.2.2.1).
    const bool sound = place != NULL && size > 1 &&
                       EC_POINT_oct2point(group, place, point, (size_t)size, NULL) == 1 &&
                       EC_POINT_is_at_infinity(group, place) == 0 &&
                       EC_POINT_point2oct(group, place, POINT_CONVERSION_UNCOMPRESSED, out->key,
                                          sizeof out->key, NULL) == sizeof out->key;
    EC_POINT_free(place);
    EC_GROUP_free(group);
    if (!sound || !certificate_key_digest(out->key, out->key_digest)) {
        return REQUEST_KEY_POINT;
    }
    return known_keys_contain(out->key_digest) ? REQUEST_KEY_KNOWN : REQUEST_SOUND;
}

/// Copies printable ASCII; anything else becomes "?", which no device is called.
static void copy_name(const ASN1_STRING *text, char out[CERTIFICATE_NAME_SIZE])
{
    const unsigned char *bytes = ASN1_STRING_get0_data(text);
    const int size = ASN1_STRING_length(text);
    bool plain = size > 0 && size < CERTIFICATE_NAME_SIZE;
    for (int i = 0; plain && i < size; i++) {
        plain = bytes[i] > 0x20 && bytes[i] < 0x7F;
    }
    if (plain) {
        memcpy(out, bytes, (size_t)size);
        out[size] = '\0';
    } else {
        memcpy(out, "?", 2);
    }
}

static void read_common_name(X509_REQ *request, struct certificate_request *out)
{
    const X509_NAME *subject = X509_REQ_get_subject_name(request);
    const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    out->common_name[0] = '\0';
    if (first < 0) {
        return;
    }
    if (X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) {
        memcpy(out->common_name, "?", 2); // Two names are nobody's.
        return;
    }
    copy_name(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)), out->common_name);
}

static void read_alternative_names(const STACK_OF(X509_EXTENSION) * extensions,
                                   struct certificate_request *out)
{
    int critical = 0;
    GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, &critical, NULL);
    out->name[0] = '\0';
    out->name_count = names != NULL ? (unsigned)sk_GENERAL_NAME_num(names) : 0;
    if (names == NULL && critical != -1) {
        out->name_count = 2; // Twice or unreadable: whatever it is, it is not one name.
    }
    if (out->name_count > 0 && names != NULL) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
        if (name->type == GEN_DNS || name->type == GEN_URI) {
            copy_name(name->d.ia5, out->name);
        } else {
            memcpy(out->name, "?", 2);
        }
    }
    GENERAL_NAMES_free(names);
}

static bool asks_for_authority(const STACK_OF(X509_EXTENSION) * extensions)
{
    int critical = 0;
    BASIC_CONSTRAINTS *basic = X509V3_get_d2i(extensions, NID_basic_constraints, &critical, NULL);
    const bool asks = basic != NULL ? basic->ca != 0 : critical != -1;
    BASIC_CONSTRAINTS_free(basic);
    return asks;
}

static bool is_signed_by_itself(X509_REQ *request)
{
    EVP_PKEY *key = X509_REQ_get0_pubkey(request);
    int digest = NID_undef;
    // ECDSA with SHA-1 and the like would be accepted by the library's default level.
    const bool strong = OBJ_find_sigid_algs(X509_REQ_get_signature_nid(request), &digest, NULL) &&
                        (digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512);
    return key != NULL && strong && X509_REQ_verify(request, key) == 1;
}

static enum request_verdict examine(X509_REQ *request, struct certificate_request *out)
{
    enum request_verdict verdict = read_key(request, out);
    if (verdict != REQUEST_SOUND) {
        return verdict;
    }
    read_common_name(request, out);
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    read_alternative_names(extensions, out);
    const bool authority = asks_for_authority(extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    if (!is_signed_by_itself(request)) {
        return REQUEST_SIGNATURE;
    }
    return authority ? REQUEST_AUTHORITY : REQUEST_SOUND;
}

enum request_verdict certificate_request_read(enum request_form form, const void *text, size_t size,
                                              struct certificate_request *out)
{
    uint8_t der[CERTIFICATE_REQUEST_LIMIT];
    const size_t der_size = decode(form, text, size, der);
    const unsigned char *at = der;
    X509_REQ *request = der_size > 0 ? d2i_X509_REQ(NULL, &at, (long)der_size) : NULL;

    *out = (struct certificate_request){ .name_count = 0 };
    enum request_verdict verdict = REQUEST_MALFORMED;
    if (request != NULL && at == der + der_size && SHA256(der, der_size, out->digest) != NULL) {
        verdict = examine(request, out);
    }
    X509_REQ_free(request);
    return verdict;
}
