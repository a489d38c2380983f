// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "certificate_request_reader.h"

/// What a test asks for.
struct wish {
    const char *common_name;
    const char *second_common_name;
    const char *alternative_names;
    const char *basic_constraints;
    const EVP_MD *digest;
};

static EVP_PKEY *key;

static int make_key(void **state)
{
    (void)state;
    key = EVP_EC_gen("P-256");
    return key != NULL ? 0 : -1;
}

static int drop_key(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    return 0;
}

static void add_extension(STACK_OF(X509_EXTENSION) * all, int nid, const char *value)
{
    if (value != NULL) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
        assert_non_null(extension);
        assert_true(sk_X509_EXTENSION_push(all, extension) > 0);
    }
}

static X509_REQ *make_request(EVP_PKEY *own, const struct wish *wish)
{
    X509_REQ *request = X509_REQ_new();
    X509_NAME *subject = X509_REQ_get_subject_name(request);
    const char *names[] = { wish->common_name, wish->second_common_name };
    for (size_t i = 0; i < 2; i++) {
        if (names[i] != NULL) {
            assert_int_equal(X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                                        (const unsigned char *)names[i], -1, -1, 0),
                             1);
        }
    }
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    add_extension(extensions, NID_subject_alt_name, wish->alternative_names);
    add_extension(extensions, NID_basic_constraints, wish->basic_constraints);
    if (sk_X509_EXTENSION_num(extensions) > 0) {
        assert_int_equal(X509_REQ_add_extensions(request, extensions), 1);
    }
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    assert_int_equal(X509_REQ_set_pubkey(request, own), 1);
    assert_true(X509_REQ_sign(request, own, wish->digest != NULL ? wish->digest : EVP_sha256()) >
                0);
    return request;
}

/// The PEM of a request; the caller frees it.
static char *to_pem(X509_REQ *request, size_t *size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    assert_int_equal(PEM_write_bio_X509_REQ(bio, request), 1);
    *size = (size_t)BIO_get_mem_data(bio, &pem);
    char *copy = strndup(pem, *size);
    BIO_free(bio);
    X509_REQ_free(request);
    return copy;
}

static enum request_verdict read_wish(EVP_PKEY *own, const struct wish *wish,
                                      struct certificate_request *out)
{
    size_t size = 0;
    char *pem = to_pem(make_request(own, wish), &size);
    const enum request_verdict verdict =
        certificate_request_read(REQUEST_FORM_TEXT, pem, size, out);
    free(pem);
    return verdict;
}

static char *to_base64(const void *data, size_t size)
{
    char *out = malloc(size * 4 / 3 + 8);
    assert_non_null(out);
    (void)EVP_EncodeBlock((unsigned char *)out, data, (int)size);
    return out;
}

static void reads_the_key_and_the_names_asked_for(void **state)
{
    (void)state;
    const struct wish wish = { .common_name = "meter-1", .alternative_names = "DNS:a,DNS:b" };
    struct certificate_request request;
    uint8_t point[CRYPTO_P256_PUBLIC_SIZE];
    size_t size = 0;
    assert_int_equal(read_wish(key, &wish, &request), REQUEST_SOUND);
    assert_string_equal(request.common_name, "meter-1");
    assert_int_equal(request.name_count, 2);
    assert_string_equal(request.name, "a");
    assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point, &size), 1);
    assert_memory_equal(request.key, point, sizeof point);
    const struct wish nothing = { 0 };
    assert_int_equal(read_wish(key, &nothing, &request), REQUEST_SOUND);
    assert_string_equal(request.common_name, "");
    assert_int_equal(request.name_count, 0);
}

static void takes_pem_base64_of_pem_and_base64_of_der(void **state)
{
    (void)state;
    const struct wish wish = { .common_name = "meter-1" };
    struct certificate_request first;
    struct certificate_request other;
    uint8_t *der = NULL;
    size_t size = 0;
    X509_REQ *request = make_request(key, &wish);
    const int der_size = i2d_X509_REQ(request, &der);
    char *pem = to_pem(request, &size);
    char *wrapped = to_base64(pem, size);
    char *bare = to_base64(der, (size_t)der_size);

    assert_int_equal(certificate_request_read(REQUEST_FORM_TEXT, pem, size, &first), REQUEST_SOUND);
    assert_int_equal(certificate_request_read(REQUEST_FORM_TEXT, wrapped, strlen(wrapped), &other),
                     REQUEST_SOUND);
    assert_memory_equal(&first, &other, sizeof first);
    assert_int_equal(certificate_request_read(REQUEST_FORM_BASE64, bare, strlen(bare), &other),
                     REQUEST_SOUND);
    assert_memory_equal(&first, &other, sizeof first);
    assert_int_equal(certificate_request_read(REQUEST_FORM_TEXT, bare, strlen(bare), &other),
                     REQUEST_MALFORMED);
    OPENSSL_free(der);
    free(pem);
    free(wrapped);
    free(bare);
}

