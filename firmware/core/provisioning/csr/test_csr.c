// SPDX-License-Identifier: MIT
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "csr.h"
#include "ecdsa_der.h"
#include "openssl_crypto.h"
#include "pem.h"

/// A keystore of one key, which signs until the signature begins as the test wants it.
struct fake_store {
    struct keystore keystore;
    EVP_PKEY *key;  ///< NULL: the slot is empty.
    int wanted[2];  ///< First bytes of r and s, or ANY.
    int signs_left; ///< Calls of sign() that succeed, or ANY.
};

enum { ANY = -1, HIGH = 256, HALF = 32 };

static enum status fake_public_key(void *ctx, enum keystore_slot slot,
                                   uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    const struct fake_store *store = ctx;
    size_t size = 0;
    if (store->key == NULL || slot != KEYSTORE_IDENTITY_B) {
        return STATUS_MISSING;
    }
    assert_int_equal(EVP_PKEY_get_octet_string_param(store->key, OSSL_PKEY_PARAM_PUB_KEY,
                                                     public_key, KEYSTORE_PUBLIC_SIZE, &size),
                     1);
    assert_int_equal(size, KEYSTORE_PUBLIC_SIZE);
    return STATUS_OK;
}

static bool fits(int wanted, const uint8_t *half)
{
    return wanted == ANY || (wanted == HIGH ? half[0] >= 0x80 : half[0] == wanted);
}

static void sign_once(EVP_PKEY *key, const uint8_t *digest, uint8_t *signature)
{
    EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new(key, NULL);
    uint8_t der[80];
    size_t size = sizeof der;
    assert_int_equal(EVP_PKEY_sign_init(signer), 1);
    assert_int_equal(EVP_PKEY_sign(signer, der, &size, digest, KEYSTORE_DIGEST_SIZE), 1);
    assert_int_equal(ecdsa_der_decode(der, size, signature), STATUS_OK);
    EVP_PKEY_CTX_free(signer);
}

static enum status fake_sign(void *ctx, enum keystore_slot slot,
                             const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                             uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    struct fake_store *store = ctx;
    assert_int_equal(slot, KEYSTORE_IDENTITY_B);
    if (store->signs_left == 0) {
        return STATUS_IO;
    }
    do {
        sign_once(store->key, digest, signature);
    } while (!fits(store->wanted[0], signature) || !fits(store->wanted[1], signature + HALF));
    return STATUS_OK;
}

static struct fake_store store;
static const struct crypto *crypto;

static int prepare(void **state)
{
    static struct crypto openssl;
    (void)state;
    openssl = openssl_crypto();
    crypto = &openssl;
    store = (struct fake_store){
        .keystore = { .public_key = fake_public_key, .sign = fake_sign, .ctx = &store },
        .key = EVP_EC_gen("P-256"),
        .wanted = { ANY, ANY },
        .signs_left = ANY,
    };
    return store.key != NULL ? 0 : -1;
}

static int clean_up(void **state)
{
    (void)state;
    EVP_PKEY_free(store.key);
    return 0;
}

static enum status write_request(const char *name, uint8_t *der, size_t capacity, size_t *size)
{
    struct csr_signer signer = { &store.keystore, crypto };
    const struct csr_encoder encoder = csr_encoder_of(&signer);
    return encoder.encode(encoder.ctx, KEYSTORE_IDENTITY_B, name, der, capacity, size);
}

/// Reads the request with OpenSSL, which must take all of it and believe its signature.
static X509_REQ *read_request(const uint8_t *der, size_t size)
{
    const uint8_t *at = der;
    X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)size);
    assert_non_null(request);
    assert_ptr_equal(at, der + size);
    assert_int_equal(X509_REQ_verify(request, store.key), 1);
    return request;
}

static void openssl_finds_name_key_and_a_good_signature(void **state)
{
    (void)state;
    uint8_t der[CSR_LIMIT];
    char name[64];
    size_t size = 0;

    assert_int_equal(write_request("EcoWatt_001-a", der, sizeof der, &size), STATUS_OK);
    X509_REQ *request = read_request(der, size);
    X509_NAME *subject = X509_REQ_get_subject_name(request);
    assert_int_equal(X509_REQ_get_version(request), X509_REQ_VERSION_1);
    assert_int_equal(X509_NAME_entry_count(subject), 1);
    assert_int_equal(X509_NAME_get_text_by_NID(subject, NID_commonName, name, sizeof name), 13);
    assert_string_equal(name, "EcoWatt_001-a");
    assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(request), store.key), 1);
    assert_int_equal(X509_REQ_get_signature_nid(request), NID_ecdsa_with_SHA256);
    assert_int_equal(X509_REQ_get_attr_count(request), 0);

    // What OpenSSL makes from what it read is the same: it is DER, not merely BER.
    uint8_t *again = NULL;
    assert_true(i2d_re_X509_REQ_tbs(request, &again) > 0);
    OPENSSL_free(again);
    again = NULL;
    assert_int_equal(i2d_X509_REQ(request, &again), (int)size);
    assert_memory_equal(again, der, size);
    OPENSSL_free(again);
    X509_REQ_free(request);
}

