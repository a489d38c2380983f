// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "openssl_crypto.h"
#include "pairing_code.h"
#include "psa_crypto.h"

static const struct pairing_code example = {
    .device_id = "EcoWatt001",
    .secret = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
};
static const char example_text[] = "EM1:EcoWatt001:AAAQEAYEAUDAOCAJBIFQYDIOB4";

static enum status read_text(const char *text, struct pairing_code *code)
{
    return pairing_code_read(text, strlen(text), code);
}

static void writes_and_reads_the_known_code(void **state)
{
    (void)state;
    char text[PAIRING_CODE_SIZE];
    struct pairing_code code;
    assert_int_equal(pairing_code_write(&example, text), STATUS_OK);
    assert_string_equal(text, example_text);
    assert_int_equal(read_text(text, &code), STATUS_OK);
    assert_string_equal(code.device_id, example.device_id);
    assert_memory_equal(code.secret, example.secret, sizeof code.secret);
    assert_int_equal(read_text("EM1:EcoWatt001:aaaqeayeaudaocajbifqydiob4", &code), STATUS_OK);
    assert_memory_equal(code.secret, example.secret, sizeof code.secret);
}

static void takes_names_of_every_legal_length(void **state)
{
    (void)state;
    struct pairing_code code = example;
    struct pairing_code again;
    char text[PAIRING_CODE_SIZE];
    memset(code.device_id, 0, sizeof code.device_id);
    assert_int_equal(pairing_code_write(&code, text), STATUS_INVALID);
    for (size_t size = 1; size <= PAIRING_ID_LIMIT; size++) {
        memset(code.device_id, 'x', size);
        assert_int_equal(pairing_code_write(&code, text), STATUS_OK);
        assert_int_equal(read_text(text, &again), STATUS_OK);
        assert_string_equal(again.device_id, code.device_id);
    }
    memcpy(code.device_id, "a/b", sizeof "a/b");
    assert_int_equal(pairing_code_write(&code, text), STATUS_INVALID);
}

static void refuses_what_is_no_code_and_keeps_nothing_of_it(void **state)
{
    (void)state;
    static const struct pairing_code nothing = { .device_id = "" };
    const char *const wrong[] = {
        "",
        "EM1:",
        "EM2:EcoWatt001:AAAQEAYEAUDAOCAJBIFQYDIOB4",
        "em1:EcoWatt001:AAAQEAYEAUDAOCAJBIFQYDIOB4",
        "EM1::AAAQEAYEAUDAOCAJBIFQYDIOB4",
        "EM1:AAAQEAYEAUDAOCAJBIFQYDIOB4",
        "EM1:Eco/Watt:AAAQEAYEAUDAOCAJBIFQYDIOB4",
        "EM1:EcoWatt001:AAAQEAYEAUDAOCAJBIFQYDIOB5", // Bits behind the last byte.
        "EM1:EcoWatt001:AAAQEAYEAUDAOCAJBIFQYDIOB1",
        "EM1:EcoWatt001:AAAQEAYEAUDAOCAJBIFQYDIOB4=",
        "EM1:EcoWatt001:AAAQEAYEAUDAOCAJBIFQYDIOB4 ",
        "EM1:EcoWatt001:AAAQEAYEAUDAOCAJBIFQYDIOB",
        "EM1:EcoWatt001:EcoWatt002:AAAQEAYEAUDAOCAJBIFQYDIOB4",
        "EM1:123456789012345678901234567890123:AAAQEAYEAUDAOCAJBIFQYDIOB4",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct pairing_code code = example;
        assert_int_equal(read_text(wrong[i], &code), STATUS_CORRUPT);
        assert_memory_equal(&code, &nothing, sizeof nothing);
    }
    struct pairing_code code;
    for (size_t size = 0; size < strlen(example_text); size++) {
        assert_int_equal(pairing_code_read(example_text, size, &code), STATUS_CORRUPT);
    }
}

static int with_openssl(void **state)
{
    static struct crypto crypto;
    crypto = openssl_crypto();
    *state = &crypto;
    return 0;
}

