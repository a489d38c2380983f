// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "facts_record.h"
#include "flash_memory.h"
#include "provisioning_facts.h"
#include "record_store.h"

static struct flash_memory flash;
static struct record_store store;
static struct key_value values;
static struct provisioning_facts facts;

static void restart(void)
{
    assert_int_equal(record_store_open(&store, &flash.region), STATUS_OK);
    values = record_store_key_value(&store);
    assert_int_equal(provisioning_facts_load(&facts, &values), STATUS_OK);
}

static int power_up(void **state)
{
    (void)state;
    flash_memory_init(&flash, 4096, 4, FLASH_MEMORY_CUT_IN_ORDER, 1);
    restart();
    return 0;
}

static struct provisioning_submission make_submission(const char *ssid, const char *token)
{
    struct provisioning_submission submission = { .device_id = "meter-1" };
    submission.wifi.ssid_size = (uint8_t)strlen(ssid);
    memcpy(submission.wifi.ssid, ssid, strlen(ssid));
    memcpy(submission.wifi.password, "password of ", 12);
    memcpy(submission.wifi.password + 12, ssid, strlen(ssid));
    memcpy(submission.token, token, strlen(token));
    return submission;
}

static void a_new_device_knows_nothing_and_waits_for_a_person(void **state)
{
    (void)state;
    assert_int_equal(provisioning_facts_outlook(&facts), PROVISIONING_BARE);
    assert_false(facts.has_trial || facts.has_network || facts.identity.is_certified);
    assert_int_equal(facts.failures, 0);
    assert_int_equal(provisioning_identity_next_slot(&facts.identity), KEYSTORE_IDENTITY_A);
}

static void remembers_a_submission_over_a_restart(void **state)
{
    (void)state;
    const struct provisioning_submission given = make_submission("cellar", "token-1");
    assert_int_equal(provisioning_facts_submit(&facts, &given), STATUS_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(facts.has_trial);
        assert_memory_equal(&facts.submission, &given, sizeof given);
        assert_int_equal(provisioning_facts_outlook(&facts), PROVISIONING_FURNISHED);
        restart();
    }
}

static void remembers_names_and_tokens_of_every_size(void **state)
{
    (void)state;
    struct provisioning_submission given = make_submission("x", "");
    for (unsigned size = 1; size <= PROVISIONING_TOKEN_LIMIT; size++) {
        given.token[size - 1] = (char)('0' + size % 75);
        if (size <= WIFI_SSID_LIMIT) {
            given.wifi.ssid[size - 1] = (uint8_t)(size * 91); // Any byte, 0 too.
            given.wifi.ssid_size = (uint8_t)size;
        }
        if (size <= WIFI_PASSWORD_LIMIT) {
            given.wifi.password[size - 1] = '~';
        }
        assert_int_equal(provisioning_facts_submit(&facts, &given), STATUS_OK);
        restart();
        assert_memory_equal(&facts.submission, &given, sizeof given);
    }
}

static void refuses_a_network_without_a_name(void **state)
{
    (void)state;
    struct provisioning_submission given = make_submission("", "token");
    assert_int_equal(provisioning_facts_submit(&facts, &given), STATUS_INVALID);
    given.wifi.ssid_size = WIFI_SSID_LIMIT + 1;
    assert_int_equal(provisioning_facts_submit(&facts, &given), STATUS_INVALID);
    assert_false(facts.has_trial);
}

static void proven_credentials_stay_when_others_are_tried_and_fail(void **state)
{
    (void)state;
    const struct provisioning_submission good = make_submission("cellar", "token-1");
    const struct provisioning_submission bad = make_submission("attic", "token-2");
    assert_int_equal(provisioning_facts_submit(&facts, &good), STATUS_OK);
    assert_int_equal(provisioning_facts_prove(&facts), STATUS_OK);
    assert_string_equal(facts.submission.token, "token-1");
    assert_int_equal(provisioning_facts_submit(&facts, &bad), STATUS_OK);
    restart();
    assert_memory_equal(&facts.network, &good.wifi, sizeof good.wifi);
    assert_memory_equal(&facts.submission.wifi, &bad.wifi, sizeof bad.wifi);
    assert_int_equal(provisioning_facts_drop_submission(&facts), STATUS_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_false(facts.has_trial);
        assert_string_equal(facts.submission.token, "");
        assert_memory_equal(&facts.network, &good.wifi, sizeof good.wifi);
        restart();
    }
}

static void a_network_alone_is_no_way_into_the_fleet(void **state)
{
    (void)state;
    const struct provisioning_submission given = make_submission("cellar", "");
    assert_int_equal(provisioning_facts_submit(&facts, &given), STATUS_OK);
    assert_int_equal(provisioning_facts_outlook(&facts), PROVISIONING_FURNISHED);
    assert_int_equal(provisioning_facts_prove(&facts), STATUS_OK);
    assert_int_equal(provisioning_facts_outlook(&facts), PROVISIONING_BARE);

    struct provisioning_identity identity = facts.identity;
    identity.is_certified = true;
    identity.slot = KEYSTORE_IDENTITY_A;
    memcpy(identity.device_id, "meter-1", 8);
    assert_int_equal(provisioning_facts_set_identity(&facts, &identity), STATUS_OK);
    restart();
    assert_int_equal(provisioning_facts_outlook(&facts), PROVISIONING_FURNISHED);
    assert_int_equal(provisioning_facts_forget_network(&facts), STATUS_OK);
    restart();
    assert_int_equal(provisioning_facts_outlook(&facts), PROVISIONING_BARE);
    assert_true(facts.identity.is_certified);
}

