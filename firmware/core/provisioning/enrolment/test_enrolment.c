// SPDX-License-Identifier: MIT
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base64url.h"
#include "enrolment.h"
#include "json_reader.h"

enum { TEXT_LIMIT = 4096 };

struct fixture {
    uint8_t key[CERTIFICATE_READER_KEY_SIZE];
    char escaped[TEXT_LIMIT]; ///< The certificate of "meter-1" in PEM, as inside a JSON string.
    uint8_t der[ENROLMENT_CERTIFICATE_LIMIT];
    size_t der_size;
};

static int make_certificate(void **state)
{
    static struct fixture f;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    size_t size = 0;
    char *text = NULL;

    assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", f.key, sizeof f.key, &size), 1);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 86400));
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                                (const uint8_t *)"meter-1", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    f.der_size = (size_t)i2d_X509(cert, &(uint8_t *){ f.der });
    BIO *memory = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(memory, cert), 1);
    const long text_size = BIO_get_mem_data(memory, &text);
    size_t at = 0;
    for (long i = 0; i < text_size; i++) {
        if (text[i] == '\n') {
            f.escaped[at++] = '\\';
            f.escaped[at++] = 'n';
        } else {
            f.escaped[at++] = text[i];
        }
    }
    f.escaped[at] = '\0';
    BIO_free(memory);
    X509_free(cert);
    EVP_PKEY_free(key);
    *state = &f;
    return 0;
}

static enum status read_body(const char *body, const char *id, const uint8_t *key, uint8_t *der,
                             size_t *size)
{
    const struct enrolment_expectation expected = { id, key };
    struct certificate_facts facts;
    return enrolment_read_answer((const uint8_t *)body, strlen(body), &expected, der,
                                 ENROLMENT_CERTIFICATE_LIMIT, size, &facts);
}

static void takes_nested_and_flat_answers(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        const char *before;
        const char *after;
    } FORMS[] = {
        { "{\"certificate\":{\"content\":\"", "\"},\"ca_certificate\":{\"content\":\"x\"}}" },
        { "{\"success\":true,\"device_id\":\"meter-1\",\"certificate\":\"",
          "\",\"ca_certificate\":\"x\",\"expires_at\":\"2026\",\"new\":[{\"certificate\":1}]}" },
    };
    for (unsigned i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        char body[TEXT_LIMIT + 256];
        uint8_t der[ENROLMENT_CERTIFICATE_LIMIT];
        size_t size = 0;
        (void)snprintf(body, sizeof body, "%s%s%s", FORMS[i].before, f->escaped, FORMS[i].after);
        assert_int_equal(read_body(body, "meter-1", f->key, der, &size), STATUS_OK);
        assert_int_equal(size, f->der_size);
        assert_memory_equal(der, f->der, size);
    }
}

static void refuses_a_certificate_for_another_key_or_name(void **state)
{
    const struct fixture *f = *state;
    char body[TEXT_LIMIT + 256];
    uint8_t der[ENROLMENT_CERTIFICATE_LIMIT];
    uint8_t other[CERTIFICATE_READER_KEY_SIZE];
    size_t size = 0;

    (void)snprintf(body, sizeof body, "{\"certificate\":\"%s\"}", f->escaped);
    assert_int_equal(read_body(body, "meter-2", f->key, der, &size), STATUS_INVALID);
    assert_int_equal(read_body(body, "meter-11", f->key, der, &size), STATUS_INVALID);
    memcpy(other, f->key, sizeof other);
    other[64] ^= 1;
    assert_int_equal(read_body(body, "meter-1", other, der, &size), STATUS_INVALID);
}

static void refuses_answers_without_a_certificate(void **state)
{
    const struct fixture *f = *state;
    static const char *const BAD[] = {
        "",
        "{}",
        "[]",
        "{\"certificate\":null}",
        "{\"certificate\":{}}",
        "{\"certificate\":{\"content\":7}}",
        "{\"certificate\":\"\"}",
        "{\"certificate\":\"-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----\"}",
        "{\"certificate\":\"x\",\"certificate\":\"y\"}",
        "{\"ca_certificate\":\"x\"}",
    };
    for (unsigned i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        uint8_t der[ENROLMENT_CERTIFICATE_LIMIT];
        size_t size = 0;
        assert_int_equal(read_body(BAD[i], "meter-1", f->key, der, &size), STATUS_CORRUPT);
    }
}

