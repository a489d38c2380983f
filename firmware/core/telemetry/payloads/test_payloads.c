// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "payloads.h"

static struct reading example(void)
{
    struct reading reading = { .uptime_ms = 61000,
                               .window_us = 1000000,
                               .frequency_mhz = 49987,
                               .channels = 0x05,
                               .connected = 0x04 };
    reading.channel[0] = (struct reading_channel){ .voltage_10mv = 23012, .import_mj = 7200 };
    reading.channel[2] = (struct reading_channel){ .voltage_10mv = 23012,
                                                   .current_100ua = 12345,
                                                   .active_power_10mw = -25000,
                                                   .reactive_power_10mvar = 1250,
                                                   .apparent_power_10mva = 28409,
                                                   .power_factor_1e4 = -8800,
                                                   .import_mj = 3600000,
                                                   .export_mj = 1000 };
    return reading;
}

static void data_has_every_member_and_true_units(void **state)
{
    (void)state;
    const struct reading reading = example();
    const struct data_payload data = {
        .device_id = "meter-1", .reading = &reading, .uptime_us = 61000123, .packet_id = 7
    };
    char out[PAYLOADS_SIZE_LIMIT];
    size_t size = 0;

    assert_int_equal(payloads_data(&data, out, sizeof out, &size), STATUS_OK);
    assert_int_equal(size, strlen(out));
    assert_non_null(strstr(out, "{\"packet_id\":7,\"timestamp\":61000123,\"system_voltage\":230.12,"
                                "\"security\":\"SSL_TLS_ENCRYPTED\",\"device_id\":\"meter-1\","
                                "\"channels\":[{\"channel\":0,\"connected\":false,"));
    assert_non_null(strstr(out, "{\"channel\":2,\"connected\":true,\"current\":1.2345,"
                                "\"voltage\":230.12,\"power_real\":-250,\"power_apparent\":284.09,"
                                "\"power_reactive\":12.5,\"power_factor\":-0.88,\"energy\":1,"
                                "\"frequency\":49.987,\"timestamp\":61000000}"));
    assert_non_null(strstr(out, "\"solar\":{\"data_valid\":false,\"solar_voltage\":0,"
                                "\"solar_current\":0,\"solar_power\":0,\"battery_voltage\":0,"
                                "\"battery_current\":0,\"battery_soc\":0,\"timestamp\":0},"
                                "\"summary\":{\"total_power\":-250,\"total_energy\":1.002,"
                                "\"connected_sensors\":1,\"transmission_mode\":\"SECURE_SSL\"}}"));
}

static void realtime_sums_the_channels(void **state)
{
    (void)state;
    const struct reading reading = example();
    const struct realtime_payload realtime = {
        .device_id = "meter-1", .reading = &reading, .uptime_us = 61000123, .relay_mask = 5
    };
    char out[PAYLOADS_SIZE_LIMIT];
    size_t size = 0;

    assert_int_equal(payloads_realtime(&realtime, out, sizeof out, &size), STATUS_OK);
    assert_string_equal(out, "{\"voltage_rms\":230.12,\"current_rms\":1.2345,\"power_real\":-250,"
                             "\"power_apparent\":284.09,\"power_factor\":-0.88,"
                             "\"frequency\":49.987,\"sensor_connected\":true,"
                             "\"timestamp\":61000123,\"relay_mask\":5,\"device_id\":\"meter-1\","
                             "\"security\":\"SSL_TLS_ENCRYPTED\"}");
}

static void relay_status_names_relays_in_the_order_of_their_bits(void **state)
{
    (void)state;
    const struct relay_status_payload status = {
        .device_id = "meter-1", .uptime_us = 9, .changed_us = 4, .relay_mask = 0x81
    };
    char out[PAYLOADS_SIZE_LIMIT];
    size_t size = 0;

    assert_int_equal(payloads_relay_status(&status, out, sizeof out, &size), STATUS_OK);
    assert_string_equal(out, "{\"relays\":[true,false,false,false,false,false,false,true],"
                             "\"relay_mask\":129,\"power_failure_mode\":false,\"last_update\":4,"
                             "\"device_id\":\"meter-1\",\"timestamp\":9,"
                             "\"security\":\"SSL_TLS_ENCRYPTED\"}");
}