static void refuses_whatever_is_not_exactly_one_request(void **state)
{
    (void)state;
    const struct wish wish = { .common_name = "meter-1" };
    struct certificate_request request;
    size_t size = 0;
    char *pem = to_pem(make_request(key, &wish), &size);
    char *twice = malloc(2 * size + 1);
    static char huge[CERTIFICATE_TEXT_LIMIT + 1];

    assert_non_null(twice);
    memcpy(twice, pem, size);
    memcpy(twice + size, pem, size);
    assert_int_equal(certificate_request_read(REQUEST_FORM_TEXT, twice, 2 * size, &request),
                     REQUEST_MALFORMED);
    for (size_t cut = 0; cut < size - 1; cut += 7) {
        assert_int_equal(certificate_request_read(REQUEST_FORM_TEXT, pem, cut, &request),
                         REQUEST_MALFORMED);
    }
    memset(huge, ' ', sizeof huge);
    memcpy(huge, pem, size);
    assert_int_equal(certificate_request_read(REQUEST_FORM_TEXT, huge, sizeof huge, &request),
                     REQUEST_MALFORMED);
    assert_int_equal(certificate_request_read(REQUEST_FORM_TEXT, huge, sizeof huge - 1, &request),
                     REQUEST_SOUND);
    static const char *const wrong[] = {
        "",
        "x",
        "-----BEGIN CERTIFICATE REQUEST-----",
        "====",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n",
        "-----BEGIN CERTIFICATE REQUEST-----\nA===\n-----END CERTIFICATE REQUEST-----\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(
            certificate_request_read(REQUEST_FORM_TEXT, wrong[i], strlen(wrong[i]), &request),
            REQUEST_MALFORMED);
    }
    free(pem);
    free(twice);
}

static void refuses_bytes_behind_the_request(void **state)
{
    (void)state;
    const struct wish wish = { .common_name = "meter-1" };
    struct certificate_request request;
    uint8_t *der = NULL;
    uint8_t longer[1024] = { 0 };
    X509_REQ *made = make_request(key, &wish);
    const int size = i2d_X509_REQ(made, &der);
    memcpy(longer, der, (size_t)size);
    char *bare = to_base64(longer, (size_t)size + 3);
    assert_int_equal(certificate_request_read(REQUEST_FORM_BASE64, bare, strlen(bare), &request),
                     REQUEST_MALFORMED);
    X509_REQ_free(made);
    OPENSSL_free(der);
    free(bare);
}

static void refuses_every_key_but_p256(void **state)
{
    (void)state;
    const struct wish wish = { .common_name = "meter-1" };
    struct certificate_request request;
    EVP_PKEY *keys[] = { EVP_RSA_gen(1024), EVP_RSA_gen(2048), EVP_EC_gen("P-384"),
                         EVP_EC_gen("secp256k1") };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_non_null(keys[i]);
        assert_int_equal(read_wish(keys[i], &wish, &request), REQUEST_KEY_TYPE);
        EVP_PKEY_free(keys[i]);
    }
}

/// The curve written out, as its own parameters: it could be any curve with one number changed.
static void refuses_a_curve_that_is_not_named(void **state)
{
    (void)state;
    const struct wish wish = { .common_name = "meter-1" };
    struct certificate_request request;
    EVP_PKEY *written_out = EVP_EC_gen("P-256");
    assert_int_equal(EVP_PKEY_set_utf8_string_param(written_out, "encoding", "explicit"), 1);
    assert_int_equal(read_wish(written_out, &wish, &request), REQUEST_KEY_TYPE);
    EVP_PKEY_free(written_out);
}

/// Changes bytes of the DER and reads it.
static enum request_verdict read_changed(const char *find, size_t find_size, size_t offset,
                                         uint8_t flip)
{
    const struct wish wish = { .common_name = "meter-1" };
    struct certificate_request request;
    uint8_t *der = NULL;
    X509_REQ *made = make_request(key, &wish);
    const int size = i2d_X509_REQ(made, &der);
    uint8_t *at = memmem(der, (size_t)size, find, find_size);
    assert_non_null(at);
    at[offset] ^= flip;
    char *bare = to_base64(der, (size_t)size);
    const enum request_verdict verdict =
        certificate_request_read(REQUEST_FORM_BASE64, bare, strlen(bare), &request);
    X509_REQ_free(made);
    OPENSSL_free(der);
    free(bare);
    return verdict;
}

