// SPDX-License-Identifier: MIT
#include "crypto_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "suite_hex.h"

enum { ROOM = 1024 };

/// Hexadecimal digits, turned into a part that lives until the test ends.
static struct crypto_part part(const char *digits)
{
    static uint8_t room[16][ROOM];
    static unsigned next;
    uint8_t *out = room[next++ % 16];
    return (struct crypto_part){ out, suite_hex(digits, out, ROOM) };
}

static const uint8_t *bytes(const char *digits)
{
    return part(digits).data;
}

/// FIPS 180-4, by the examples that NIST publishes with it.
static void digests_the_parts_as_one_text(void **state)
{
    const struct crypto *crypto = *state;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    const struct crypto_part parts[] = { { "a", 1 }, { NULL, 0 }, { "bc", 2 } };

    assert_int_equal(crypto->sha256(crypto->ctx, parts, 3, digest), STATUS_OK);
    assert_memory_equal(
        digest, bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), 32);
    assert_int_equal(crypto->sha256(crypto->ctx, NULL, 0, digest), STATUS_OK);
    assert_memory_equal(
        digest, bytes("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), 32);
}

/// RFC 4231 sections 4.3 and 4.7.
static void authenticates_with_short_and_long_keys(void **state)
{
    const struct crypto *crypto = *state;
    uint8_t mac[CRYPTO_SHA256_SIZE];
    uint8_t long_key[131];
    const char *text = "what do ya want for nothing?";
    const struct crypto_part halves[] = { { text, 11 }, { NULL, 0 }, { text + 11, 17 } };
    const char *other = "Test Using Larger Than Block-Size Key - Hash Key First";
    const struct crypto_part whole = { other, strlen(other) };

    assert_int_equal(
        crypto->hmac_sha256(crypto->ctx, (struct crypto_part){ "Jefe", 4 }, halves, 3, mac),
        STATUS_OK);
    assert_memory_equal(
        mac, bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"), 32);
    memset(long_key, 0xAA, sizeof long_key);
    assert_int_equal(crypto->hmac_sha256(crypto->ctx,
                                         (struct crypto_part){ long_key, sizeof long_key }, &whole,
                                         1, mac),
                     STATUS_OK);
    assert_memory_equal(
        mac, bytes("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"), 32);
    assert_int_equal(
        crypto->hmac_sha256(crypto->ctx, (struct crypto_part){ "", 0 }, &whole, 1, mac),
        STATUS_INVALID);
}

struct aead_example {
    enum crypto_aead algorithm;
    const char *key;
    const char *nonce;
    const char *associated;
    const char *text;
    const char *sealed;
};

static const char letter[] =
    "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920"
    "636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c207375"
    "6e73637265656e20776f756c642062652069742e";

/// Cases 4 and 16 of the GCM specification that NIST took up, and RFC 8439 section 2.8.2.
static const struct aead_example examples[] = {
    { CRYPTO_AES_128_GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
      "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
      "b525b16aedf5aa0de657ba637b39",
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84"
      "aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47" },
    { CRYPTO_AES_256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
      "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
      "b525b16aedf5aa0de657ba637b39",
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682"
      "8838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b" },
    { CRYPTO_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
      "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7", letter,
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92"
      "728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b"
      "4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691" },
};
enum { EXAMPLE_COUNT = sizeof examples / sizeof examples[0] };

static struct crypto_seal seal_of(const struct aead_example *example)
{
    const struct crypto_part key = part(example->key);
    return (struct crypto_seal){ .algorithm = example->algorithm,
                                 .key = key.data,
                                 .key_size = key.size,
                                 .nonce = bytes(example->nonce),
                                 .associated = part(example->associated) };
}

static void seals_and_opens_as_the_standards_do(void **state)
{
    const struct crypto *crypto = *state;
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        const struct crypto_seal seal = seal_of(&examples[i]);
        const struct crypto_part text = part(examples[i].text);
        const struct crypto_part sealed = part(examples[i].sealed);
        uint8_t out[ROOM];

        assert_int_equal(crypto->seal(crypto->ctx, &seal, text, out, sealed.size), STATUS_OK);
        assert_memory_equal(out, sealed.data, sealed.size);
        assert_int_equal(crypto->open(crypto->ctx, &seal, sealed, out, text.size), STATUS_OK);
        assert_memory_equal(out, text.data, text.size);
    }
}

static void seals_and_opens_in_place(void **state)
{
    const struct crypto *crypto = *state;
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        const struct crypto_seal seal = seal_of(&examples[i]);
        const struct crypto_part text = part(examples[i].text);
        const struct crypto_part sealed = part(examples[i].sealed);
        uint8_t both[ROOM];

        memcpy(both, text.data, text.size);
        assert_int_equal(crypto->seal(crypto->ctx, &seal, (struct crypto_part){ both, text.size },
                                      both, sizeof both),
                         STATUS_OK);
        assert_memory_equal(both, sealed.data, sealed.size);
        assert_int_equal(crypto->open(crypto->ctx, &seal, (struct crypto_part){ both, sealed.size },
                                      both, sizeof both),
                         STATUS_OK);
        assert_memory_equal(both, text.data, text.size);
    }
}

