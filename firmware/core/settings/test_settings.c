// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "settings.h"

static void starts_with_the_defaults_of_its_table(void **state)
{
    (void)state;
    struct settings settings;

    settings_init(&settings);
    assert_string_equal(settings.device_id, "");
    assert_string_equal(settings.root_topic, "energy_meter/{device_id}");
    assert_int_equal(settings.reading_ms, 1000);
    assert_int_equal(settings.relay_status_ms, 60000);
    assert_int_equal(settings.data_ms, 0);
}

static void takes_both_ends_of_every_range_and_nothing_beyond(void **state)
{
    (void)state;
    struct settings settings;

    settings_init(&settings);
    for (size_t i = 0; settings_rule_at(i) != NULL; i++) {
        const struct settings_rule *rule = settings_rule_at(i);
        char text[16];
        if (rule->is_text) {
            continue;
        }
        assert_in_range(rule->initial, rule->low, rule->high);
        (void)snprintf(text, sizeof text, "%u", rule->low);
        assert_int_equal(settings_set(&settings, rule->name, text), STATUS_OK);
        (void)snprintf(text, sizeof text, "%u", rule->high);
        assert_int_equal(settings_set(&settings, rule->name, text), STATUS_OK);
        (void)snprintf(text, sizeof text, "%u", rule->high + 1);
        assert_int_equal(settings_set(&settings, rule->name, text), STATUS_INVALID);
        if (rule->low > 0) {
            (void)snprintf(text, sizeof text, "%u", rule->low - 1);
            assert_int_equal(settings_set(&settings, rule->name, text), STATUS_INVALID);
        }
    }
}

static void refuses_nonsense_and_keeps_what_it_had(void **state)
{
    (void)state;
    static const char *const bad[] = { "",    " 1000", "1000 ",
                                       "-1",  "+5",    "1e3",
                                       "1.5", "0x10",  "99999999999999999999999" };
    struct settings settings;

    settings_init(&settings);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(settings_set(&settings, "reading_ms", bad[i]), STATUS_INVALID);
    }
    assert_int_equal(settings.reading_ms, 1000);
    assert_int_equal(settings_set(&settings, "reading_s", "1"), STATUS_MISSING);
    assert_null(settings_rule("reading_s"));
}

static void takes_a_device_id_that_fits_a_certificate_and_a_topic(void **state)
{
    (void)state;
    struct settings settings;

    settings_init(&settings);
    assert_int_equal(settings_set(&settings, "device_id", "esp32_energy_meter_001"), STATUS_OK);
    assert_string_equal(settings.device_id, "esp32_energy_meter_001");
    assert_int_equal(settings_set(&settings, "device_id", ""), STATUS_INVALID);
    assert_int_equal(settings_set(&settings, "device_id", "a/b"), STATUS_INVALID);
    assert_int_equal(settings_set(&settings, "device_id", "a b"), STATUS_INVALID);
    assert_int_equal(settings_set(&settings, "device_id", "#"), STATUS_INVALID);
    assert_int_equal(settings_set(&settings, "device_id", "123456789012345678901234567890123"),
                     STATUS_INVALID);
    assert_string_equal(settings.device_id, "esp32_energy_meter_001");
}

static void knows_the_cadence_of_the_older_meters(void **state)
{
    (void)state;
    struct settings settings;

    settings_init(&settings);
    settings_use_seed_profile(&settings);
    assert_int_equal(settings.data_ms, 7000);
    assert_int_equal(settings.realtime_ms, 1000);
    assert_int_equal(settings.relay_status_ms, 1000);
    assert_int_equal(settings.system_status_ms, 30000);
}

static void a_plug_has_one_relay_that_begins_open(void **state)
{
    struct settings settings;
    (void)state;
    settings_init(&settings);
    assert_int_equal(settings.relays, 8);
    assert_int_equal(settings.channels, 8);
    settings_use_plug_profile(&settings);
    assert_int_equal(settings.relays, 1);
    assert_int_equal(settings.channels, 1);
    assert_int_equal(settings.restore_relays, 0);
}

