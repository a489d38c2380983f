// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "credential_rules.h"

static void takes_names_of_networks_of_1_to_32_bytes_of_any_value_but_nul(void **state)
{
    (void)state;
    char ssid[34];
    for (unsigned byte = 0; byte < 256; byte++) {
        memset(ssid, (int)byte, sizeof ssid);
        for (size_t size = 0; size <= 33; size++) {
            assert_int_equal(credential_is_ssid(ssid, size), byte != 0 && size >= 1 && size <= 32);
        }
    }
    assert_false(credential_is_ssid("a\0b", 3));
}

static void takes_passwords_of_0_and_8_to_63_characters_and_keys_of_64_digits(void **state)
{
    (void)state;
    char password[66];
    memset(password, 'p', sizeof password);
    for (size_t size = 0; size <= 65; size++) {
        assert_int_equal(credential_is_password(password, size),
                         size == 0 || (size >= 8 && size <= 63));
    }
    memset(password, 'F', sizeof password);
    assert_true(credential_is_password(password, 64));
    assert_false(credential_is_password(password, 65));
    for (unsigned byte = 0; byte < 256; byte++) {
        password[5] = (char)byte;
        const char *digits = "0123456789abcdefABCDEF";
        assert_int_equal(credential_is_password(password, 64),
                         byte != 0 && strchr(digits, (int)byte) != NULL);
        assert_int_equal(credential_is_password(password, 63), byte >= 32 && byte <= 126);
    }
}

static void takes_device_names_of_1_to_32_harmless_characters(void **state)
{
    (void)state;
    char id[34];
    memset(id, 'd', sizeof id);
    for (size_t size = 0; size <= 33; size++) {
        assert_int_equal(credential_is_device_id(id, size), size >= 1 && size <= 32);
    }
    const char *harmless = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    for (unsigned byte = 0; byte < 256; byte++) {
        id[3] = (char)byte;
        assert_int_equal(credential_is_device_id(id, 8),
                         byte != 0 && strchr(harmless, (int)byte) != NULL);
    }
}

static void takes_tokens_of_printable_characters_without_spaces(void **state)
{
    (void)state;
    char token[] = "abcd";
    assert_false(credential_is_token(token, 0));
    for (unsigned byte = 0; byte < 256; byte++) {
        token[2] = (char)byte;
        assert_int_equal(credential_is_token(token, 4), byte > 32 && byte < 127);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_names_of_networks_of_1_to_32_bytes_of_any_value_but_nul),
        cmocka_unit_test(takes_passwords_of_0_and_8_to_63_characters_and_keys_of_64_digits),
        cmocka_unit_test(takes_device_names_of_1_to_32_harmless_characters),
        cmocka_unit_test(takes_tokens_of_printable_characters_without_spaces),
    };
    return cmocka_run_group_tests_name("credential_rules", tests, NULL, NULL);
}