/// Every bit of the sealed text, of the nonce and of what is associated.
static void opens_nothing_that_was_changed_and_leaves_nothing(void **state)
{
    const struct crypto *crypto = *state;
    static const uint8_t zeros[ROOM];

    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        const struct crypto_part good = part(examples[i].sealed);
        const struct crypto_part associated = part(examples[i].associated);
        const size_t total = good.size + CRYPTO_NONCE_SIZE + associated.size;
        for (size_t bit = 0; bit < 8 * total; bit++) {
            uint8_t all[ROOM];
            uint8_t out[ROOM];
            memset(out, 0x5A, sizeof out);
            memcpy(all, good.data, good.size);
            memcpy(all + good.size, bytes(examples[i].nonce), CRYPTO_NONCE_SIZE);
            memcpy(all + good.size + CRYPTO_NONCE_SIZE, associated.data, associated.size);
            all[bit / 8] ^= (uint8_t)(1u << bit % 8);

            struct crypto_seal seal = seal_of(&examples[i]);
            seal.nonce = all + good.size;
            seal.associated =
                (struct crypto_part){ seal.nonce + CRYPTO_NONCE_SIZE, associated.size };
            assert_int_equal(crypto->open(crypto->ctx, &seal,
                                          (struct crypto_part){ all, good.size }, out, sizeof out),
                             STATUS_CORRUPT);
            assert_memory_equal(out, zeros, good.size - CRYPTO_TAG_SIZE);
            assert_int_equal(out[good.size - CRYPTO_TAG_SIZE], 0x5A);
        }
    }
}

static void seals_and_opens_an_empty_text(void **state)
{
    const struct crypto *crypto = *state;
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        struct crypto_seal seal = seal_of(&examples[i]);
        seal.associated = (struct crypto_part){ NULL, 0 };
        const struct crypto_part nothing = { NULL, 0 };
        uint8_t sealed[CRYPTO_TAG_SIZE];
        const struct crypto_part tag = { sealed, sizeof sealed };
        uint8_t out[1] = { 0x5A };

        assert_int_equal(crypto->seal(crypto->ctx, &seal, nothing, sealed, sizeof sealed),
                         STATUS_OK);
        assert_int_equal(crypto->open(crypto->ctx, &seal, tag, out, 0), STATUS_OK);
        sealed[15] ^= 1;
        assert_int_equal(crypto->open(crypto->ctx, &seal, tag, out, 0), STATUS_CORRUPT);
        assert_int_equal(out[0], 0x5A);
    }
}

