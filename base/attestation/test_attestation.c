// SPDX-License-Identifier: MIT

/// The bytes of a report. The cryptography is a stand-in; the server's test has the real one.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attestation.h"
#include "summing_crypto.h"

enum { DIGEST = CRYPTO_SHA256_SIZE, SIGNATURE = CRYPTO_P256_SIGNATURE_SIZE };

static struct summing_notes notes;
static struct crypto crypto;
static const uint8_t KEY[CRYPTO_P256_PUBLIC_SIZE] = { 4, 1, 2, 3 };

static struct attestation example(void)
{
    struct attestation report = { .uptime_s = 86400,
                                  .time_s = 1763690000,
                                  .boot_count = 7,
                                  .tamper_count = 2,
                                  .tampered = true,
                                  .debug = ATTESTATION_DEBUG_ENABLED,
                                  .level = ATTESTATION_SOFTWARE,
                                  .hardware = "posix",
                                  .software = "ohm-device",
                                  .version = "0.1.0",
                                  .keystore = "sealed_file" };
    const struct crypto_part part = { KEY, sizeof KEY };
    assert_int_equal(crypto.sha256(crypto.ctx, &part, 1, report.key_digest), STATUS_OK);
    for (unsigned i = 0; i < ATTESTATION_NONCE_SIZE; i++) {
        report.nonce[i] = (uint8_t)(i * 7 + 1);
        report.boot_seed[i] = (uint8_t)(i * 11 + 2);
        report.image_digest[i] = (uint8_t)(i * 13 + 3);
    }
    return report;
}

static size_t seal(const struct attestation *report, uint8_t message[ATTESTATION_SIZE_LIMIT])
{
    uint8_t claims[ATTESTATION_SIZE_LIMIT];
    uint8_t digest[DIGEST];
    uint8_t signature[SIGNATURE];
    size_t claims_size = 0;
    size_t size = 0;
    assert_int_equal(attestation_write(report, claims, sizeof claims, &claims_size), STATUS_OK);
    assert_int_equal(attestation_digest(&crypto, claims, claims_size, digest), STATUS_OK);
    summing_crypto_sign(KEY, digest, signature);
    assert_int_equal(
        attestation_wrap(claims, claims_size, signature, message, ATTESTATION_SIZE_LIMIT, &size),
        STATUS_OK);
    return size;
}

static void everything_that_was_reported_is_read(void **state)
{
    uint8_t message[ATTESTATION_SIZE_LIMIT];
    struct attestation report = example();
    struct attestation back;
    (void)state;
    for (int round = 0; round < 2; round++) {
        const size_t size = seal(&report, message);
        assert_int_equal(attestation_open(&crypto, KEY, message, size, &back), STATUS_OK);
        assert_memory_equal(back.nonce, report.nonce, sizeof report.nonce);
        assert_memory_equal(back.key_digest, report.key_digest, DIGEST);
        assert_memory_equal(back.boot_seed, report.boot_seed, DIGEST);
        assert_memory_equal(back.image_digest, report.image_digest, DIGEST);
        assert_int_equal(back.uptime_s, report.uptime_s);
        assert_int_equal(back.time_s, report.time_s);
        assert_int_equal(back.boot_count, report.boot_count);
        assert_int_equal(back.tamper_count, report.tamper_count);
        assert_int_equal(back.tampered, report.tampered);
        assert_int_equal(back.secure_boot, report.secure_boot);
        assert_int_equal(back.debug, report.debug);
        assert_int_equal(back.level, report.level);
        assert_string_equal(back.hardware, report.hardware);
        assert_string_equal(back.software, report.software);
        assert_string_equal(back.version, report.version);
        assert_string_equal(back.keystore, report.keystore);
        // The second time without the time, and with the other values of everything.
        report.time_s = 0;
        report.secure_boot = true;
        report.tampered = false;
        report.debug = ATTESTATION_DEBUG_DISABLED_FULLY;
        report.level = ATTESTATION_SECURE_ELEMENT;
        report.keystore[0] = '\0';
    }
}

static void is_a_cwt_in_a_cose_sign1_with_es256(void **state)
{
    static const uint8_t BEGIN[] = { 0xD2, 0x84, 0x43, 0xA1, 0x01, 0x26, 0xA0, 0x59 };
    static const uint8_t STRUCTURE[] = { 0x84, 0x6A, 'S', 'i',  'g',  'n',  'a',  't', 'u',
                                         'r',  'e',  '1', 0x43, 0xA1, 0x01, 0x26, 0x40 };
    uint8_t message[ATTESTATION_SIZE_LIMIT];
    uint8_t claims[ATTESTATION_SIZE_LIMIT];
    uint8_t digest[DIGEST];
    const struct attestation report = example();
    size_t size = 0;
    (void)state;
    (void)seal(&report, message);
    assert_memory_equal(message, BEGIN, sizeof BEGIN);
    assert_int_equal(attestation_write(&report, claims, sizeof claims, &size), STATUS_OK);
    assert_int_equal(claims[0], 0xA0 + 16);
    assert_int_equal(attestation_digest(&crypto, claims, size, digest), STATUS_OK);
    assert_memory_equal(notes.hashed, STRUCTURE, sizeof STRUCTURE);
}

