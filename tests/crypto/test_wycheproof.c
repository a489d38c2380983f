// SPDX-License-Identifier: MIT

/// Project Wycheproof's vectors: every case of eight files, on every back end. Each agrees with the
/// file, case by case, and so with the other.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "back_ends.h"
#include "constant_time.h"
#include "ecdsa_der.h"
#include "hkdf.h"
#include "vector_file.h"

enum { ROOM = 16384 };

/// What a back end made of a case.
enum outcome {
    ACCEPTED, ///< It believed it, or made exactly what the case says.
    REFUSED,
    WRONG,    ///< It made something else.
    NOT_TAKEN ///< The library beneath the table has a limit that the case is above.
};

enum expectation { ACCEPT_IT, REFUSE_IT };

/// What is counted besides: cases that our table cannot even express, and that went to the library
/// underneath it.
struct tally {
    unsigned accepted;
    unsigned refused;
    unsigned beneath;
    unsigned not_taken;
};

struct subject {
    const struct back_end *back_end;
    const cJSON *group;
    const cJSON *test;
    struct tally *tally;
};

static bool same(struct crypto_part one, const uint8_t *other)
{
    return one.size == 0 || memcmp(one.data, other, one.size) == 0;
}

static struct crypto_part join(struct crypto_part text, struct crypto_part tag)
{
    static uint8_t room[ROOM];
    assert_true(text.size + tag.size <= sizeof room);
    memcpy(room, text.data, text.size);
    memcpy(room + text.size, tag.data, tag.size);
    return (struct crypto_part){ room, text.size + tag.size };
}

/// Nonces other than of 96 bits, and AES-192: the table has no way to say them.
static enum outcome run_beneath(const struct subject *subject, const struct any_aead *aead,
                                struct crypto_part text, struct crypto_part sealed)
{
    uint8_t out[ROOM];

    subject->tally->beneath++;
    if (aead->nonce.size > subject->back_end->nonce_limit) {
        return NOT_TAKEN;
    }
    // Some cases have no tag: a text that nothing may be made of.
    if (sealed.size < CRYPTO_TAG_SIZE) {
        return subject->back_end->any_aead(aead, true, text, out) ? WRONG : REFUSED;
    }
    if (!subject->back_end->any_aead(aead, false, sealed, out)) {
        return REFUSED;
    }
    const bool opened = same(text, out);
    return opened && subject->back_end->any_aead(aead, true, text, out) && same(sealed, out)
               ? ACCEPTED
               : WRONG;
}

static enum outcome run_aead(const struct subject *subject, bool is_chacha)
{
    const struct crypto *crypto = &subject->back_end->crypto;
    const cJSON *test = subject->test;
    const struct any_aead any = { .is_chacha = is_chacha,
                                  .key = vector_bytes(test, "key"),
                                  .nonce = vector_bytes(test, "iv"),
                                  .associated = vector_bytes(test, "aad") };
    const struct crypto_part text = vector_bytes(test, "msg");
    const struct crypto_part sealed = join(vector_bytes(test, "ct"), vector_bytes(test, "tag"));
    const struct crypto_seal seal = { .algorithm = is_chacha            ? CRYPTO_CHACHA20_POLY1305
                                                   : any.key.size == 16 ? CRYPTO_AES_128_GCM
                                                                        : CRYPTO_AES_256_GCM,
                                      .key = any.key.data,
                                      .key_size = any.key.size,
                                      .nonce = any.nonce.data,
                                      .associated = any.associated };
    uint8_t out[ROOM];

    if (any.nonce.size != CRYPTO_NONCE_SIZE || any.key.size == 24) {
        return run_beneath(subject, &any, text, sealed);
    }
    if (crypto->open(crypto->ctx, &seal, sealed, out, sizeof out) != STATUS_OK) {
        return REFUSED;
    }
    const bool opened = sealed.size == text.size + CRYPTO_TAG_SIZE && same(text, out);
    return opened && crypto->seal(crypto->ctx, &seal, text, out, sizeof out) == STATUS_OK &&
                   same(sealed, out)
               ? ACCEPTED
               : WRONG;
}

static enum outcome run_aes_gcm(const struct subject *subject)
{
    return run_aead(subject, false);
}

static enum outcome run_chacha(const struct subject *subject)
{
    return run_aead(subject, true);
}

static void digest_message(const struct subject *subject, uint8_t digest[CRYPTO_SHA256_SIZE])
{
    const struct crypto *crypto = &subject->back_end->crypto;
    const struct crypto_part message = vector_bytes(subject->test, "msg");
    assert_int_equal(crypto->sha256(crypto->ctx, &message, 1, digest), STATUS_OK);
}

