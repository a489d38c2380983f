// SPDX-License-Identifier: MIT

/// The bytes of a signed command. The cryptography is a stand-in that notes what it is asked;
/// tests/crypto has the real one.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "signed_command.h"
#include "summing_crypto.h"

enum { DIGEST = CRYPTO_SHA256_SIZE, SIGNATURE = CRYPTO_P256_SIGNATURE_SIZE };

static struct summing_notes notes;
static struct crypto crypto;
static const uint8_t KEY[CRYPTO_P256_PUBLIC_SIZE] = { 4 };

static const char COMMAND[] = "{\"action\":\"tamper_clear\",\"cmd_id\":\"a\",\"count\":3}";

/// A command that the stand-in takes for signed.
static size_t sign(const char *command, char out[SIGNED_COMMAND_LIMIT])
{
    size_t size = strlen(command);
    uint8_t digest[DIGEST];
    uint8_t signature[SIGNATURE];
    memcpy(out, command, size);
    assert_int_equal(signed_command_digest(&crypto, out, size, digest), STATUS_OK);
    summing_crypto_sign(KEY, digest, signature);
    assert_int_equal(signed_command_append(out, &size, SIGNED_COMMAND_LIMIT, signature), STATUS_OK);
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
    assert_int_equal(signed_command_verify(&crypto, KEY, text, size), STATUS_OK);
    assert_ptr_equal(notes.key, KEY);
}

static void believes_no_command_with_any_bit_turned(void **state)
{
    char text[SIGNED_COMMAND_LIMIT];
    (void)state;
    const size_t size = sign(COMMAND, text);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        text[bit / 8] = (char)((unsigned char)text[bit / 8] ^ 1u << bit % 8);
        assert_int_not_equal(signed_command_verify(&crypto, KEY, text, size), STATUS_OK);
        text[bit / 8] = (char)((unsigned char)text[bit / 8] ^ 1u << bit % 8);
    }
    assert_int_equal(signed_command_verify(&crypto, KEY, text, size), STATUS_OK);
}

static void believes_no_part_of_a_command_and_nothing_behind_it(void **state)
{
    char text[SIGNED_COMMAND_LIMIT + 1] = "";
    (void)state;
    const size_t size = sign(COMMAND, text);
    for (size_t part = 0; part < size; part++) {
        assert_int_not_equal(signed_command_verify(&crypto, KEY, text, part), STATUS_OK);
        assert_int_not_equal(signed_command_verify(&crypto, KEY, text + part + 1, size - part - 1),
                             STATUS_OK);
    }
    text[size] = ' ';
    assert_int_equal(signed_command_verify(&crypto, KEY, text, size + 1), STATUS_INVALID);
    assert_int_equal(signed_command_verify(&crypto, KEY, COMMAND, sizeof COMMAND - 1),
                     STATUS_INVALID);
}

static void a_command_without_a_signature_never_reaches_the_key(void **state)
{
    (void)state;
    notes.verified = 0;
    assert_int_equal(signed_command_verify(&crypto, KEY, COMMAND, sizeof COMMAND - 1),
                     STATUS_INVALID);
    assert_int_equal(signed_command_verify(&crypto, KEY, NULL, 0), STATUS_INVALID);
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
    assert_int_equal(signed_command_verify(&crypto, KEY, text, size), STATUS_OK);
    assert_int_equal(signed_command_verify(&crypto, KEY, text, size + 1), STATUS_INVALID);
    command[MOST - 1] = 'x';
    command[MOST] = '}';
    assert_int_equal(signed_command_digest(&crypto, command, MOST + 1, digest), STATUS_FULL);
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
        assert_int_equal(signed_command_digest(&crypto, text, size, digest), STATUS_INVALID);
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

static int set_up(void **state)
{
    (void)state;
    crypto = summing_crypto(&notes);
    return 0;
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
    return cmocka_run_group_tests_name("signed_command", tests, set_up, NULL);
}
