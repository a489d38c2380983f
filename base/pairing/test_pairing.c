// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "openssl_crypto.h"
#include "pairing.h"
#include "psa_crypto.h"

/// One pairing, worked out by hand elsewhere: a fixed secret, fixed keys, and every value on the
/// way.
static const uint8_t secret[PAIRING_SECRET_SIZE] = { 0, 1, 2,  3,  4,  5,  6,  7,
                                                     8, 9, 10, 11, 12, 13, 14, 15 };
static const char device_id[] = "EcoWatt001";
static const char hex_client_public[] =
    "7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13";
static const char hex_device_public[] =
    "0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20";
static const char hex_digest[] = "56c4ea57fabef59783849dfe3b13f4ecb1581b0a472a59e396e5689de59d25ad";
static const char hex_keys[] = "33218dc017b9d53beb8d54f1c0d4ba43062f57916a412fa83698d05a3c05742f"
                               "d42ab87b6cde5cf8a0ca2547ffa5c9dc4c9115627f5227b0adc946fe4325b8da"
                               "9f26db3602af0c7d139c617bb219ca17dd34c2d8d25fe567321c3e524d0f94b1";
static const char hex_device_confirm[] =
    "b4e318a4049c764840527dcbbc987a0920051a7e0fd71b285d6f4b10af9e6f87";
static const char hex_client_confirm[] =
    "dd948b4bd4bca8730d054a8b073b989d8734a5673ed878195a80a36da51668f1";

struct fixture {
    struct crypto crypto;
    uint8_t client_private[32], device_private[32];
    uint8_t client_public[32], device_public[32];
    uint8_t client_nonce[PAIRING_NONCE_SIZE], device_nonce[PAIRING_NONCE_SIZE];
    struct pairing_transcript transcript;
    uint8_t shared[32], digest[32];
    struct pairing_keys keys;
};

static void assert_hex(const void *bytes, size_t size, const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * 96 + 1] = "";
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[((const uint8_t *)bytes)[i] >> 4];
        text[2 * i + 1] = digits[((const uint8_t *)bytes)[i] & 15];
    }
    assert_string_equal(text, hex);
}

static int set_up_with(void **state, struct crypto table)
{
    static struct fixture f;
    f = (struct fixture){ .crypto = table };
    memset(f.client_private, 0x11, 32);
    memset(f.device_private, 0x22, 32);
    memset(f.client_nonce, 0xA1, PAIRING_NONCE_SIZE);
    memset(f.device_nonce, 0xB2, PAIRING_NONCE_SIZE);
    f.transcript = (struct pairing_transcript){ device_id, f.client_public, f.device_public,
                                                f.client_nonce, f.device_nonce };
    const struct crypto *crypto = &f.crypto;
    *state = &f;
    return crypto->x25519_public(crypto->ctx, f.client_private, f.client_public) == STATUS_OK &&
                   crypto->x25519_public(crypto->ctx, f.device_private, f.device_public) ==
                       STATUS_OK &&
                   crypto->x25519(crypto->ctx, f.device_private, f.client_public, f.shared) ==
                       STATUS_OK &&
                   pairing_hash(crypto, &f.transcript, f.digest) == STATUS_OK &&
                   pairing_derive(crypto, secret, f.shared, f.digest, &f.keys) == STATUS_OK
               ? 0
               : -1;
}

static int with_openssl(void **state)
{
    return set_up_with(state, openssl_crypto());
}

static int with_psa(void **state)
{
    struct crypto table;
    return psa_crypto_open(&table) == STATUS_OK ? set_up_with(state, table) : -1;
}

static void gives_the_known_answers_byte_for_byte(void **state)
{
    const struct fixture *f = *state;
    uint8_t confirm[PAIRING_CONFIRM_SIZE];
    assert_hex(f->client_public, 32, hex_client_public);
    assert_hex(f->device_public, 32, hex_device_public);
    assert_hex(f->digest, 32, hex_digest);
    assert_hex(&f->keys, sizeof f->keys, hex_keys);
    assert_int_equal(pairing_confirm_device(&f->crypto, &f->keys, f->digest, confirm), STATUS_OK);
    assert_hex(confirm, sizeof confirm, hex_device_confirm);
    assert_int_equal(pairing_confirm_client(&f->crypto, &f->keys, f->digest, confirm), STATUS_OK);
    assert_hex(confirm, sizeof confirm, hex_client_confirm);
}

static void gives_a_keystore_the_label_of_the_same_derivation(void **state)
{
    const struct fixture *f = *state;
    uint8_t label[PAIRING_LABEL_SIZE];
    pairing_label(f->digest, label);
    assert_memory_equal(label, "em/pair/v1", 10);
    assert_memory_equal(label + 10, f->digest, 32);
}

