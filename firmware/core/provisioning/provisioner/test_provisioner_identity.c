// SPDX-License-Identifier: MIT

/// Certificates: got, refused, renewed and replaced while the device goes on.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "provisioner_bed.h"

static void says_why_the_server_refuses_and_waits_for_another_token(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    assert_int_equal(submit("home", "password1", "meter-1", "token-2"), STATUS_OK);
    run_to(PROVISIONING_SUBMIT_CSR);
    run_to(PROVISIONING_AP_MODE);
    assert_string_equal(status_of().reason, "token_not_found");
    boot();
    run(MINUTE_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_AP_MODE);
    provision();
}

static void tells_that_the_server_is_out_of_reach_and_keeps_trying(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    fake.mood = FLEET_FAKE_BROKEN;
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_OK);
    run(5 * MINUTE_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_SUBMIT_CSR);
    assert_string_equal(status_of().reason, "server_unreachable");
    assert_int_equal(status_of().progress, PORTAL_CONNECTED);
    fake.mood = FLEET_FAKE_WELL;
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_null(status_of().reason);
}

static void renews_while_it_is_on_line_and_tells_the_session(void **state)
{
    (void)state;
    enum keystore_slot first;
    enum keystore_slot second;
    unsigned first_number = 0;
    unsigned second_number = 0;
    provision();
    assert_true(provisioner_identity(&provisioner, &first, &first_number));
    fake.utc_s += FLEET_FAKE_LIFE_S * 3 / 4;
    run(MINUTE_MS);
    assert_true(provisioner_identity(&provisioner, &second, &second_number));
    assert_int_not_equal(first, second);
    assert_int_not_equal(first_number, second_number);
    assert_true(fleet_fake_is_welcome(&fake, second));
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_MQTT_CONNECTED);
}

static void an_expired_certificate_is_renewed_before_the_broker_is_asked(void **state)
{
    (void)state;
    enum keystore_slot slot;
    unsigned number = 0;
    provision();
    fake.utc_s += FLEET_FAKE_LIFE_S + FLEET_FAKE_DAY_S;
    boot();
    run_to(PROVISIONING_SUBMIT_CSR);
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_true(provisioner_identity(&provisioner, &slot, &number));
    assert_true(fleet_fake_is_welcome(&fake, slot));
}

static void a_new_token_helps_a_device_whose_certificate_was_revoked(void **state)
{
    (void)state;
    enum keystore_slot slot;
    unsigned number = 0;
    provision();
    fake.certificates[0].state = FLEET_FAKE_SUPERSEDED;
    memcpy(fake.token, "token-2", 8);
    fake.token_used = false;
    provisioner_session_is_down(&provisioner);
    provisioner_open_window(&provisioner);
    assert_int_equal(submit("home", "password1", "meter-1", "token-2"), STATUS_OK);
    run_to(PROVISIONING_MQTT_CONNECTING);
    for (unsigned i = 0; i < PROVISIONER_SESSION_LIMIT; i++) {
        assert_true(provisioner_identity(&provisioner, &slot, &number));
        assert_false(fleet_fake_is_welcome(&fake, slot));
        provisioner_session_is_down(&provisioner);
    }
    run_to(PROVISIONING_SUBMIT_CSR);
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_true(provisioner_identity(&provisioner, &slot, &number));
    assert_true(fleet_fake_is_welcome(&fake, slot));
}

static void a_token_that_is_not_needed_does_no_harm(void **state)
{
    (void)state;
    provision();
    provisioner_open_window(&provisioner);
    assert_int_equal(submit("home", "password1", "meter-1", "token-nobody-knows"), STATUS_OK);
    run_to(PROVISIONING_MQTT_CONNECTING);
    provisioner_session_is_up(&provisioner);
    assert_int_equal(fleet_fake_errands(&fake), 1);
    assert_string_equal(provisioner.facts.submission.token, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(says_why_the_server_refuses_and_waits_for_another_token, start),
        cmocka_unit_test_setup(tells_that_the_server_is_out_of_reach_and_keeps_trying, start),
        cmocka_unit_test_setup(renews_while_it_is_on_line_and_tells_the_session, start),
        cmocka_unit_test_setup(an_expired_certificate_is_renewed_before_the_broker_is_asked, start),
        cmocka_unit_test_setup(a_new_token_helps_a_device_whose_certificate_was_revoked, start),
        cmocka_unit_test_setup(a_token_that_is_not_needed_does_no_harm, start),
    };
    return cmocka_run_group_tests_name("provisioner_identity", tests, NULL, NULL);
}