static enum outcome verify_p256(const struct subject *subject, const uint8_t *signature)
{
    const struct crypto *crypto = &subject->back_end->crypto;
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(subject->group, "publicKey");
    const struct crypto_part point = vector_bytes(key, "uncompressed");
    uint8_t digest[CRYPTO_SHA256_SIZE];

    assert_int_equal(point.size, CRYPTO_P256_PUBLIC_SIZE);
    digest_message(subject, digest);
    const enum status status = crypto->p256_verify(crypto->ctx, point.data, digest, signature);
    assert_true(status == STATUS_OK || status == STATUS_CORRUPT); // Every key is a good one.
    return status == STATUS_OK ? ACCEPTED : REFUSED;
}

static enum outcome run_ecdsa_pair(const struct subject *subject)
{
    const struct crypto_part signature = vector_bytes(subject->test, "sig");
    return signature.size == CRYPTO_P256_SIGNATURE_SIZE ? verify_p256(subject, signature.data)
                                                        : REFUSED;
}

static enum outcome run_ecdsa_der(const struct subject *subject)
{
    const struct crypto_part der = vector_bytes(subject->test, "sig");
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
    return ecdsa_der_decode(der.data, der.size, signature) == STATUS_OK
               ? verify_p256(subject, signature)
               : REFUSED;
}

static enum outcome run_hkdf(const struct subject *subject)
{
    const struct crypto_part info = vector_bytes(subject->test, "info");
    const struct crypto_part expected = vector_bytes(subject->test, "okm");
    const struct hkdf hkdf = { .secret = vector_bytes(subject->test, "ikm"),
                               .salt = vector_bytes(subject->test, "salt"),
                               .info = &info,
                               .info_count = 1 };
    const size_t size = (size_t)vector_number(subject->test, "size");
    uint8_t out[ROOM];

    if (hkdf_sha256(&subject->back_end->crypto, &hkdf, out, size) != STATUS_OK) {
        return REFUSED;
    }
    return size == expected.size && same(expected, out) ? ACCEPTED : WRONG;
}

/// Half of the tags are cut to 128 bits: then the beginning is what counts.
static enum outcome run_hmac(const struct subject *subject)
{
    const struct crypto *crypto = &subject->back_end->crypto;
    const struct crypto_part message = vector_bytes(subject->test, "msg");
    const struct crypto_part tag = vector_bytes(subject->test, "tag");
    const size_t size = (size_t)vector_number(subject->group, "tagSize") / 8;
    uint8_t mac[CRYPTO_SHA256_SIZE];

    assert_true(size <= sizeof mac);
    assert_int_equal(
        crypto->hmac_sha256(crypto->ctx, vector_bytes(subject->test, "key"), &message, 1, mac),
        STATUS_OK);
    return constant_time_equal(mac, size, tag.data, tag.size) ? ACCEPTED : REFUSED;
}

static enum outcome run_rsa(const struct subject *subject)
{
    const struct crypto *crypto = &subject->back_end->crypto;
    uint8_t digest[CRYPTO_SHA256_SIZE];

    digest_message(subject, digest);
    const enum status status =
        crypto->rsa_verify(crypto->ctx, vector_bytes(subject->group, "publicKeyAsn"), digest,
                           vector_bytes(subject->test, "sig"));
    assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
    return status == STATUS_OK ? ACCEPTED : REFUSED;
}

static enum outcome run_x25519(const struct subject *subject)
{
    const struct crypto *crypto = &subject->back_end->crypto;
    const struct crypto_part mine = vector_bytes(subject->test, "private");
    const struct crypto_part peer = vector_bytes(subject->test, "public");
    uint8_t shared[CRYPTO_X25519_SIZE];

    assert_int_equal(mine.size, CRYPTO_X25519_SIZE);
    assert_int_equal(peer.size, CRYPTO_X25519_SIZE);
    const enum status status = crypto->x25519(crypto->ctx, mine.data, peer.data, shared);
    assert_true(status == STATUS_OK || status == STATUS_INVALID);
    if (status != STATUS_OK) {
        return REFUSED;
    }
    return same(vector_bytes(subject->test, "shared"), shared) ? ACCEPTED : WRONG;
}

static bool has_flag(const cJSON *test, const char *name)
{
    const cJSON *flag = NULL;
    cJSON_ArrayForEach(flag, cJSON_GetObjectItemCaseSensitive(test, "flags"))
    {
        if (strcmp(cJSON_GetStringValue(flag), name) == 0) {
            return true;
        }
    }
    return false;
}

/// Where Wycheproof leaves the choice, we choose: a secret of zeros and an RSA signature without
/// its NULL are refused, any other point of Curve25519 or its twist is taken (RFC 7748 section 5).
static enum expectation expect(const cJSON *test)
{
    const char *result = vector_text(test, "result");
    if (strcmp(result, "acceptable") == 0) {
        return has_flag(test, "ZeroSharedSecret") || has_flag(test, "MissingNull") ? REFUSE_IT
                                                                                   : ACCEPT_IT;
    }
    assert_true(strcmp(result, "valid") == 0 || strcmp(result, "invalid") == 0);
    return strcmp(result, "valid") == 0 ? ACCEPT_IT : REFUSE_IT;
}

