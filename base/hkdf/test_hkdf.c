// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hkdf.h"
#include "openssl_crypto.h"
#include "suite_hex.h"

struct room {
    uint8_t bytes[128];
};

static struct crypto_part part(const char *digits, struct room *room)
{
    return (struct crypto_part){ room->bytes, suite_hex(digits, room->bytes, sizeof room->bytes) };
}

/// RFC 5869 appendix A.1 to A.3.
static void derives_as_the_examples_of_rfc_5869(void **state)
{
    (void)state;
    static const struct {
        const char *secret;
        const char *salt;
        const char *info;
        const char *out;
    } examples[] = {
        { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
          "f0f1f2f3f4f5f6f7f8f9",
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865" },
        { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b"
          "2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
          "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b"
          "8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
          "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadb"
          "dcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
          "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
          "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87" },
        { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8" },
    };
    const struct crypto crypto = openssl_crypto();
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct room rooms[4];
        const struct crypto_part info = part(examples[i].info, &rooms[0]);
        const struct crypto_part expected = part(examples[i].out, &rooms[1]);
        const struct hkdf hkdf = { .secret = part(examples[i].secret, &rooms[2]),
                                   .salt = part(examples[i].salt, &rooms[3]),
                                   .info = &info,
                                   .info_count = 1 };
        // Every shorter output is the beginning of the longer one.
        for (size_t size = 0; size <= expected.size; size++) {
            uint8_t out[128];
            memset(out, 0x5A, sizeof out);
            assert_int_equal(hkdf_sha256(&crypto, &hkdf, out, size), STATUS_OK);
            assert_memory_equal(out, expected.data, size);
            assert_int_equal(out[size], 0x5A);
        }
    }
}

static void takes_the_parts_of_a_label_as_one(void **state)
{
    (void)state;
    const struct crypto crypto = openssl_crypto();
    const struct crypto_part whole = { "em/pair/v1", 10 };
    const struct crypto_part parts[HKDF_INFO_LIMIT + 1] = {
        { "em/", 3 }, { "pair/", 5 }, { "v", 1 }, { "1", 1 }
    };
    struct hkdf hkdf = { .secret = { "secret", 6 }, .info = &whole, .info_count = 1 };
    uint8_t one[80];
    uint8_t other[80];

    assert_int_equal(hkdf_sha256(&crypto, &hkdf, one, sizeof one), STATUS_OK);
    hkdf.info = parts;
    hkdf.info_count = HKDF_INFO_LIMIT;
    assert_int_equal(hkdf_sha256(&crypto, &hkdf, other, sizeof other), STATUS_OK);
    assert_memory_equal(one, other, sizeof one);
    hkdf.info_count = 3;
    assert_int_equal(hkdf_sha256(&crypto, &hkdf, other, sizeof other), STATUS_OK);
    assert_memory_not_equal(one, other, 16);
    hkdf.info_count = HKDF_INFO_LIMIT + 1;
    assert_int_equal(hkdf_sha256(&crypto, &hkdf, other, sizeof other), STATUS_INVALID);
}

static void derives_255_blocks_and_no_more(void **state)
{
    (void)state;
    const struct crypto crypto = openssl_crypto();
    const struct hkdf hkdf = { .secret = { "secret", 6 } };
    static uint8_t out[HKDF_SIZE_LIMIT + 1];

    assert_int_equal(hkdf_sha256(&crypto, &hkdf, out, HKDF_SIZE_LIMIT), STATUS_OK);
    assert_int_equal(hkdf_sha256(&crypto, &hkdf, out, HKDF_SIZE_LIMIT + 1), STATUS_INVALID);
}

/// A library that fails at its n-th call.
struct failing {
    struct crypto good;
    unsigned calls_left;
};

static enum status failing_hmac(void *ctx, struct crypto_part key, const struct crypto_part *parts,
                                size_t count, uint8_t mac[CRYPTO_SHA256_SIZE])
{
    struct failing *failing = ctx;
    if (failing->calls_left == 0) {
        return STATUS_IO;
    }
    failing->calls_left--;
    return failing->good.hmac_sha256(failing->good.ctx, key, parts, count, mac);
}

static void leaves_nothing_when_the_library_fails(void **state)
{
    (void)state;
    static const uint8_t zeros[96];
    const struct hkdf hkdf = { .secret = { "secret", 6 } };

    for (unsigned calls = 0; calls < 4; calls++) {
        struct failing failing = { openssl_crypto(), calls };
        const struct crypto crypto = { .hmac_sha256 = failing_hmac, .ctx = &failing };
        uint8_t out[96];
        memset(out, 0x5A, sizeof out);
        assert_int_equal(hkdf_sha256(&crypto, &hkdf, out, sizeof out), STATUS_IO);
        assert_memory_equal(out, zeros, sizeof out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derives_as_the_examples_of_rfc_5869),
        cmocka_unit_test(takes_the_parts_of_a_label_as_one),
        cmocka_unit_test(derives_255_blocks_and_no_more),
        cmocka_unit_test(leaves_nothing_when_the_library_fails),
    };
    return cmocka_run_group_tests_name("hkdf", tests, NULL, NULL);
}