static void system_status_has_every_member(void **state)
{
    (void)state;
    const struct system_status_payload status = { .device_id = "meter-1",
                                                  .version = "0.1.0",
                                                  .journal_id = "00",
                                                  .uptime_us = 61999999,
                                                  .journal_depth = 12,
                                                  .boot_id = 3,
                                                  .relay_mask = 0xF0,
                                                  .reference_voltage_10mv = 23012 };
    static const char *const members[] = {
        "\"status\":\"online\"",
        "\"device_id\":\"meter-1\"",
        "\"version\":\"0.1.0\"",
        "\"uptime\":61,",
        "\"timestamp\":61999999",
        "\"free_heap\":",
        "\"min_free_heap\":",
        "\"wifi_connected\":false",
        "\"mqtt_connected\":true",
        "\"custom_ssl_active\":true",
        "\"provisioning_mode\":false",
        "\"security_level\":\"CUSTOM_MUTUAL_TLS\"",
        "\"certificate_type\":\"USER_PROVIDED\"",
        "\"client_cert_auth\":true",
        "\"server_cert_verified\":true",
        "\"sampling_task_running\":",
        "\"processing_task_running\":",
        "\"communication_task_running\":",
        "\"button_task_running\":",
        "\"active_relays\":4",
        "\"packet_counter\":0",
        "\"current_voltage\":230.12",
        "\"journal_depth\":12",
        "\"journal_id\":\"00\"",
        "\"boot_id\":3",
    };
    char out[PAYLOADS_SIZE_LIMIT];
    size_t size = 0;

    assert_int_equal(payloads_system_status(&status, out, sizeof out, &size), STATUS_OK);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        assert_non_null(strstr(out, members[i]));
    }
}

static void tells_of_the_case_where_it_has_a_switch(void **state)
{
    (void)state;
    struct system_status_payload status = { .device_id = "m", .version = "", .journal_id = "00" };
    char out[PAYLOADS_SIZE_LIMIT];
    size_t size = 0;
    assert_int_equal(payloads_system_status(&status, out, sizeof out, &size), STATUS_OK);
    assert_null(strstr(out, "tamper"));
    status.has_tamper_switch = true;
    status.tampered = true;
    status.tamper_count = 7;
    assert_int_equal(payloads_system_status(&status, out, sizeof out, &size), STATUS_OK);
    assert_non_null(strstr(out, "\"tamper\":{\"latched\":true,\"case_open\":false,\"count\":7}"));
}

static void fits_its_limit_with_the_largest_values(void **state)
{
    (void)state;
    struct reading reading;
    memset(&reading, 0xFF, sizeof reading);
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        reading.channel[i].active_power_10mw = INT32_MIN;
        reading.channel[i].reactive_power_10mvar = INT32_MIN;
        reading.channel[i].power_factor_1e4 = INT16_MIN;
        reading.channel[i].import_mj = INT64_MAX / READING_CHANNEL_COUNT;
    }
    reading.uptime_ms = UINT64_MAX / 1000;
    const struct data_payload data = { .device_id = "12345678901234567890123456789012",
                                       .reading = &reading,
                                       .uptime_us = UINT64_MAX,
                                       .packet_id = UINT32_MAX };
    char out[PAYLOADS_SIZE_LIMIT];
    size_t size = 0;

    assert_int_equal(payloads_data(&data, out, sizeof out, &size), STATUS_OK);
    assert_int_equal(payloads_data(&data, out, size, &size), STATUS_FULL);
}

static void command_result_and_will_read_as_agreed(void **state)
{
    (void)state;
    const struct command_result_payload result = {
        .cmd_id = "01J\"X", .status = "done", .reason = "", .relay_mask = 5
    };
    char out[PAYLOADS_SIZE_LIMIT];
    size_t size = 0;

    assert_int_equal(payloads_command_result(&result, out, sizeof out, &size), STATUS_OK);
    assert_string_equal(
        out, "{\"cmd_id\":\"01J\\\"X\",\"status\":\"done\",\"reason\":\"\",\"relay_mask\":5}");
    struct command_result_payload told = result;
    told.detail = "{\"channel\":2}";
    size = 0;
    assert_int_equal(payloads_command_result(&told, out, sizeof out, &size), STATUS_OK);
    assert_string_equal(
        out, "{\"cmd_id\":\"01J\\\"X\",\"status\":\"done\",\"reason\":\"\",\"relay_mask\":5,"
             "\"detail\":{\"channel\":2}}");
    assert_string_equal(payloads_offline(), "{\"status\":\"offline\",\"timestamp\":0}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_has_every_member_and_true_units),
        cmocka_unit_test(realtime_sums_the_channels),
        cmocka_unit_test(relay_status_names_relays_in_the_order_of_their_bits),
        cmocka_unit_test(system_status_has_every_member),
        cmocka_unit_test(tells_of_the_case_where_it_has_a_switch),
        cmocka_unit_test(fits_its_limit_with_the_largest_values),
        cmocka_unit_test(command_result_and_will_read_as_agreed),
    };
    return cmocka_run_group_tests_name("payloads", tests, NULL, NULL);
}
