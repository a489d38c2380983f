// SPDX-License-Identifier: MIT

/// From the factory to the fleet, over restarts and power cuts.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "provisioner_bed.h"

static void gets_from_the_factory_to_the_fleet_in_seconds(void **state)
{
    (void)state;
    enum keystore_slot slot;
    unsigned number = 0;
    run(STEP_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_AP_MODE);
    assert_true(radio.hotspot);
    assert_true(facts_of().is_open);
    assert_int_equal(status_of().progress, PORTAL_PROVISIONING);
    assert_false(provisioner_identity(&provisioner, &slot, &number));
    provision();
    assert_true(now_ms < 10000);
    assert_true(provisioner_identity(&provisioner, &slot, &number));
    assert_true(fleet_fake_is_welcome(&fake, slot));
    assert_int_equal(status_of().progress, PORTAL_CONNECTED);
    assert_string_equal(status_of().address, "192.168.1.9");
    assert_null(status_of().reason);
}

static void goes_on_by_itself_after_a_restart_and_opens_nothing(void **state)
{
    (void)state;
    provision();
    boot();
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_int_equal(fleet_fake_errands(&fake), 1);
    assert_int_equal(radio.hotspot_opened, 0);
    assert_string_equal(provisioner_device_id(&provisioner), "meter-1");
}

static void a_device_without_a_name_takes_the_one_it_is_given(void **state)
{
    (void)state;
    device_name = "";
    boot();
    provision();
    device_name = "another";
    boot();
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_string_equal(provisioner_device_id(&provisioner), "meter-1");
}

static void forgets_the_network_and_keeps_the_identity(void **state)
{
    (void)state;
    provision();
    assert_int_equal(provisioning_facts_forget_network(&provisioner.facts), STATUS_OK);
    boot();
    run_to(PROVISIONING_AP_MODE);
    assert_true(radio.hotspot);
    assert_int_equal(submit("home", "password1", "", ""), STATUS_OK);
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_int_equal(fleet_fake_errands(&fake), 1);
}

/// What every moment must hold, whatever the plug did.
static void assert_resumes_or_waits(void)
{
    const enum provisioning_state found = provisioner_state(&provisioner);
    enum keystore_slot slot;
    unsigned number = 0;

    if (provisioner_identity(&provisioner, &slot, &number)) {
        assert_true(fleet_fake_is_welcome(&fake, slot));
        assert_false(radio.hotspot);
    } else {
        assert_int_equal(found, PROVISIONING_AP_MODE);
        assert_true(radio.hotspot);
    }
}

static void resumes_or_waits_for_a_person_after_a_power_cut_at_any_step(void **state)
{
    (void)state;
    unsigned resumed = 0;
    unsigned waited = 0;
    for (unsigned after = 0; after < 2; after++) {
        bool was_cut = true;
        for (unsigned steps = 0; was_cut; steps++) {
            assert_int_equal(start(state), 0);
            run_to(PROVISIONING_AP_MODE);
            fleet_fake_cut_after(&fake, steps, after == 1);
            (void)!submit("home", "password1", "meter-1", "token-1");
            run(MINUTE_MS);
            if (!fake.is_dead) {
                provisioner_session_is_up(&provisioner);
            }
            was_cut = fake.is_dead;
            fleet_fake_power_up(&fake);
            boot();
            run(MINUTE_MS);
            assert_resumes_or_waits();
            if (provisioner_state(&provisioner) == PROVISIONING_AP_MODE) {
                waited++;
                provision();
            } else {
                resumed++;
            }
            assert_int_equal(fake.certificate_count, 1);
        }
    }
    print_message("%u resumed, %u waited for a person\n", resumed, waited);
    assert_true(resumed > 10);
    assert_in_range(waited, 1, 4); // Before the submission was kept.
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gets_from_the_factory_to_the_fleet_in_seconds, start),
        cmocka_unit_test_setup(goes_on_by_itself_after_a_restart_and_opens_nothing, start),
        cmocka_unit_test_setup(a_device_without_a_name_takes_the_one_it_is_given, start),
        cmocka_unit_test_setup(forgets_the_network_and_keeps_the_identity, start),
        cmocka_unit_test_setup(resumes_or_waits_for_a_person_after_a_power_cut_at_any_step, start),
    };
    return cmocka_run_group_tests_name("provisioner", tests, NULL, NULL);
}
