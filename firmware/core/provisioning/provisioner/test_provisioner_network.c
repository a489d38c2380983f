// SPDX-License-Identifier: MIT

/// The user's network: credentials that work, that never did, and that no longer do.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "provisioner_bed.h"

static void a_wrong_password_returns_to_the_hotspot_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *ssid;
        const char *password;
        enum wifi_reason failure;
        const char *reason;
    } CASES[] = {
        { "home", "password2", WIFI_REASON_NONE, "auth_failed" },
        { "else", "password1", WIFI_REASON_NONE, "not_found" },
        { "home", "password1", WIFI_REASON_NO_ADDRESS, "no_address" },
        { "home", "password1", WIFI_REASON_LOST, "lost" },
        { "home", "password1", WIFI_REASON_RADIO, "radio" },
    };
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        assert_int_equal(start(state), 0);
        run_to(PROVISIONING_AP_MODE);
        radio.failure = CASES[i].failure;
        assert_int_equal(submit(CASES[i].ssid, CASES[i].password, "meter-1", "token-1"), STATUS_OK);
        assert_int_equal(status_of().progress, PORTAL_PROVISIONING);
        run(JOIN_MS + STEP_MS);
        assert_int_equal(provisioner_state(&provisioner), PROVISIONING_AP_MODE);
        assert_string_equal(status_of().reason, CASES[i].reason);
        assert_string_equal(status_of().state, "AP_MODE");
        assert_true(radio.hotspot);
        radio.failure = WIFI_REASON_NONE;
        provision();
        assert_null(status_of().reason);
    }
}

static void gives_up_credentials_after_a_minute_of_silence(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    radio.never_answers = true;
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_OK);
    run(PROVISIONER_TRY_MS - STEP_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_WIFI_CONNECTING);
    run(2 * STEP_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_AP_MODE);
    assert_string_equal(status_of().reason, "timed_out");
    assert_false(radio.is_trying);
}

static void a_network_that_has_worked_is_tried_for_ever_and_more_seldom(void **state)
{
    (void)state;
    provision();
    radio.is_there = false;
    radio.attempts = 0;
    happen(WIFI_EVENT_LOST, WIFI_REASON_LOST);
    run(24u * 60u * MINUTE_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_WIFI_CONNECTING);
    assert_int_equal(status_of().progress, PORTAL_DISCONNECTED);
    assert_string_equal(status_of().reason, "not_found");
    assert_in_range(radio.attempts, 24 * 12, 24 * 24 + 20); // Every 2.5 to 5 minutes.
    assert_false(radio.hotspot);
    radio.is_there = true;
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_int_equal(fleet_fake_errands(&fake), 1);
}

static void other_credentials_that_fail_lead_back_to_the_network_that_works(void **state)
{
    (void)state;
    provision();
    provisioner_open_window(&provisioner);
    assert_true(radio.hotspot);
    assert_int_equal(submit("else", "password1", "meter-1", "token-9"), STATUS_OK);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_WIFI_CONNECTING);
    run_to(PROVISIONING_MQTT_CONNECTING);
    provisioner_session_is_up(&provisioner);
    assert_string_equal(status_of().reason, "not_found"); // The person still sees why.
    assert_true(radio.hotspot);                           // And may try again.
    boot();
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_int_equal(radio.attempts, 1);
}

static void knows_the_networks_before_the_first_person_asks(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    assert_int_equal(radio.scans, 1);
    run(MINUTE_MS);
    assert_int_equal(radio.scans, 1);
}

static void lists_networks_and_says_whether_the_list_is_old(void **state)
{
    (void)state;
    struct wifi_network found[WIFI_NETWORK_LIMIT];
    bool is_cached = false;
    run_to(PROVISIONING_AP_MODE);
    assert_int_equal(host.networks(host.ctx, false, found, WIFI_NETWORK_LIMIT, &is_cached), 1);
    assert_true(is_cached);
    run(STEP_MS);
    assert_int_equal(host.networks(host.ctx, false, found, WIFI_NETWORK_LIMIT, &is_cached), 1);
    assert_true(is_cached);
    assert_memory_equal(found[0].ssid, "home", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_wrong_password_returns_to_the_hotspot_with_the_reason, start),
        cmocka_unit_test_setup(gives_up_credentials_after_a_minute_of_silence, start),
        cmocka_unit_test_setup(a_network_that_has_worked_is_tried_for_ever_and_more_seldom, start),
        cmocka_unit_test_setup(other_credentials_that_fail_lead_back_to_the_network_that_works,
                               start),
        cmocka_unit_test_setup(knows_the_networks_before_the_first_person_asks, start),
        cmocka_unit_test_setup(lists_networks_and_says_whether_the_list_is_old, start),
    };
    return cmocka_run_group_tests_name("provisioner_network", tests, NULL, NULL);
}