static void counts_failures_over_restarts_and_never_wraps(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 260; i++) {
        assert_int_equal(provisioning_facts_count_failure(&facts), STATUS_OK);
        restart();
        assert_int_equal(facts.failures, i < 255 ? i : 255);
    }
    assert_int_equal(provisioning_facts_clear_failures(&facts), STATUS_OK);
    restart();
    assert_int_equal(facts.failures, 0);
}

static enum status erase_key(void *ctx, enum keystore_slot slot)
{
    uint8_t *erased = ctx;
    *erased = (uint8_t)(*erased | 1u << slot);
    return STATUS_OK;
}

static void a_reset_that_has_begun_is_found_by_every_boot_until_it_is_done(void **state)
{
    (void)state;
    uint8_t erased = 0;
    const struct keystore keystore = { .erase = erase_key, .ctx = &erased };
    const struct provisioning_submission given = make_submission("cellar", "token-1");
    assert_int_equal(provisioning_facts_submit(&facts, &given), STATUS_OK);
    assert_int_equal(provisioning_facts_prove(&facts), STATUS_OK);
    assert_int_equal(provisioning_facts_begin_reset(&facts), STATUS_OK);
    for (unsigned i = 0; i < 3; i++) {
        restart();
        assert_true(facts.is_resetting);
    }
    assert_int_equal(provisioning_facts_finish_reset(&facts, &keystore), STATUS_OK);
    assert_int_equal(erased, 1u << KEYSTORE_IDENTITY_A | 1u << KEYSTORE_IDENTITY_B);
    for (unsigned i = 0; i < 2; i++) {
        assert_false(facts.is_resetting || facts.has_network || facts.has_trial);
        restart();
    }
}

static void a_damaged_fact_counts_as_not_there(void **state)
{
    (void)state;
    static const char *const KEYS[] = { "wifi_new", "prov_token", "wifi", "identity" };
    for (unsigned i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        assert_int_equal(power_up(state), 0);
        const struct provisioning_submission given = make_submission("cellar", "token-1");
        struct provisioning_identity identity = { .device_id = "meter-1", .is_certified = true };
        assert_int_equal(provisioning_facts_submit(&facts, &given), STATUS_OK);
        assert_int_equal(provisioning_facts_prove(&facts), STATUS_OK);
        assert_int_equal(provisioning_facts_set_identity(&facts, &identity), STATUS_OK);
        assert_int_equal(values.set(values.ctx, KEYS[i], "\x01nonsense", 9), STATUS_OK);
        assert_int_equal(provisioning_facts_load(&facts, &values), STATUS_CORRUPT);
        assert_int_equal(facts.has_network, i != 2);
        assert_int_equal(facts.identity.is_certified, i != 3);
        assert_int_equal(facts.submission.token[0] != '\0', i > 1);
    }
}

static void records_are_refused_with_a_byte_too_few_or_too_many(void **state)
{
    (void)state;
    uint8_t record[KEY_VALUE_SIZE_LIMIT + 1] = { 0 };
    struct facts_trial trial = { .number = 7, .has_wifi = true, .device_id = "meter-1" };
    trial.wifi = make_submission("cellar", "").wifi;
    const size_t size = facts_record_encode_trial(&trial, record);
    for (size_t found = 0; found <= size + 1; found++) {
        struct facts_trial out;
        const enum status status = facts_record_decode_trial(&out, record, found);
        assert_int_equal(status, found == size ? STATUS_OK : STATUS_CORRUPT);
        assert_int_equal(out.number, found == size ? 7 : 0);
    }
    record[0]++;
    assert_int_equal(facts_record_decode_trial(&trial, record, size), STATUS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_device_knows_nothing_and_waits_for_a_person, power_up),
        cmocka_unit_test_setup(remembers_a_submission_over_a_restart, power_up),
        cmocka_unit_test_setup(remembers_names_and_tokens_of_every_size, power_up),
        cmocka_unit_test_setup(refuses_a_network_without_a_name, power_up),
        cmocka_unit_test_setup(proven_credentials_stay_when_others_are_tried_and_fail, power_up),
        cmocka_unit_test_setup(a_network_alone_is_no_way_into_the_fleet, power_up),
        cmocka_unit_test_setup(counts_failures_over_restarts_and_never_wraps, power_up),
        cmocka_unit_test_setup(a_reset_that_has_begun_is_found_by_every_boot_until_it_is_done,
                               power_up),
        cmocka_unit_test_setup(a_damaged_fact_counts_as_not_there, power_up),
        cmocka_unit_test_setup(records_are_refused_with_a_byte_too_few_or_too_many, power_up),
    };
    return cmocka_run_group_tests_name("provisioning_facts", tests, NULL, NULL);
}