static void refuses_other_sizes_of_key_and_too_little_room(void **state)
{
    const struct crypto *crypto = *state;
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        const struct crypto_part sealed = part(examples[i].sealed);
        const struct crypto_part text = part(examples[i].text);
        struct crypto_seal seal = seal_of(&examples[i]);
        const size_t right = seal.key_size;
        uint8_t out[ROOM];
        uint8_t key[64] = { 0 };

        assert_int_equal(crypto->seal(crypto->ctx, &seal, text, out, sealed.size - 1), STATUS_FULL);
        assert_int_equal(crypto->seal(crypto->ctx, &seal, text, out, CRYPTO_TAG_SIZE - 1),
                         STATUS_FULL);
        assert_int_equal(crypto->open(crypto->ctx, &seal, sealed, out, text.size - 1), STATUS_FULL);
        for (size_t size = 0; size < CRYPTO_TAG_SIZE; size++) {
            const struct crypto_part stub = { sealed.data, size };
            assert_int_equal(crypto->open(crypto->ctx, &seal, stub, out, sizeof out),
                             STATUS_CORRUPT);
        }
        seal.key = key;
        for (seal.key_size = 0; seal.key_size <= sizeof key; seal.key_size++) {
            const enum status expected = seal.key_size == right ? STATUS_OK : STATUS_INVALID;
            assert_int_equal(crypto->seal(crypto->ctx, &seal, text, out, sizeof out), expected);
            if (expected != STATUS_OK) {
                assert_int_equal(crypto->open(crypto->ctx, &seal, sealed, out, sizeof out),
                                 STATUS_INVALID);
            }
        }
    }
}

/// RFC 7748 section 6.1: Bob's key, Alice's public key, and what they share.
static void agrees_on_the_secret_of_rfc_7748(void **state)
{
    const struct crypto *crypto = *state;
    const uint8_t *bob = bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    const uint8_t *alice =
        bytes("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    uint8_t out[CRYPTO_X25519_SIZE];

    assert_int_equal(crypto->x25519_public(crypto->ctx, bob, out), STATUS_OK);
    assert_memory_equal(
        out, bytes("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"), 32);
    assert_int_equal(crypto->x25519(crypto->ctx, bob, alice, out), STATUS_OK);
    assert_memory_equal(
        out, bytes("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"), 32);
}

/// The points of small order, in every form that the field has for them (RFC 7748 section 6.1).
static void refuses_a_shared_secret_of_zeros(void **state)
{
    const struct crypto *crypto = *state;
    static const char *const weak[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
    };
    const uint8_t *mine = bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
        uint8_t out[CRYPTO_X25519_SIZE];
        assert_int_equal(crypto->x25519(crypto->ctx, mine, bytes(weak[i]), out), STATUS_INVALID);
    }
}

/// RFC 6979 appendix A.2.5, the text "sample".
static const char p256_key[] = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                               "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const char p256_signature[] =
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

static void digest_of(const struct crypto *crypto, const char *text,
                      uint8_t digest[CRYPTO_SHA256_SIZE])
{
    const struct crypto_part whole = { text, strlen(text) };
    assert_int_equal(crypto->sha256(crypto->ctx, &whole, 1, digest), STATUS_OK);
}

static void believes_a_p256_signature_only_as_it_was_made(void **state)
{
    const struct crypto *crypto = *state;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];

    digest_of(crypto, "sample", digest);
    memcpy(signature, bytes(p256_signature), sizeof signature);
    assert_int_equal(crypto->p256_verify(crypto->ctx, bytes(p256_key), digest, signature),
                     STATUS_OK);
    for (size_t bit = 0; bit < 8 * sizeof signature; bit += 5) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(crypto->p256_verify(crypto->ctx, bytes(p256_key), digest, signature),
                         STATUS_CORRUPT);
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    digest[31] ^= 1;
    assert_int_equal(crypto->p256_verify(crypto->ctx, bytes(p256_key), digest, signature),
                     STATUS_CORRUPT);
}

