// SPDX-License-Identifier: MIT

/// The set-up window: when it is open, and for whom.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "provisioner_bed.h"

static void closes_the_hotspot_as_soon_as_the_broker_has_it(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_OK);
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_true(radio.hotspot); // So that a phone sees how it goes.
    provisioner_session_is_up(&provisioner);
    assert_false(radio.hotspot);
    assert_false(facts_of().is_open);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_MISSING);
}

static void refuses_credentials_for_another_device_and_while_it_tries(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    assert_int_equal(submit("home", "password1", "meter-2", "token-1"), STATUS_INVALID);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_AP_MODE);
    assert_int_equal(submit("home", "password1", "", "token-1"), STATUS_OK);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_BUSY);
    run_to(PROVISIONING_MQTT_CONNECTING);
}

static void closes_the_window_fifteen_minutes_after_opening(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    assert_in_range(facts_of().closes_in_s, 899, 900);
    run(PROVISIONER_WINDOW_MS - 2 * STEP_MS);
    assert_true(radio.hotspot);
    run(3 * STEP_MS);
    assert_false(radio.hotspot);
    assert_false(facts_of().is_open);
    assert_int_equal(facts_of().closes_in_s, 0);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_MISSING);
    run(60 * MINUTE_MS);
    assert_false(radio.hotspot);
    provisioner_open_window(&provisioner);
    assert_true(radio.hotspot);
    provision();
}

static void too_many_failed_proofs_close_the_window_also_over_restarts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PROVISIONER_FAILURE_LIMIT; i++) {
        boot(); // Whoever cuts the power gets no new tries by it.
        run_to(PROVISIONING_AP_MODE);
        assert_true(facts_of().is_open);
        host.failed(host.ctx);
        assert_string_equal(last_trouble, "wrong_code");
    }
    assert_null(status_of().reason);
    assert_false(facts_of().is_open);
    assert_false(radio.hotspot);
    boot();
    run(MINUTE_MS);
    assert_false(radio.hotspot);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_MISSING);
    provisioner_open_window(&provisioner);
    assert_true(radio.hotspot);
    provision();
    boot();
    run(MINUTE_MS);
    assert_int_equal(provisioner.facts.failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(closes_the_hotspot_as_soon_as_the_broker_has_it, start),
        cmocka_unit_test_setup(refuses_credentials_for_another_device_and_while_it_tries, start),
        cmocka_unit_test_setup(closes_the_window_fifteen_minutes_after_opening, start),
        cmocka_unit_test_setup(too_many_failed_proofs_close_the_window_also_over_restarts, start),
    };
    return cmocka_run_group_tests_name("provisioner_window", tests, NULL, NULL);
}