static int with_psa(void **state)
{
    static struct crypto crypto;
    *state = &crypto;
    return psa_crypto_open(&crypto) == STATUS_OK ? 0 : -1;
}

static void derives_the_known_password_and_name_of_the_hotspot(void **state)
{
    const struct crypto crypto = *(const struct crypto *)*state;
    static const uint8_t known_id[] = { 0x66, 0x4b, 0x04, 0x8d, 0x24, 0xe6, 0x77, 0xe7 };
    uint8_t seed[PAIRING_PASSWORD_SEED_SIZE];
    uint8_t id[PAIRING_ID_SIZE];
    char password[PAIRING_PASSWORD_SIZE];
    char name[PAIRING_HOTSPOT_NAME_SIZE];
    assert_int_equal(pairing_code_derive(&crypto, example.secret, seed, id), STATUS_OK);
    pairing_code_password(seed, password);
    assert_string_equal(password, "AZN2DWITZT657Z22");
    assert_memory_equal(id, known_id, sizeof id);
    pairing_code_hotspot_name("Ohmstead", id, name);
    assert_string_equal(name, "Ohmstead-e677e7");
    pairing_code_hotspot_name("A prefix that is longer than a name may be", id, name);
    assert_string_equal(name, "A prefix that is longer t-e677e7");
    assert_int_equal(strlen(name), 32);
}

static void gives_another_password_for_another_secret(void **state)
{
    (void)state;
    const struct crypto crypto = openssl_crypto();
    uint8_t seed[2][PAIRING_PASSWORD_SEED_SIZE];
    uint8_t id[2][PAIRING_ID_SIZE];
    struct pairing_code other = example;
    other.secret[15] ^= 1;
    assert_int_equal(pairing_code_derive(&crypto, example.secret, seed[0], id[0]), STATUS_OK);
    assert_int_equal(pairing_code_derive(&crypto, other.secret, seed[1], id[1]), STATUS_OK);
    assert_memory_not_equal(seed[0], seed[1], PAIRING_PASSWORD_SEED_SIZE);
    assert_memory_not_equal(id[0], id[1], PAIRING_ID_SIZE);
}

static void escapes_what_the_join_code_gives_a_meaning(void **state)
{
    (void)state;
    char text[PAIRING_JOIN_SIZE];
    assert_int_equal(pairing_code_join("Ohmstead-e677e7", "AZN2DWITZT657Z22", text), STATUS_OK);
    assert_string_equal(text, "WIFI:T:WPA;S:Ohmstead-e677e7;P:AZN2DWITZT657Z22;;");
    assert_int_equal(pairing_code_join("a;b,c:d\\e\"f", "p;;::\\\"", text), STATUS_OK);
    assert_string_equal(text, "WIFI:T:WPA;S:a\\;b\\,c\\:d\\\\e\\\"f;P:p\\;\\;\\:\\:\\\\\\\";;");

    char name[34] = "";
    char password[65] = "";
    memset(name, ';', 32);
    memset(password, '\\', 63);
    assert_int_equal(pairing_code_join(name, password, text), STATUS_OK);
    assert_int_equal(strlen(text), PAIRING_JOIN_SIZE - 1);
    name[32] = 'x';
    assert_int_equal(pairing_code_join(name, "12345678", text), STATUS_FULL);
    password[63] = 'x';
    assert_int_equal(pairing_code_join("home", password, text), STATUS_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_the_known_code),
        cmocka_unit_test(takes_names_of_every_legal_length),
        cmocka_unit_test(refuses_what_is_no_code_and_keeps_nothing_of_it),
        cmocka_unit_test_setup(derives_the_known_password_and_name_of_the_hotspot, with_openssl),
        cmocka_unit_test_setup(derives_the_known_password_and_name_of_the_hotspot, with_psa),
        cmocka_unit_test(gives_another_password_for_another_secret),
        cmocka_unit_test(escapes_what_the_join_code_gives_a_meaning),
    };
    return cmocka_run_group_tests_name("pairing_code", tests, NULL, NULL);
}