/// r and s must lie in [1, n - 1] (FIPS 186-5 section 6.4.2).
static void refuses_halves_of_a_signature_out_of_range(void **state)
{
    const struct crypto *crypto = *state;
    static const char *const odd[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    uint8_t digest[CRYPTO_SHA256_SIZE];

    digest_of(crypto, "sample", digest);
    for (size_t i = 0; i < 6; i++) {
        uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
        memcpy(signature, bytes(p256_signature), sizeof signature);
        memcpy(signature + 32 * (i % 2), bytes(odd[i / 2]), 32);
        assert_int_equal(crypto->p256_verify(crypto->ctx, bytes(p256_key), digest, signature),
                         STATUS_CORRUPT);
    }
}

static void refuses_a_key_that_is_no_point_of_the_curve(void **state)
{
    const struct crypto *crypto = *state;
    uint8_t digest[CRYPTO_SHA256_SIZE] = { 0 };
    uint8_t key[CRYPTO_P256_PUBLIC_SIZE];
    const uint8_t *signature = bytes(p256_signature);

    for (unsigned form = 0; form < 256; form++) { // 0x06 and 0x07 are hybrid points of X9.62.
        memcpy(key, bytes(p256_key), sizeof key);
        key[0] = (uint8_t)form;
        assert_int_equal(crypto->p256_verify(crypto->ctx, key, digest, signature),
                         form == 4 ? STATUS_CORRUPT : STATUS_INVALID);
    }
    for (size_t at = 1; at < sizeof key; at += 9) {
        memcpy(key, bytes(p256_key), sizeof key);
        key[at] ^= 1;
        assert_int_equal(crypto->p256_verify(crypto->ctx, key, digest, signature), STATUS_INVALID);
    }
    memset(key + 1, 0, sizeof key - 1);
    key[0] = 4;
    assert_int_equal(crypto->p256_verify(crypto->ctx, key, digest, signature), STATUS_INVALID);
    memset(key + 1, 0xFF, sizeof key - 1);
    assert_int_equal(crypto->p256_verify(crypto->ctx, key, digest, signature), STATUS_INVALID);
}

/// Case 2 of Wycheproof's rsa_signature_2048_sha256: the text is 20 bytes of zero.
static const char rsa_key[] =
    "3082010a0282010100a2b451a07d0aa5f96e455671513550514a8a5b462ebef717094fa1fee82224e637f9746d3f7c"
    "afd31878d80325b6ef5a1700f65903b469429e89d6eac8845097b5ab393189db92512ed8a7711a1253facd20f79c15"
    "e8247f3d3e42e46e48c98e254a2fe9765313a03eff8f17e1a029397a1fa26a8dce26f490ed81299615d9814c22da61"
    "0428e09c7d9658594266f5c021d0fceca08d945a12be82de4d1ece6b4c03145b5d3495d4ed5411eb878daf05fd7afc"
    "3e09ada0f1126422f590975a1969816f48698bcbba1b4d9cae79d460d8f9f85e7975005d9bc22c4e5ac0f7c1a45d12"
    "569a62807d3b9a02e5a530e773066f453d1f5b4c2e9cf7820283f742b9d50203010001";
static const char rsa_signature[] =
    "8a1b220cb2ab415dc760eb7f5bb10335a3cca269d7dbbf7d0962ba79f9cf7b43a5fc09c99a1584f07403473d6c189a"
    "836897a5b6f8ea9fa22d601e6ba5f7411fe27c638b81b1a22363583a80fce8c7df3e40fb51bd0e60d0a6653f79f3bc"
    "b7ec3e9dc14cfb5b31ab1735bca692d50ac03f979dda92747c6430f8045efa3513ba6e0ce3e9e35570e1c30c8ebe58"
    "9b44192e1344ca83dfa576fc6fdc7bf1cd7cee875b001c8c02ce8d602769e4bd9d241c4857182a0089a8b67644e73e"
    "ef105c550efa47a40874289395ac0c4e02fd4ba98e130a4c2d1b95521c6af4a002ac3bdc6e52122ae4c08cc3da1c89"
    "6e059acbddec574ac0432f6103dd97273d8803c102";

static void believes_an_rsa_signature_only_as_it_was_made(void **state)
{
    const struct crypto *crypto = *state;
    static const uint8_t zeros[20];
    const struct crypto_part text = { zeros, sizeof zeros };
    const struct crypto_part key = part(rsa_key);
    struct crypto_part good = part(rsa_signature);
    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t signature[256];

    assert_int_equal(crypto->sha256(crypto->ctx, &text, 1, digest), STATUS_OK);
    assert_int_equal(crypto->rsa_verify(crypto->ctx, key, digest, good), STATUS_OK);
    for (good.size = 0; good.size < sizeof signature; good.size += 51) {
        assert_int_equal(crypto->rsa_verify(crypto->ctx, key, digest, good), STATUS_CORRUPT);
    }
    for (size_t bit = 0; bit < 8 * sizeof signature; bit += 97) {
        memcpy(signature, good.data, sizeof signature);
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const struct crypto_part bad = { signature, sizeof signature };
        assert_int_equal(crypto->rsa_verify(crypto->ctx, key, digest, bad), STATUS_CORRUPT);
    }
    digest[0] ^= 1;
    assert_int_equal(crypto->rsa_verify(crypto->ctx, key, digest, good), STATUS_CORRUPT);
}

/// Truncated, with something after it, in a form that only BER allows, negative, and too short.
static void refuses_an_rsa_key_that_is_not_der_or_too_short(void **state)
{
    const struct crypto *crypto = *state;
    const uint8_t digest[CRYPTO_SHA256_SIZE] = { 0 };
    const struct crypto_part signature = part(rsa_signature);
    struct crypto_part key = part(rsa_key);
    uint8_t changed[ROOM] = { 0 };

    for (key.size = 0; key.size < 270; key.size++) {
        assert_int_equal(crypto->rsa_verify(crypto->ctx, key, digest, signature), STATUS_INVALID);
    }
    assert_int_equal(key.size, 270);
    memcpy(changed, key.data, key.size);
    const struct crypto_part longer = { changed, key.size + 1 };
    assert_int_equal(crypto->rsa_verify(crypto->ctx, longer, digest, signature), STATUS_INVALID);

    // The sequence's size in three bytes where two do.
    memcpy(changed, bytes("308300010a"), 5);
    memcpy(changed + 5, (const uint8_t *)key.data + 4, key.size - 4);
    assert_int_equal(crypto->rsa_verify(crypto->ctx, longer, digest, signature), STATUS_INVALID);

    // A modulus without its leading zero is a negative number.
    memcpy(changed, bytes("3082010902820100"), 8);
    memcpy(changed + 8, (const uint8_t *)key.data + 9, key.size - 9);
    const struct crypto_part negative = { changed, key.size - 1 };
    assert_int_equal(crypto->rsa_verify(crypto->ctx, negative, digest, signature), STATUS_INVALID);

    // 1024 bits.
    memcpy(changed, bytes("30818902818100"), 7);
    memcpy(changed + 7, (const uint8_t *)key.data + 9, 128);
    memcpy(changed + 135, bytes("0203010001"), 5);
    const struct crypto_part weak = { changed, 140 };
    const struct crypto_part half = { signature.data, 128 };
    assert_int_equal(crypto->rsa_verify(crypto->ctx, weak, digest, half), STATUS_INVALID);
}

int crypto_suite_run(const char *name, const struct crypto *crypto)
{
    struct crypto subject = *crypto;
    struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(digests_the_parts_as_one_text, &subject),
        cmocka_unit_test_prestate(authenticates_with_short_and_long_keys, &subject),
        cmocka_unit_test_prestate(seals_and_opens_as_the_standards_do, &subject),
        cmocka_unit_test_prestate(seals_and_opens_in_place, &subject),
        cmocka_unit_test_prestate(opens_nothing_that_was_changed_and_leaves_nothing, &subject),
        cmocka_unit_test_prestate(seals_and_opens_an_empty_text, &subject),
        cmocka_unit_test_prestate(refuses_other_sizes_of_key_and_too_little_room, &subject),
        cmocka_unit_test_prestate(agrees_on_the_secret_of_rfc_7748, &subject),
        cmocka_unit_test_prestate(refuses_a_shared_secret_of_zeros, &subject),
        cmocka_unit_test_prestate(believes_a_p256_signature_only_as_it_was_made, &subject),
        cmocka_unit_test_prestate(refuses_halves_of_a_signature_out_of_range, &subject),
        cmocka_unit_test_prestate(refuses_a_key_that_is_no_point_of_the_curve, &subject),
        cmocka_unit_test_prestate(believes_an_rsa_signature_only_as_it_was_made, &subject),
        cmocka_unit_test_prestate(refuses_an_rsa_key_that_is_not_der_or_too_short, &subject),
    };
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