static void numbers_of_a_signature_keep_their_sign_and_lose_their_zeros(void **state)
{
    (void)state;
    static const int firsts[][2] = {
        { HIGH, HIGH }, { 0, ANY }, { ANY, 0 }, { 0x7F, ANY }, { ANY, 0x7F }
    };
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        uint8_t der[CSR_LIMIT];
        size_t size = 0;
        memcpy(store.wanted, firsts[i], sizeof store.wanted);
        assert_int_equal(write_request("meter-1", der, sizeof der, &size), STATUS_OK);
        X509_REQ_free(read_request(der, size));
    }
    store.wanted[0] = ANY;
    store.wanted[1] = ANY;
}

static void takes_names_of_1_to_32_characters(void **state)
{
    (void)state;
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    for (size_t length = 0; length <= 34; length++) {
        char name[40] = "";
        char read[64];
        uint8_t der[CSR_LIMIT];
        size_t size = 0;
        memcpy(name, all + length % 30, length);
        const enum status status = write_request(name, der, sizeof der, &size);
        assert_int_equal(status,
                         length >= 1 && length <= CSR_NAME_LIMIT ? STATUS_OK : STATUS_INVALID);
        if (status == STATUS_OK) {
            X509_REQ *request = read_request(der, size);
            assert_int_equal(X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(request),
                                                       NID_commonName, read, sizeof read),
                             (int)length);
            assert_string_equal(read, name);
            X509_REQ_free(request);
        }
    }
}

static void refuses_every_character_that_is_none_of_a_name(void **state)
{
    (void)state;
    unsigned taken = 0;
    for (unsigned value = 1; value < 256; value++) {
        const char name[] = { 'a', (char)value, 'b', '\0' };
        uint8_t der[CSR_LIMIT];
        size_t size = 0;
        const bool good = (value >= 'A' && value <= 'Z') || (value >= 'a' && value <= 'z') ||
                          (value >= '0' && value <= '9') || value == '_' || value == '-';
        assert_int_equal(write_request(name, der, sizeof der, &size),
                         good ? STATUS_OK : STATUS_INVALID);
        taken += good;
    }
    assert_int_equal(taken, 64);
}

static void fits_its_limit_and_says_when_there_is_less_room(void **state)
{
    (void)state;
    static const char longest[] = "abcdefghijklmnopqrstuvwxyz012345";
    uint8_t der[CSR_LIMIT + 1];
    size_t size = 0;

    store.wanted[0] = HIGH;
    store.wanted[1] = HIGH;
    assert_int_equal(write_request(longest, der, CSR_LIMIT, &size), STATUS_OK);
    const size_t largest = size;
    for (size_t capacity = 0; capacity < largest; capacity++) {
        der[capacity] = 0x5A;
        assert_int_equal(write_request(longest, der, capacity, &size), STATUS_FULL);
        assert_int_equal(der[capacity], 0x5A);
    }
    assert_int_equal(write_request(longest, der, largest, &size), STATUS_OK);
    store.wanted[0] = ANY;
    store.wanted[1] = ANY;
}

static void passes_on_what_the_keystore_says(void **state)
{
    (void)state;
    struct csr_signer signer = { &store.keystore, crypto };
    uint8_t der[CSR_LIMIT];
    size_t size = 99;

    assert_int_equal(csr_write(&signer, KEYSTORE_IDENTITY_A, "meter-1", der, sizeof der, &size),
                     STATUS_MISSING);
    store.signs_left = 0;
    assert_int_equal(write_request("meter-1", der, sizeof der, &size), STATUS_IO);
    assert_int_equal(size, 99);
    store.signs_left = ANY;
}

static void becomes_the_pem_that_openssl_reads(void **state)
{
    (void)state;
    uint8_t der[CSR_LIMIT];
    char text[512];
    size_t der_size = 0;
    size_t size = 0;

    assert_int_equal(write_request("meter-1", der, sizeof der, &der_size), STATUS_OK);
    assert_int_equal(pem_encode("CERTIFICATE REQUEST", der, der_size, text, sizeof text, &size),
                     STATUS_OK);
    BIO *memory = BIO_new_mem_buf(text, (int)size);
    X509_REQ *request = PEM_read_bio_X509_REQ(memory, NULL, NULL, NULL);
    assert_non_null(request);
    assert_int_equal(X509_REQ_verify(request, store.key), 1);
    X509_REQ_free(request);
    BIO_free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_finds_name_key_and_a_good_signature),
        cmocka_unit_test(numbers_of_a_signature_keep_their_sign_and_lose_their_zeros),
        cmocka_unit_test(takes_names_of_1_to_32_characters),
        cmocka_unit_test(refuses_every_character_that_is_none_of_a_name),
        cmocka_unit_test(fits_its_limit_and_says_when_there_is_less_room),
        cmocka_unit_test(passes_on_what_the_keystore_says),
        cmocka_unit_test(becomes_the_pem_that_openssl_reads),
    };
    return cmocka_run_group_tests_name("csr", tests, prepare, clean_up);
}
