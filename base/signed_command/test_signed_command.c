// SPDX-License-Identifier: MIT

/// The bytes of a signed command. The cryptography is a stand-in that notes what it is asked: the
/// digest is a sum, and one signature is right. tests/crypto has the real one.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "signed_command.h"

enum { DIGEST = CRYPTO_SHA256_SIZE, SIGNATURE = CRYPTO_P256_SIGNATURE_SIZE };

static struct notes {
    uint8_t hashed[4096];
    size_t hashed_size;
    uint8_t right_digest[DIGEST];
    uint8_t right_signature[SIGNATURE];
    const uint8_t *key;
    unsigned verified;
} notes;

static enum status note_sha256(void *ctx, const struct crypto_part *parts, size_t count,
                               uint8_t digest[DIGEST])
{
    (void)ctx;
    notes.hashed_size = 0;
    memset(digest, 0, DIGEST);
    for (size_t i = 0; i < count; i++) {
        memcpy(notes.hashed + notes.hashed_size, parts[i].data, parts[i].size);
        notes.hashed_size += parts[i].size;
    }
    for (size_t i = 0; i < notes.hashed_size; i++) {
        digest[i % DIGEST] = (uint8_t)(digest[i % DIGEST] * 3u + notes.hashed[i] + i);
    }
    return STATUS_OK;
}

static enum status note_verify(void *ctx, const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                               const uint8_t digest[DIGEST], const uint8_t signature[SIGNATURE])
{
    (void)ctx;
    notes.key = key;
    notes.verified++;
    return memcmp(digest, notes.right_digest, DIGEST) == 0 &&
                   memcmp(signature, notes.right_signature, SIGNATURE) == 0
               ? STATUS_OK
               : STATUS_CORRUPT;
}

static const struct crypto CRYPTO = { .sha256 = note_sha256, .p256_verify = note_verify };
static const uint8_t KEY[CRYPTO_P256_PUBLIC_SIZE] = { 4 };

static const char COMMAND[] = "{\"action\":\"tamper_clear\",\"cmd_id\":\"a\",\"count\":3}";

/// A command that the stand-in takes for signed.
static size_t sign(const char *command, char out[SIGNED_COMMAND_LIMIT])
{
    size_t size = strlen(command);
    memcpy(out, command, size);
    for (unsigned i = 0; i < SIGNATURE; i++) {
        notes.right_signature[i] = (uint8_t)(251 * i + 7);
    }
    assert_int_equal(signed_command_digest(&CRYPTO, out, size, notes.right_digest), STATUS_OK);
    assert_int_equal(signed_command_append(out, &size, SIGNED_COMMAND_LIMIT, notes.right_signature),
                     STATUS_OK);
    return size;
}

static void what_is_signed_is_the_label_a_zero_byte_and_the_command(void **state)
{
    static const char EXPECTED[] =
        "EM-CMD-V1\0{\"action\":\"tamper_clear\",\"cmd_id\":\"a\",\"count\":3}";
    char text[SIGNED_COMMAND_LIMIT];
    (void)state;
    (void)sign(COMMAND, text);
    assert_int_equal(notes.hashed_size, sizeof EXPECTED - 1);
    assert_memory_equal(notes.hashed, EXPECTED, sizeof EXPECTED - 1);
}

static void a_signed_command_is_the_command_with_one_member_more(void **state)
{
    char text[SIGNED_COMMAND_LIMIT];
    (void)state;
    const size_t size = sign(COMMAND, text);
    assert_int_equal(size, sizeof COMMAND - 2 + SIGNED_COMMAND_SUFFIX_SIZE);
    assert_memory_equal(text, COMMAND, sizeof COMMAND - 2);
    assert_memory_equal(text + sizeof COMMAND - 2, ",\"~sig\":\"", 9);
    assert_memory_equal(text + size - 2, "\"}", 2);
}

static void believes_what_was_signed_and_asks_the_key_that_it_was_given(void **state)
{
    char text[SIGNED_COMMAND_LIMIT];
    (void)state;
    const size_t size = sign(COMMAND, text);
    assert_int_equal(signed_command_verify(&CRYPTO, KEY, text, size), STATUS_OK);
    assert_ptr_equal(notes.key, KEY);
}

