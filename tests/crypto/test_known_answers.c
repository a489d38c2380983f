// SPDX-License-Identifier: MIT

/// The byte formats of pairing, enrolment and messages, computed with nothing but the table: the
/// known answers that other implementations of the formats are held to.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "back_ends.h"
#include "base32.h"
#include "base64url.h"
#include "hkdf.h"
#include "vector_file.h"

static struct back_end back_ends[BACK_END_COUNT];
static cJSON *answers;

static const cJSON *answer(const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(answers, name);
    assert_non_null(found);
    return found;
}

static struct crypto_part text_part(const char *text)
{
    return (struct crypto_part){ text, strlen(text) };
}

static void assert_same(struct crypto_part expected, const uint8_t *made)
{
    assert_true(expected.size > 0);
    assert_memory_equal(made, expected.data, expected.size);
}

static void derive(const struct crypto *crypto, struct crypto_part secret, struct crypto_part salt,
                   const struct crypto_part *info, size_t count, uint8_t *out, size_t size)
{
    const struct hkdf hkdf = { .secret = secret, .salt = salt, .info = info, .info_count = count };
    assert_int_equal(hkdf_sha256(crypto, &hkdf, out, size), STATUS_OK);
}

static void derives_the_tree_of_keys(void **state)
{
    const struct crypto *crypto = *state;
    const cJSON *tree = answer("keytree");
    const long long version = vector_number(tree, "key_version");
    const uint8_t number[2] = { (uint8_t)(version >> 8), (uint8_t)version };
    const struct crypto_part root_info[] = { { "device-root", 12 }, // With its NUL.
                                             { number, sizeof number },
                                             text_part(vector_text(tree, "device_id")) };
    uint8_t root[32];
    const cJSON *expected = NULL;

    derive(crypto, vector_bytes(tree, "master"), text_part("em/v1/fleet"), root_info, 3, root,
           sizeof root);
    assert_same(vector_bytes(tree, "device_root"), root);
    cJSON_ArrayForEach(expected, cJSON_GetObjectItemCaseSensitive(tree, "derived"))
    {
        const cJSON *derived = cJSON_GetObjectItemCaseSensitive(tree, "derived");
        const struct crypto_part key = vector_bytes(derived, expected->string);
        const struct crypto_part info[] = { text_part("em/v1/"), text_part(expected->string) };
        uint8_t out[32];
        derive(crypto, (struct crypto_part){ root, sizeof root }, (struct crypto_part){ NULL, 0 },
               info, 2, out, key.size);
        assert_same(key, out);
    }
}

static void authenticates_requests_of_both_versions(void **state)
{
    const struct crypto *crypto = *state;
    const cJSON *first = answer("xmac_v1_seed");
    uint8_t mac[CRYPTO_SHA256_SIZE];
    const struct crypto_part parts[] = { text_part(vector_text(first, "method")),
                                         text_part(vector_text(first, "path")), text_part("10001"),
                                         text_part(vector_text(first, "body")) };

    assert_int_equal(crypto->hmac_sha256(crypto->ctx, vector_bytes(first, "key"), parts, 4, mac),
                     STATUS_OK);
    assert_same(vector_bytes(first, "mac_hex"), mac);

    static const char *const second[] = { "xmac_v2_request", "xmac_v2_response" };
    for (size_t i = 0; i < 2; i++) {
        const cJSON *message = answer(second[i]);
        const struct crypto_part text = text_part(vector_text(message, "string_to_sign"));
        assert_int_equal(
            crypto->hmac_sha256(crypto->ctx, vector_bytes(message, "key"), &text, 1, mac),
            STATUS_OK);
        assert_same(vector_bytes(message, "mac_hex"), mac);
    }
}

static void seals_and_opens_envelopes(void **state)
{
    const struct crypto *crypto = *state;
    static const struct {
        const char *name;
        enum crypto_aead algorithm;
    } envelopes[] = { { "envelope_aes128gcm_raw", CRYPTO_AES_128_GCM },
                      { "envelope_aes128gcm_deflate", CRYPTO_AES_128_GCM },
                      { "envelope_aes256gcm_raw", CRYPTO_AES_256_GCM },
                      { "envelope_chacha20poly1305_raw", CRYPTO_CHACHA20_POLY1305 } };
    for (size_t i = 0; i < sizeof envelopes / sizeof envelopes[0]; i++) {
        const cJSON *envelope = answer(envelopes[i].name);
        const struct crypto_part key = vector_bytes(envelope, "key");
        const struct crypto_part text = vector_bytes(envelope, "plaintext_before_aead");
        const struct crypto_part sealed = vector_bytes(envelope, "ct_and_tag");
        const struct crypto_seal seal = { .algorithm = envelopes[i].algorithm,
                                          .key = key.data,
                                          .key_size = key.size,
                                          .nonce = vector_bytes(envelope, "nonce").data,
                                          .associated = vector_bytes(envelope, "header_aad") };
        uint8_t out[256];
        assert_int_equal(crypto->seal(crypto->ctx, &seal, text, out, sizeof out), STATUS_OK);
        assert_same(sealed, out);
        assert_int_equal(crypto->open(crypto->ctx, &seal, sealed, out, sizeof out), STATUS_OK);
        assert_same(text, out);
    }
}