struct file {
    const char *name;
    enum outcome (*run)(const struct subject *subject);
    unsigned count; ///< Cases, so that none gets lost unseen.
    unsigned too_long_for_openssl;
};

static const struct file files[] = {
    { "aes_gcm", run_aes_gcm, 316, 3 },
    { "chacha20_poly1305", run_chacha, 325, 0 },
    { "ecdsa_secp256r1_sha256", run_ecdsa_der, 484, 0 },
    { "ecdsa_secp256r1_sha256_p1363", run_ecdsa_pair, 262, 0 },
    { "hkdf_sha256", run_hkdf, 86, 0 },
    { "hmac_sha256", run_hmac, 174, 0 },
    { "rsa_signature_2048_sha256", run_rsa, 259, 0 },
    { "x25519", run_x25519, 518, 0 },
};

static struct back_end back_ends[BACK_END_COUNT];

/// Runs one case on every back end and returns the number of those that were wrong about it.
static unsigned run_case(const struct file *file, const cJSON *group, const cJSON *test,
                         struct tally tallies[BACK_END_COUNT])
{
    const enum outcome expected = expect(test) == ACCEPT_IT ? ACCEPTED : REFUSED;
    unsigned wrong = 0;

    for (size_t i = 0; i < BACK_END_COUNT; i++) {
        const struct subject subject = { &back_ends[i], group, test, &tallies[i] };
        const enum outcome outcome = file->run(&subject);
        tallies[i].accepted += outcome == ACCEPTED;
        tallies[i].refused += outcome == REFUSED;
        tallies[i].not_taken += outcome == NOT_TAKEN;
        if (outcome != expected && outcome != NOT_TAKEN) {
            static const char *const words[] = { "accepts", "refuses", "gets wrong" };
            print_error("%s %s case %lld, which is %s (%s)\n", back_ends[i].name, words[outcome],
                        vector_number(test, "tcId"), vector_text(test, "result"),
                        vector_text(test, "comment"));
            wrong++;
        }
    }
    return wrong;
}

static void report(const struct file *file, const struct back_end *back_end,
                   const struct tally *tally)
{
    print_message("%-29s %-8s %3u accepted, %3u refused", file->name, back_end->name,
                  tally->accepted, tally->refused);
    if (tally->beneath > 0) {
        print_message("; %u of all by the library beneath the table, which takes no nonces but of "
                      "96 bits and no AES-192",
                      tally->beneath);
    }
    if (tally->not_taken > 0) {
        print_message("; %u not applicable: nonces above the %zu bytes of this library",
                      tally->not_taken, back_end->nonce_limit);
    }
    print_message("\n");
}

static void passes_every_case_on_every_back_end(void **state)
{
    const struct file *file = *state;
    struct tally tallies[BACK_END_COUNT] = { { 0 } };
    cJSON *json = NULL;
    const cJSON *group = NULL;
    const cJSON *test = NULL;
    char path[128];
    unsigned count = 0;
    unsigned wrong = 0;

    (void)snprintf(path, sizeof path, "wycheproof/%s_test.json", file->name);
    assert_int_equal(vector_file_open(path, &json), 0);
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(json, "testGroups"))
    {
        cJSON_ArrayForEach(test, cJSON_GetObjectItemCaseSensitive(group, "tests"))
        {
            wrong += run_case(file, group, test, tallies);
            count++;
        }
    }
    cJSON_Delete(json);
    for (size_t i = 0; i < BACK_END_COUNT; i++) {
        report(file, &back_ends[i], &tallies[i]);
        assert_int_equal(tallies[i].accepted + tallies[i].refused + tallies[i].not_taken, count);
        assert_int_equal(tallies[i].not_taken, i == 0 ? file->too_long_for_openssl : 0);
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(count, file->count);
}

int main(void)
{
    enum { COUNT = sizeof files / sizeof files[0] };
    struct CMUnitTest tests[COUNT];
    cJSON *json = NULL;

    const int absent = vector_file_open("wycheproof/x25519_test.json", &json);
    cJSON_Delete(json);
    if (absent != 0) {
        return absent;
    }
    if (back_ends_open(back_ends) != STATUS_OK) {
        return 1;
    }
    for (size_t i = 0; i < COUNT; i++) {
        tests[i] = (struct CMUnitTest)cmocka_unit_test_prestate(passes_every_case_on_every_back_end,
                                                                (void *)&files[i]);
        tests[i].name = files[i].name;
    }
    return cmocka_run_group_tests_name("wycheproof", tests, NULL, NULL);
}