static void believes_no_command_with_any_bit_turned(void **state)
{
    char text[SIGNED_COMMAND_LIMIT];
    (void)state;
    const size_t size = sign(COMMAND, text);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        text[bit / 8] = (char)((unsigned char)text[bit / 8] ^ 1u << bit % 8);
        assert_int_not_equal(signed_command_verify(&CRYPTO, KEY, text, size), STATUS_OK);
        text[bit / 8] = (char)((unsigned char)text[bit / 8] ^ 1u << bit % 8);
    }
    assert_int_equal(signed_command_verify(&CRYPTO, KEY, text, size), STATUS_OK);
}

static void believes_no_part_of_a_command_and_nothing_behind_it(void **state)
{
    char text[SIGNED_COMMAND_LIMIT + 1] = "";
    (void)state;
    const size_t size = sign(COMMAND, text);
    for (size_t part = 0; part < size; part++) {
        assert_int_not_equal(signed_command_verify(&CRYPTO, KEY, text, part), STATUS_OK);
        assert_int_not_equal(signed_command_verify(&CRYPTO, KEY, text + part + 1, size - part - 1),
                             STATUS_OK);
    }
    text[size] = ' ';
    assert_int_equal(signed_command_verify(&CRYPTO, KEY, text, size + 1), STATUS_INVALID);
    assert_int_equal(signed_command_verify(&CRYPTO, KEY, COMMAND, sizeof COMMAND - 1),
                     STATUS_INVALID);
}

static void a_command_without_a_signature_never_reaches_the_key(void **state)
{
    (void)state;
    notes.verified = 0;
    assert_int_equal(signed_command_verify(&CRYPTO, KEY, COMMAND, sizeof COMMAND - 1),
                     STATUS_INVALID);
    assert_int_equal(signed_command_verify(&CRYPTO, KEY, NULL, 0), STATUS_INVALID);
    assert_int_equal(notes.verified, 0);
}

static void is_bounded_in_length(void **state)
{
    enum { MOST = SIGNED_COMMAND_LIMIT - SIGNED_COMMAND_SUFFIX_SIZE + 1 };
    static char command[SIGNED_COMMAND_LIMIT + 2];
    static char text[SIGNED_COMMAND_LIMIT + 1];
    uint8_t digest[DIGEST];
    (void)state;
    memset(command, 'x', MOST + 1);
    command[0] = '{';
    command[MOST - 1] = '}';
    command[MOST] = '\0';
    const size_t size = sign(command, text);
    assert_int_equal(size, SIGNED_COMMAND_LIMIT);
    assert_int_equal(signed_command_verify(&CRYPTO, KEY, text, size), STATUS_OK);
    assert_int_equal(signed_command_verify(&CRYPTO, KEY, text, size + 1), STATUS_INVALID);
    command[MOST - 1] = 'x';
    command[MOST] = '}';
    assert_int_equal(signed_command_digest(&CRYPTO, command, MOST + 1, digest), STATUS_FULL);
}

static void signs_only_objects_and_only_where_there_is_room(void **state)
{
    static const char *const others[] = { "", "{", "{}", "[1]", "{\"a\":1", "\"a\":1}" };
    uint8_t signature[SIGNATURE] = { 0 };
    uint8_t digest[DIGEST];
    char text[SIGNED_COMMAND_LIMIT];
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        size_t size = strlen(others[i]);
        memcpy(text, others[i], size + 1);
        assert_int_equal(signed_command_digest(&CRYPTO, text, size, digest), STATUS_INVALID);
        assert_int_equal(signed_command_append(text, &size, sizeof text, signature),
                         STATUS_INVALID);
    }
    size_t size = sizeof COMMAND - 1;
    memcpy(text, COMMAND, size);
    assert_int_equal(
        signed_command_append(text, &size, size - 2 + SIGNED_COMMAND_SUFFIX_SIZE, signature),
        STATUS_FULL);
    assert_int_equal(size, sizeof COMMAND - 1);
    assert_memory_equal(text, COMMAND, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_is_the_label_a_zero_byte_and_the_command),
        cmocka_unit_test(a_signed_command_is_the_command_with_one_member_more),
        cmocka_unit_test(believes_what_was_signed_and_asks_the_key_that_it_was_given),
        cmocka_unit_test(believes_no_command_with_any_bit_turned),
        cmocka_unit_test(believes_no_part_of_a_command_and_nothing_behind_it),
        cmocka_unit_test(a_command_without_a_signature_never_reaches_the_key),
        cmocka_unit_test(is_bounded_in_length),
        cmocka_unit_test(signs_only_objects_and_only_where_there_is_room),
    };
    return cmocka_run_group_tests_name("signed_command", tests, NULL, NULL);
}