static void takes_a_key_that_can_be_one(void **state)
{
    struct settings settings;
    char key[SETTINGS_KEY_SIZE + 1];
    uint8_t bytes[CRYPTO_P256_PUBLIC_SIZE];
    const uint8_t expected[CRYPTO_P256_PUBLIC_SIZE] = { 4 };
    (void)state;
    settings_init(&settings);
    assert_string_equal(settings.command_key, "");
    assert_false(settings_command_key(&settings, bytes));
    // 65 bytes, the first of them 4: an uncompressed point, as far as one can see.
    memset(key, 'A', SETTINGS_KEY_SIZE);
    memcpy(key, "BA", 2);
    key[SETTINGS_KEY_SIZE] = '\0';
    assert_int_equal(settings_set(&settings, "command_key", key), STATUS_OK);
    assert_string_equal(settings.command_key, key);
    assert_true(settings_command_key(&settings, bytes));
    assert_memory_equal(bytes, expected, sizeof expected);
    assert_int_equal(settings_set(&settings, "command_key", key + 1), STATUS_INVALID);
    key[0] = 'C';
    assert_int_equal(settings_set(&settings, "command_key", key), STATUS_INVALID);
    key[0] = '+';
    assert_int_equal(settings_set(&settings, "command_key", key), STATUS_INVALID);
    assert_int_equal(settings_set(&settings, "command_key", ""), STATUS_OK);
}

static void takes_a_time_zone_and_a_tariff_that_can_be_read(void **state)
{
    (void)state;
    struct settings settings;

    settings_init(&settings);
    assert_string_equal(settings.time_zone, "UTC0");
    assert_string_equal(settings.tariff, "");
    assert_int_equal(settings_set(&settings, "time_zone", "CET-1CEST,M3.5.0,M10.5.0/3"), STATUS_OK);
    assert_int_equal(settings_set(&settings, "time_zone", "Europe/Berlin"), STATUS_INVALID);
    assert_string_equal(settings.time_zone, "CET-1CEST,M3.5.0,M10.5.0/3");
    assert_int_equal(settings_set(&settings, "tariff", "1 mon-fri 07:00-21:00"), STATUS_OK);
    assert_int_equal(settings_set(&settings, "tariff", "9 mon-fri 07:00-21:00"), STATUS_INVALID);
    assert_string_equal(settings.tariff, "1 mon-fri 07:00-21:00");
    assert_int_equal(settings_set(&settings, "tariff", ""), STATUS_OK);
    assert_string_equal(settings.tariff, "");
}

static void knows_the_blocks_of_demand(void **state)
{
    (void)state;
    struct settings settings;

    settings_init(&settings);
    assert_int_equal(settings.demand_min, 15);
    assert_int_equal(settings_set(&settings, "demand_min", "30"), STATUS_OK);
    assert_int_equal(settings_set(&settings, "demand_min", "20"), STATUS_INVALID);
    assert_int_equal(settings_set(&settings, "demand_min", ""), STATUS_INVALID);
    assert_int_equal(settings.demand_min, 30);
    assert_int_equal(settings_set(&settings, "demand_sub_min", "5"), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_with_the_defaults_of_its_table),
        cmocka_unit_test(takes_both_ends_of_every_range_and_nothing_beyond),
        cmocka_unit_test(refuses_nonsense_and_keeps_what_it_had),
        cmocka_unit_test(takes_a_device_id_that_fits_a_certificate_and_a_topic),
        cmocka_unit_test(knows_the_cadence_of_the_older_meters),
        cmocka_unit_test(a_plug_has_one_relay_that_begins_open),
        cmocka_unit_test(takes_a_key_that_can_be_one),
        cmocka_unit_test(takes_a_time_zone_and_a_tariff_that_can_be_read),
        cmocka_unit_test(knows_the_blocks_of_demand),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