static void believes_the_signed_command(void **state)
{
    const struct crypto *crypto = *state;
    const cJSON *command = answer("signed_command");
    const struct crypto_part parts[] = { { "EM-CMD-V1", 10 }, // With its NUL.
                                         text_part(vector_text(command, "jcs_payload")) };
    const struct crypto_part signature = vector_bytes(command, "sig_raw_rs_hex");
    const char *wire = vector_text(command, "wire");
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char text[BASE64URL_LENGTH(CRYPTO_P256_SIGNATURE_SIZE) + 1];

    assert_int_equal(crypto->sha256(crypto->ctx, parts, 2, digest), STATUS_OK);
    assert_same(vector_bytes(command, "sha256_preimage"), digest);
    assert_int_equal(signature.size, CRYPTO_P256_SIGNATURE_SIZE);
    assert_int_equal(crypto->p256_verify(crypto->ctx,
                                         vector_bytes(command, "pub_uncompressed").data, digest,
                                         signature.data),
                     STATUS_OK);
    base64url_encode(signature.data, signature.size, text);
    assert_non_null(strstr(wire, text));
}

static void pairs_as_both_sides(void **state)
{
    const struct crypto *crypto = *state;
    const cJSON *pairing = answer("pairing");
    const struct crypto_part client_public = vector_bytes(pairing, "client_pub");
    const struct crypto_part device_public = vector_bytes(pairing, "device_pub");
    const uint8_t *client = vector_bytes(pairing, "client_priv").data;
    const uint8_t *device = vector_bytes(pairing, "device_priv").data;
    const char *id = vector_text(pairing, "device_id");
    const uint8_t id_size[2] = { 0, (uint8_t)strlen(id) };
    const struct crypto_part transcript[] = { { "EM-PAIR-V1", 11 }, // With its NUL.
                                              { id_size, 2 },
                                              text_part(id),
                                              client_public,
                                              device_public,
                                              vector_bytes(pairing, "client_nonce"),
                                              vector_bytes(pairing, "device_nonce") };
    uint8_t hash[CRYPTO_SHA256_SIZE];
    uint8_t shared[2][CRYPTO_X25519_SIZE];
    uint8_t public_key[CRYPTO_X25519_SIZE];
    uint8_t keys[96];
    uint8_t confirm[CRYPTO_SHA256_SIZE];

    assert_int_equal(crypto->x25519_public(crypto->ctx, client, public_key), STATUS_OK);
    assert_same(client_public, public_key);
    assert_int_equal(crypto->x25519_public(crypto->ctx, device, public_key), STATUS_OK);
    assert_same(device_public, public_key);
    assert_int_equal(crypto->x25519(crypto->ctx, device, client_public.data, shared[0]), STATUS_OK);
    assert_int_equal(crypto->x25519(crypto->ctx, client, device_public.data, shared[1]), STATUS_OK);
    assert_memory_equal(shared[0], shared[1], CRYPTO_X25519_SIZE);

    assert_int_equal(crypto->sha256(crypto->ctx, transcript, 7, hash), STATUS_OK);
    assert_same(vector_bytes(pairing, "transcript_hash"), hash);
    const struct crypto_part info[] = { text_part("em/pair/v1"), { hash, sizeof hash } };
    derive(crypto, (struct crypto_part){ shared[0], sizeof shared[0] },
           vector_bytes(pairing, "pop"), info, 2, keys, sizeof keys);
    assert_same(vector_bytes(pairing, "okm96"), keys);
    assert_same(vector_bytes(pairing, "session_key"), keys + 64);

    const struct crypto_part from_device[] = { text_part("device"), { hash, sizeof hash } };
    const struct crypto_part from_client[] = { text_part("client"), { hash, sizeof hash } };
    assert_int_equal(crypto->hmac_sha256(crypto->ctx, (struct crypto_part){ keys + 32, 32 },
                                         from_device, 2, confirm),
                     STATUS_OK);
    assert_same(vector_bytes(pairing, "device_confirm"), confirm);
    assert_int_equal(
        crypto->hmac_sha256(crypto->ctx, (struct crypto_part){ keys, 32 }, from_client, 2, confirm),
        STATUS_OK);
    assert_same(vector_bytes(pairing, "client_confirm"), confirm);
}