/// Two transcripts whose bytes would run together alike without the size of the name.
static void binds_every_field_and_where_it_ends(void **state)
{
    struct fixture *f = *state;
    uint8_t digest[32];
    uint8_t *const fields[] = { f->client_public, f->device_public, f->client_nonce,
                                f->device_nonce };
    for (size_t i = 0; i < 4; i++) {
        for (size_t bit = 0; bit < 8 * PAIRING_NONCE_SIZE; bit++) {
            fields[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(pairing_hash(&f->crypto, &f->transcript, digest), STATUS_OK);
            assert_memory_not_equal(digest, f->digest, 32);
            fields[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    const char *const names[] = { "EcoWatt002", "EcoWatt00", "EcoWatt0011", "ecoWatt001" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        f->transcript.device_id = names[i];
        assert_int_equal(pairing_hash(&f->crypto, &f->transcript, digest), STATUS_OK);
        assert_memory_not_equal(digest, f->digest, 32);
    }
    f->transcript.device_id = "";
    assert_int_equal(pairing_hash(&f->crypto, &f->transcript, digest), STATUS_INVALID);
    f->transcript.device_id = "123456789012345678901234567890123";
    assert_int_equal(pairing_hash(&f->crypto, &f->transcript, digest), STATUS_INVALID);
}

static void needs_the_possession_secret(void **state)
{
    struct fixture *f = *state;
    uint8_t other[PAIRING_SECRET_SIZE];
    struct pairing_keys keys;
    memcpy(other, secret, sizeof other);
    for (size_t bit = 0; bit < 8 * sizeof other; bit++) {
        other[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(pairing_derive(&f->crypto, other, f->shared, f->digest, &keys), STATUS_OK);
        assert_memory_not_equal(keys.client, f->keys.client, 32);
        assert_memory_not_equal(keys.device, f->keys.device, 32);
        assert_memory_not_equal(keys.session, f->keys.session, 32);
        other[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void opens_only_what_was_sealed_for_the_same_place(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "{\"ssid\":\"home\"}";
    const struct crypto_part plain = { text, sizeof text - 1 };
    uint8_t sealed[64];
    uint8_t opened[64];
    struct pairing_place place = { { 1, 2, 3, 4, 5, 6, 7, 8 }, 1 };
    const size_t size = plain.size + CRYPTO_TAG_SIZE;
    const struct crypto_part whole = { sealed, size };

    assert_int_equal(
        pairing_seal(&f->crypto, f->keys.session, &place, plain, sealed, sizeof sealed), STATUS_OK);
    assert_int_equal(
        pairing_open(&f->crypto, f->keys.session, &place, whole, opened, sizeof opened), STATUS_OK);
    assert_memory_equal(opened, text, plain.size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(
            pairing_open(&f->crypto, f->keys.session, &place, whole, opened, sizeof opened),
            STATUS_CORRUPT);
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(pairing_open(&f->crypto, f->keys.session, &place,
                                      (struct crypto_part){ sealed, cut }, opened, sizeof opened),
                         STATUS_CORRUPT);
    }
    place.n = 2;
    assert_int_equal(
        pairing_open(&f->crypto, f->keys.session, &place, whole, opened, sizeof opened),
        STATUS_CORRUPT);
    place = (struct pairing_place){ { 1, 2, 3, 4, 5, 6, 7, 9 }, 1 };
    assert_int_equal(
        pairing_open(&f->crypto, f->keys.session, &place, whole, opened, sizeof opened),
        STATUS_CORRUPT);
}

static void aborts_at_a_shared_secret_of_zeros(void **state)
{
    struct fixture *f = *state;
    // Points of small order (RFC 7748 section 7; the list is that of libsodium's documentation).
    static const uint8_t small[][32] = {
        { 0 },
        { 1 },
        { 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
          0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
          0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
    };
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        assert_int_equal(f->crypto.x25519(f->crypto.ctx, f->device_private, small[i], f->shared),
                         STATUS_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gives_the_known_answers_byte_for_byte, with_openssl),
        cmocka_unit_test_setup(gives_the_known_answers_byte_for_byte, with_psa),
        cmocka_unit_test_setup(gives_a_keystore_the_label_of_the_same_derivation, with_openssl),
        cmocka_unit_test_setup(gives_a_keystore_the_label_of_the_same_derivation, with_psa),
        cmocka_unit_test_setup(binds_every_field_and_where_it_ends, with_openssl),
        cmocka_unit_test_setup(binds_every_field_and_where_it_ends, with_psa),
        cmocka_unit_test_setup(needs_the_possession_secret, with_openssl),
        cmocka_unit_test_setup(needs_the_possession_secret, with_psa),
        cmocka_unit_test_setup(opens_only_what_was_sealed_for_the_same_place, with_openssl),
        cmocka_unit_test_setup(opens_only_what_was_sealed_for_the_same_place, with_psa),
        cmocka_unit_test_setup(aborts_at_a_shared_secret_of_zeros, with_openssl),
        cmocka_unit_test_setup(aborts_at_a_shared_secret_of_zeros, with_psa),
    };
    return cmocka_run_group_tests_name("pairing", tests, NULL, NULL);
}