static void asks_with_the_token_in_the_body_and_with_a_request_that_openssl_reads(void **state)
{
    (void)state;
    char body[ENROLMENT_REQUEST_LIMIT];
    char csr[TEXT_LIMIT];
    char text[64];
    size_t size = 0;
    struct json_reader reader;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_REQ *request = X509_REQ_new();
    assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
    assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
    uint8_t *der = NULL;
    const int der_size = i2d_X509_REQ(request, &der);

    struct enrolment_request asked = {
        .device_id = "meter-1", .csr = der, .csr_size = (size_t)der_size, .token = "secret"
    };
    assert_int_equal(enrolment_write_request(&asked, body, sizeof body, &size), STATUS_OK);
    assert_int_equal(json_reader_open_large(&reader, body, size, sizeof body), STATUS_OK);
    assert_int_equal(json_reader_string(&reader, "device_id", text, sizeof text), STATUS_OK);
    assert_string_equal(text, "meter-1");
    assert_int_equal(json_reader_string(&reader, "provisioning_token", text, sizeof text),
                     STATUS_OK);
    assert_string_equal(text, "secret");
    assert_int_equal(json_reader_string(&reader, "csr", csr, sizeof csr), STATUS_OK);
    BIO *memory = BIO_new_mem_buf(csr, -1);
    X509_REQ *back = PEM_read_bio_X509_REQ(memory, NULL, NULL, NULL);
    assert_non_null(back);
    X509_REQ_free(back);
    BIO_free(memory);

    asked.token = "";
    assert_int_equal(enrolment_write_request(&asked, body, sizeof body, &size), STATUS_OK);
    assert_int_equal(json_reader_open_large(&reader, body, size, sizeof body), STATUS_OK);
    assert_int_equal(json_reader_string(&reader, "provisioning_token", text, sizeof text),
                     STATUS_MISSING);
    assert_int_equal(json_reader_string(&reader, "challenge", text, sizeof text), STATUS_MISSING);
    assert_int_equal(enrolment_write_request(&asked, body, 100, &size), STATUS_FULL);
    OPENSSL_free(der);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
}

static void the_largest_request_fits_its_limits(void **state)
{
    (void)state;
    static const uint8_t bytes[ENROLMENT_CSR_LIMIT + 100];
    char token[513];
    char body[ENROLMENT_REQUEST_LIMIT];
    size_t size = 0;
    memset(token, 't', sizeof token - 1);
    token[sizeof token - 1] = '\0';
    struct enrolment_request asked = { .device_id = "a_device_with_a_name_of_32_bytes",
                                       .csr = bytes,
                                       .csr_size = ENROLMENT_CSR_LIMIT,
                                       .token = token,
                                       .challenge = bytes,
                                       .proof = bytes,
                                       .report = bytes,
                                       .report_size = ENROLMENT_REPORT_LIMIT };
    assert_int_equal(enrolment_write_request(&asked, body, sizeof body, &size), STATUS_OK);
    print_message("the largest request has %zu bytes\n", size);
    asked.csr_size = sizeof bytes;
    assert_int_equal(enrolment_write_request(&asked, body, sizeof body, &size), STATUS_FULL);
    asked.csr_size = ENROLMENT_CSR_LIMIT;
    asked.report_size++;
    assert_int_equal(enrolment_write_request(&asked, body, sizeof body, &size), STATUS_FULL);
}

static void carries_what_answers_a_challenge(void **state)
{
    (void)state;
    static const uint8_t bytes[512] = { 0xFB, 0xFF, 0xFE };
    const struct enrolment_request asked = { .device_id = "meter-1",
                                             .csr = bytes,
                                             .csr_size = 10,
                                             .token = "t",
                                             .challenge = bytes,
                                             .proof = bytes,
                                             .report = bytes,
                                             .report_size = 4 };
    static const struct {
        const char *name;
        size_t size;
    } PARTS[] = { { "challenge", 32 }, { "pop_sig", 64 }, { "attestation", 4 } };
    char body[ENROLMENT_REQUEST_LIMIT];
    char text[128];
    uint8_t back[128];
    size_t size = 0;
    struct json_reader reader;
    assert_int_equal(enrolment_write_request(&asked, body, sizeof body, &size), STATUS_OK);
    assert_int_equal(json_reader_open_large(&reader, body, size, sizeof body), STATUS_OK);
    for (unsigned i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        assert_int_equal(json_reader_string(&reader, PARTS[i].name, text, sizeof text), STATUS_OK);
        assert_int_equal(base64url_decode(text, strlen(text), back, sizeof back, &size), STATUS_OK);
        assert_int_equal(size, PARTS[i].size);
        assert_memory_equal(back, bytes, size);
    }
}

static void reads_a_challenge_and_nothing_else(void **state)
{
    (void)state;
    static const char GOOD[] =
        "{\"challenge\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\",\"exp\":1763726700}";
    static const char *const BAD[] = {
        "",
        "{}",
        "[]",
        "{\"challenge\":7}",
        "{\"challenge\":\"\"}",
        "{\"challenge\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg\"}",
        "{\"challenge\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ\"}",
        "{\"challenge\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+\"}",
    };
    uint8_t challenge[ENROLMENT_CHALLENGE_SIZE];
    assert_int_equal(enrolment_read_challenge((const uint8_t *)GOOD, strlen(GOOD), challenge),
                     STATUS_OK);
    for (unsigned i = 0; i < sizeof challenge; i++) {
        assert_int_equal(challenge[i], i);
    }
    for (unsigned i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_int_equal(
            enrolment_read_challenge((const uint8_t *)BAD[i], strlen(BAD[i]), challenge),
            STATUS_CORRUPT);
    }
}