static void a_report_with_any_bit_turned_is_not_believed(void **state)
{
    uint8_t message[ATTESTATION_SIZE_LIMIT];
    const struct attestation report = example();
    struct attestation back;
    (void)state;
    const size_t size = seal(&report, message);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(attestation_open(&crypto, KEY, message, size, &back), STATUS_OK);
        assert_int_equal(back.hardware[0], '\0');
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void nor_is_a_part_of_one_or_one_with_more_behind_it(void **state)
{
    uint8_t message[ATTESTATION_SIZE_LIMIT + 1] = { 0 };
    const struct attestation report = example();
    struct attestation back;
    (void)state;
    const size_t size = seal(&report, message);
    for (size_t part = 0; part < size; part++) {
        assert_int_equal(attestation_open(&crypto, KEY, message, part, &back), STATUS_INVALID);
    }
    assert_int_equal(attestation_open(&crypto, KEY, message, size + 1, &back), STATUS_INVALID);
}

static void a_report_that_names_another_key_than_it_is_signed_with_is_not_believed(void **state)
{
    uint8_t message[ATTESTATION_SIZE_LIMIT];
    struct attestation report = example();
    struct attestation back;
    (void)state;
    report.key_digest[5] ^= 1;
    const size_t size = seal(&report, message);
    assert_int_equal(attestation_open(&crypto, KEY, message, size, &back), STATUS_CORRUPT);
}

static void signs_nothing_that_it_would_not_read(void **state)
{
    uint8_t claims[ATTESTATION_SIZE_LIMIT];
    size_t size = 0;
    (void)state;
    struct attestation report = example();
    memset(report.version, 'x', sizeof report.version); // Without an end.
    assert_int_equal(attestation_write(&report, claims, sizeof claims, &size), STATUS_INVALID);
    report = example();
    report.hardware[0] = '\n';
    assert_int_equal(attestation_write(&report, claims, sizeof claims, &size), STATUS_INVALID);
    report = example();
    report.level = (enum attestation_level)3;
    assert_int_equal(attestation_write(&report, claims, sizeof claims, &size), STATUS_INVALID);
    report = example();
    report.debug = (enum attestation_debug)5;
    assert_int_equal(attestation_write(&report, claims, sizeof claims, &size), STATUS_INVALID);
    report = example();
    report.time_s = -1;
    assert_int_equal(attestation_write(&report, claims, sizeof claims, &size), STATUS_INVALID);
}

static void the_largest_report_fits_its_limit(void **state)
{
    uint8_t message[ATTESTATION_SIZE_LIMIT];
    struct attestation report = example();
    struct attestation back;
    (void)state;
    report.uptime_s = UINT64_MAX;
    report.time_s = INT64_MAX;
    report.boot_count = UINT32_MAX;
    report.tamper_count = UINT32_MAX;
    memset(report.hardware, 'a', ATTESTATION_TEXT_SIZE);
    memset(report.software, 'b', ATTESTATION_TEXT_SIZE);
    memset(report.version, 'c', ATTESTATION_TEXT_SIZE);
    memset(report.keystore, 'd', ATTESTATION_TEXT_SIZE);
    const size_t size = seal(&report, message);
    assert_int_equal(attestation_open(&crypto, KEY, message, size, &back), STATUS_OK);
    assert_true(back.uptime_s == UINT64_MAX);
    print_message("the largest report has %zu bytes\n", size);
    size_t needed = 0;
    assert_int_equal(attestation_write(&report, message, 64, &needed), STATUS_FULL);
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
        cmocka_unit_test(everything_that_was_reported_is_read),
        cmocka_unit_test(is_a_cwt_in_a_cose_sign1_with_es256),
        cmocka_unit_test(a_report_with_any_bit_turned_is_not_believed),
        cmocka_unit_test(nor_is_a_part_of_one_or_one_with_more_behind_it),
        cmocka_unit_test(a_report_that_names_another_key_than_it_is_signed_with_is_not_believed),
        cmocka_unit_test(signs_nothing_that_it_would_not_read),
        cmocka_unit_test(the_largest_report_fits_its_limit),
    };
    return cmocka_run_group_tests_name("attestation", tests, set_up, NULL);
}