static void refuses_a_point_off_the_curve_and_a_foreign_signature(void **state)
{
    (void)state;
    static const char bit_string[] = { 0x03, 0x42, 0x00, 0x04 };
    assert_int_equal(read_changed(bit_string, sizeof bit_string, 20, 0x01), REQUEST_KEY_POINT);
    assert_int_equal(read_changed("meter-1", 7, 6, 0x03), REQUEST_SIGNATURE);
}

static void refuses_a_signature_with_a_broken_digest(void **state)
{
    (void)state;
    const struct wish wish = { .common_name = "meter-1", .digest = EVP_sha1() };
    struct certificate_request request;
    assert_int_equal(read_wish(key, &wish, &request), REQUEST_SIGNATURE);
}

static void refuses_to_make_an_authority(void **state)
{
    (void)state;
    const struct wish wish = { .common_name = "meter-1", .basic_constraints = "CA:TRUE" };
    const struct wish modest = { .common_name = "meter-1", .basic_constraints = "CA:FALSE" };
    struct certificate_request request;
    assert_int_equal(read_wish(key, &wish, &request), REQUEST_AUTHORITY);
    assert_int_equal(read_wish(key, &modest, &request), REQUEST_SOUND);
}

static void shows_names_that_nobody_should_see_as_a_question_mark(void **state)
{
    (void)state;
    struct certificate_request request;
    const struct wish markup = { .common_name = "a b", .alternative_names = "IP:127.0.0.1" };
    const struct wish two = { .common_name = "meter-1", .second_common_name = "meter-2" };
    const struct wish umlaut = { .common_name = "m\xC3\xA4ter" };
    assert_int_equal(read_wish(key, &markup, &request), REQUEST_SOUND);
    assert_string_equal(request.common_name, "?");
    assert_string_equal(request.name, "?");
    assert_int_equal(read_wish(key, &two, &request), REQUEST_SOUND);
    assert_string_equal(request.common_name, "?");
    assert_int_equal(read_wish(key, &umlaut, &request), REQUEST_SOUND);
    assert_string_equal(request.common_name, "?");
}

/// RFC 9500 section 2.3: a P-256 key that everybody has, made for such tests as this.
static void refuses_published_keys(void **state)
{
    (void)state;
    static const char pem[] = "-----BEGIN EC PRIVATE KEY-----\n"
                              "MHcCAQEEIObLW92AqkWunJXowVR2Z5/+yVPBaFHnEedDk5WJxk/BoAoGCCqGSM49\n"
                              "AwEHoUQDQgAEQiVI+I+3gv+17KN0RFLHKh5Vj71vc75eSOkyMsxFxbFsTNEMTLjV\n"
                              "uKFxOelIgsiZJXKZNCX0FBmrfpCkKklCcg==\n"
                              "-----END EC PRIVATE KEY-----\n";
    const struct wish wish = { .common_name = "meter-1" };
    struct certificate_request request;
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *known = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    assert_non_null(known);
    assert_int_equal(read_wish(known, &wish, &request), REQUEST_KEY_KNOWN);
    EVP_PKEY_free(known);
    BIO_free(bio);
}

static void one_key_has_one_digest_however_its_point_is_written(void **state)
{
    (void)state;
    const struct wish wish = { .common_name = "meter-1" };
    struct certificate_request plain;
    struct certificate_request compressed;
    EVP_PKEY *copy = EVP_PKEY_dup(key);
    assert_int_equal(EVP_PKEY_set_utf8_string_param(copy, "point-format", "compressed"), 1);
    assert_int_equal(read_wish(key, &wish, &plain), REQUEST_SOUND);
    assert_int_equal(read_wish(copy, &wish, &compressed), REQUEST_SOUND);
    assert_memory_equal(plain.key_digest, compressed.key_digest, sizeof plain.key_digest);
    assert_memory_equal(plain.key, compressed.key, sizeof plain.key);
    EVP_PKEY_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_key_and_the_names_asked_for),
        cmocka_unit_test(takes_pem_base64_of_pem_and_base64_of_der),
        cmocka_unit_test(refuses_whatever_is_not_exactly_one_request),
        cmocka_unit_test(refuses_bytes_behind_the_request),
        cmocka_unit_test(refuses_every_key_but_p256),
        cmocka_unit_test(refuses_a_curve_that_is_not_named),
        cmocka_unit_test(refuses_a_point_off_the_curve_and_a_foreign_signature),
        cmocka_unit_test(refuses_a_signature_with_a_broken_digest),
        cmocka_unit_test(refuses_to_make_an_authority),
        cmocka_unit_test(shows_names_that_nobody_should_see_as_a_question_mark),
        cmocka_unit_test(refuses_published_keys),
        cmocka_unit_test(one_key_has_one_digest_however_its_point_is_written),
    };
    return cmocka_run_group_tests_name("certificate_request", tests, make_key, drop_key);
}
