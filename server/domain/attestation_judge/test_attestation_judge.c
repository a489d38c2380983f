// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attestation_judge.h"
#include "summing_crypto.h"

static const uint8_t KEY[CRYPTO_P256_PUBLIC_SIZE] = { 4, 1, 2, 3 };
static const uint8_t OTHER_KEY[CRYPTO_P256_PUBLIC_SIZE] = { 4, 1, 2, 4 };
static const uint8_t NONCE[ATTESTATION_NONCE_SIZE] = { 9, 8, 7 };
static struct crypto crypto;

static struct attestation good(void)
{
    struct attestation report = { .secure_boot = true,
                                  .debug = ATTESTATION_DEBUG_DISABLED_FULLY,
                                  .level = ATTESTATION_SECURE_ELEMENT };
    const struct crypto_part part = { KEY, sizeof KEY };
    memcpy(report.nonce, NONCE, sizeof report.nonce);
    assert_int_equal(crypto.sha256(crypto.ctx, &part, 1, report.key_digest), STATUS_OK);
    return report;
}

static size_t sign(const struct attestation *report, uint8_t message[ATTESTATION_SIZE_LIMIT])
{
    uint8_t claims[ATTESTATION_SIZE_LIMIT];
    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
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

static struct attestation_judgement judge(const struct attestation *report)
{
    uint8_t message[ATTESTATION_SIZE_LIMIT];
    const size_t size = sign(report, message);
    return attestation_judge(&crypto, KEY, NONCE, message, size);
}

static int set_up(void **state)
{
    (void)state;
    crypto = summing_crypto(NULL);
    return 0;
}

static void trusts_what_has_nothing_against_it(void **state)
{
    const struct attestation report = good();
    (void)state;
    const struct attestation_judgement judgement = judge(&report);
    assert_int_equal(judgement.verdict, ATTESTATION_TRUSTED);
    assert_int_equal(judgement.reason_count, 0);
    assert_string_equal(attestation_verdict_name(judgement.verdict), "trusted");
}

static void never_says_more_than_the_level(void **state)
{
    struct attestation report = good();
    (void)state;
    report.level = ATTESTATION_SOFTWARE;
    const struct attestation_judgement judgement = judge(&report);
    assert_int_equal(judgement.verdict, ATTESTATION_DEGRADED);
    assert_int_equal(judgement.reason_count, 1);
    assert_string_equal(judgement.reasons[0], "software_level");
}

static void names_each_thing_that_is_not_good(void **state)
{
    struct attestation report = good();
    (void)state;
    report.tampered = true;
    report.debug = ATTESTATION_DEBUG_ENABLED;
    const struct attestation_judgement judgement = judge(&report);
    assert_int_equal(judgement.verdict, ATTESTATION_DEGRADED);
    assert_int_equal(judgement.reason_count, 2);
    assert_string_equal(judgement.reasons[0], "case_opened");
    assert_string_equal(judgement.reasons[1], "debugging_enabled");
}

static void a_report_of_another_key_question_or_kind_proves_nothing(void **state)
{
    static const uint8_t OTHER_NONCE[ATTESTATION_NONCE_SIZE] = { 9, 8, 6 };
    const struct attestation report = good();
    uint8_t message[ATTESTATION_SIZE_LIMIT];
    (void)state;
    const size_t size = sign(&report, message);
    const struct attestation_judgement wrong[] = {
        attestation_judge(&crypto, OTHER_KEY, NONCE, message, size),
        attestation_judge(&crypto, KEY, OTHER_NONCE, message, size),
        attestation_judge(&crypto, KEY, NONCE, message, size - 1),
        attestation_judge(&crypto, KEY, NONCE, message, 0),
    };
    static const char *const reasons[] = { "wrong_signature", "old_report", "no_report",
                                           "no_report" };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(wrong[i].verdict, ATTESTATION_FAILED);
        assert_int_equal(wrong[i].reason_count, 1);
        assert_string_equal(wrong[i].reasons[0], reasons[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trusts_what_has_nothing_against_it),
        cmocka_unit_test(never_says_more_than_the_level),
        cmocka_unit_test(names_each_thing_that_is_not_good),
        cmocka_unit_test(a_report_of_another_key_question_or_kind_proves_nothing),
    };
    return cmocka_run_group_tests_name("attestation_judge", tests, set_up, NULL);
}