static void prints_the_code_and_the_password_of_the_hotspot(void **state)
{
    const struct crypto *crypto = *state;
    const struct crypto_part secret = vector_bytes(answer("pairing"), "pop");
    const struct crypto_part none = { NULL, 0 };
    const struct crypto_part password = text_part("em/ap-psk/v1");
    const struct crypto_part id = text_part("em/pair-id/v1");
    uint8_t out[16];
    char text[64];

    derive(crypto, secret, none, &password, 1, out, 10);
    base32_encode(out, 10, text);
    assert_string_equal(text, vector_text(answer("ap_psk"), "psk"));
    derive(crypto, secret, none, &id, 1, out, 8);
    assert_same(vector_bytes(answer("ap_psk"), "pair_id"), out);

    (void)snprintf(text, sizeof text, "EM1:%s:", vector_text(answer("pairing"), "device_id"));
    base32_encode(secret.data, secret.size, text + strlen(text));
    assert_string_equal(text, cJSON_GetStringValue(answer("qr")));
}

static void chains_the_entries_of_the_audit_log(void **state)
{
    const struct crypto *crypto = *state;
    uint8_t hash[CRYPTO_SHA256_SIZE] = { 0 };
    const cJSON *entry = NULL;

    cJSON_ArrayForEach(entry, answer("audit_chain"))
    {
        uint8_t next[CRYPTO_SHA256_SIZE];
        const struct crypto_part parts[] = { { "EM-AUDIT-V1", 12 }, // With its NUL.
                                             { hash, sizeof hash },
                                             text_part(vector_text(entry, "entry")) };
        assert_int_equal(crypto->sha256(crypto->ctx, parts, 3, next), STATUS_OK);
        memcpy(hash, next, sizeof hash);
        assert_same(vector_bytes(entry, "hash"), hash);
    }
}

static void opens_an_encrypted_field(void **state)
{
    const struct crypto *crypto = *state;
    enum { HEAD = 3 }; // Version and the number of the key.
    const cJSON *field = answer("field_encryption");
    const struct crypto_part key = vector_bytes(field, "key");
    const struct crypto_part blob = vector_bytes(field, "blob");
    const uint8_t *bytes = blob.data;
    const struct crypto_seal seal = { .algorithm = CRYPTO_AES_256_GCM,
                                      .key = key.data,
                                      .key_size = key.size,
                                      .nonce = bytes + HEAD,
                                      .associated = vector_bytes(field, "aad") };
    const size_t at = HEAD + CRYPTO_NONCE_SIZE;
    const struct crypto_part sealed = { bytes + at, blob.size - at };
    uint8_t out[64];

    assert_same(vector_bytes(field, "nonce"), seal.nonce);
    assert_int_equal(bytes[2], vector_number(field, "kid"));
    assert_int_equal(crypto->open(crypto->ctx, &seal, sealed, out, sizeof out), STATUS_OK);
    const struct crypto_part text = { out, sealed.size - CRYPTO_TAG_SIZE };
    uint8_t again[64];
    assert_int_equal(crypto->seal(crypto->ctx, &seal, text, again, sizeof again), STATUS_OK);
    assert_same(sealed, again);
}

static int run_on(struct back_end *back_end)
{
    struct crypto *crypto = &back_end->crypto;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(derives_the_tree_of_keys, crypto),
        cmocka_unit_test_prestate(authenticates_requests_of_both_versions, crypto),
        cmocka_unit_test_prestate(seals_and_opens_envelopes, crypto),
        cmocka_unit_test_prestate(believes_the_signed_command, crypto),
        cmocka_unit_test_prestate(pairs_as_both_sides, crypto),
        cmocka_unit_test_prestate(prints_the_code_and_the_password_of_the_hotspot, crypto),
        cmocka_unit_test_prestate(chains_the_entries_of_the_audit_log, crypto),
        cmocka_unit_test_prestate(opens_an_encrypted_field, crypto),
    };
    return cmocka_run_group_tests_name(back_end->name, tests, NULL, NULL);
}

int main(void)
{
    const int absent = vector_file_open("security_known_answers.json", &answers);
    if (absent != 0) {
        return absent;
    }
    int failed = back_ends_open(back_ends) == STATUS_OK ? 0 : 1;
    for (size_t i = 0; failed == 0 && i < BACK_END_COUNT; i++) {
        failed = run_on(&back_ends[i]);
    }
    cJSON_Delete(answers);
    return failed;
}