static void each_protocol_has_its_own_calls(void **state)
{
    (void)state;
    char path[ENROLMENT_PATH_SIZE];
    assert_int_equal(enrolment_path(ENROLMENT_V2, ENROLMENT_CHALLENGE, "a-b_9", path), STATUS_OK);
    assert_string_equal(path, "/v2/enroll/challenge?device_id=a-b_9");
    assert_int_equal(enrolment_path(ENROLMENT_V2, ENROLMENT_SIGN, "", path), STATUS_OK);
    assert_string_equal(path, "/sign-csr");
    assert_int_equal(enrolment_path(ENROLMENT_FIRST, ENROLMENT_SIGN, "", path), STATUS_OK);
    assert_string_equal(path, "/api/v1/sign-csr");
    assert_int_equal(enrolment_path(ENROLMENT_FIRST, ENROLMENT_CHALLENGE, "a", path),
                     STATUS_INVALID);
    static const char *const NAMES[] = { "", "a b", "a&b=c", "a/../b",
                                         "abcdefghijklmnopqrstuvwxyz0123456" };
    for (unsigned i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        assert_int_equal(enrolment_path(ENROLMENT_V2, ENROLMENT_CHALLENGE, NAMES[i], path),
                         STATUS_INVALID);
    }
}

static void tells_for_ever_from_for_now_and_why(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *error_code;
        enum enrolment_verdict verdict;
        const char *reason;
    } CASES[] = {
        { 200, "", ENROLMENT_GRANTED, NULL },
        { 201, "TOKEN_EXPIRED", ENROLMENT_GRANTED, NULL },
        { 500, "TOKEN_EXPIRED", ENROLMENT_LATER, "server_busy" },
        { 503, "", ENROLMENT_LATER, "server_busy" },
        { 429, "", ENROLMENT_LATER, "server_busy" },
        { 408, "", ENROLMENT_LATER, "server_busy" },
        { 0, "", ENROLMENT_LATER, "server_busy" },
        { 401, "TOKEN_EXPIRED", ENROLMENT_DENIED, "token_expired" },
        { 401, "TOKEN_ALREADY_USED", ENROLMENT_DENIED, "token_already_used" },
        { 400, "TOKEN_INVALID_FORMAT", ENROLMENT_DENIED, "token_refused" },
        { 409, "KEY_ALREADY_IN_USE", ENROLMENT_DENIED, "key_refused" },
        { 401, "TOKEN_INVALID_SIGNATURE", ENROLMENT_DENIED, "token_refused" },
        { 403, "", ENROLMENT_DENIED, "token_refused" },
        { 400, "INVALID_CSR", ENROLMENT_DENIED, "request_refused" },
        { 409, "", ENROLMENT_DENIED, "certificate_refused" },
        { 404, "", ENROLMENT_DENIED, "certificate_refused" },
        { 204, "", ENROLMENT_DENIED, "certificate_refused" },
        { 302, "", ENROLMENT_DENIED, "certificate_refused" },
        { 401, "INVALID_CHALLENGE", ENROLMENT_LATER, "challenge_refused" },
        { 401, "INVALID_PROOF", ENROLMENT_DENIED, "proof_refused" },
        { 403, "ATTESTATION_REQUIRED", ENROLMENT_DENIED, "report_refused" },
        { 401, "INVALID_ATTESTATION", ENROLMENT_DENIED, "report_refused" },
    };
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct enrolment_outcome outcome =
            enrolment_judge(CASES[i].code, CASES[i].error_code);
        assert_int_equal(outcome.verdict, CASES[i].verdict);
        if (CASES[i].reason == NULL) {
            assert_null(outcome.reason);
        } else {
            assert_string_equal(outcome.reason, CASES[i].reason);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_nested_and_flat_answers),
        cmocka_unit_test(refuses_a_certificate_for_another_key_or_name),
        cmocka_unit_test(refuses_answers_without_a_certificate),
        cmocka_unit_test(asks_with_the_token_in_the_body_and_with_a_request_that_openssl_reads),
        cmocka_unit_test(the_largest_request_fits_its_limits),
        cmocka_unit_test(carries_what_answers_a_challenge),
        cmocka_unit_test(reads_a_challenge_and_nothing_else),
        cmocka_unit_test(each_protocol_has_its_own_calls),
        cmocka_unit_test(tells_for_ever_from_for_now_and_why),
    };
    return cmocka_run_group_tests_name("enrolment", tests, make_certificate, NULL);
}
