// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "command.h"

static enum status relay_control(const char *text, struct command *command)
{
    return command_parse_relay_control(text, strlen(text), command);
}

static void takes_every_action_of_the_older_meters(void **state)
{
    (void)state;
    struct command command;

    assert_int_equal(
        relay_control("{\"action\":\"set_relay\",\"relay\":7,\"state\":true}", &command),
        STATUS_OK);
    assert_int_equal(command.kind, COMMAND_SWITCH);
    assert_int_equal(command.request.operation, RELAY_SET);
    assert_int_equal(command.request.relay, 7);
    assert_true(command.request.closed);

    assert_int_equal(relay_control("{\"action\":\"toggle_relay\",\"relay\":3}", &command),
                     STATUS_OK);
    assert_int_equal(command.request.operation, RELAY_TOGGLE);
    assert_int_equal(command.request.relay, 3);

    assert_int_equal(relay_control("{\"action\":\"all_on\"}", &command), STATUS_OK);
    assert_int_equal(command.request.operation, RELAY_ALL_ON);
    assert_int_equal(relay_control("{\"action\":\"all_off\"}", &command), STATUS_OK);
    assert_int_equal(command.request.operation, RELAY_ALL_OFF);

    assert_int_equal(
        relay_control("{\"action\":\"set_all_relays\",\"mask\":170,\"x\":[]}", &command),
        STATUS_OK);
    assert_int_equal(command.request.operation, RELAY_SET_ALL);
    assert_int_equal(command.request.mask, 170);

    assert_int_equal(relay_control("{\"action\":\"get_status\"}", &command), STATUS_OK);
    assert_int_equal(command.kind, COMMAND_GET_RELAY_STATUS);
}

static void refuses_actions_that_are_not_whole(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{}",
        "{\"action\":5}",
        "{\"action\":\"explode\"}",
        "{\"action\":\"set_relay_of_a_name_that_is_far_too_long\"}",
        "{\"action\":\"set_relay\",\"relay\":8,\"state\":true}",
        "{\"action\":\"set_relay\",\"relay\":-1,\"state\":true}",
        "{\"action\":\"set_relay\",\"relay\":256,\"state\":true}",
        "{\"action\":\"set_relay\",\"relay\":\"0\",\"state\":true}",
        "{\"action\":\"set_relay\",\"relay\":0}",
        "{\"action\":\"set_relay\",\"relay\":0,\"state\":1}",
        "{\"action\":\"toggle_relay\"}",
        "{\"action\":\"set_all_relays\"}",
        "{\"action\":\"set_all_relays\",\"mask\":256}",
        "{\"action\":\"set_all_relays\",\"mask\":1e2}",
    };
    struct command command;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(relay_control(bad[i], &command), STATUS_INVALID);
    }
    assert_int_equal(relay_control("{\"action\":\"all_on\"", &command), STATUS_CORRUPT);
    assert_int_equal(relay_control("all_on", &command), STATUS_CORRUPT);
}

static void takes_the_four_words_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum command_kind kind;
    } good[] = {
        { "restart", COMMAND_RESTART },
        { " reset_wifi\n", COMMAND_RESET_WIFI },
        { "get_relay_status", COMMAND_GET_RELAY_STATUS },
        { "get_system_status", COMMAND_GET_SYSTEM_STATUS },
    };
    struct command command;
    char longest[COMMAND_TEXT_SIZE + 1];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(command_parse_text(good[i].text, strlen(good[i].text), &command),
                         STATUS_OK);
        assert_int_equal(command.kind, good[i].kind);
    }
    assert_int_equal(command_parse_text("", 0, &command), STATUS_INVALID);
    assert_int_equal(command_parse_text("restar", 6, &command), STATUS_INVALID);
    assert_int_equal(command_parse_text("restart\0", 8, &command), STATUS_INVALID);
    assert_int_equal(command_parse_text("restart now", 11, &command), STATUS_INVALID);
    memset(longest, ' ', sizeof longest);
    memcpy(longest, "restart", 7);
    assert_int_equal(command_parse_text(longest, COMMAND_TEXT_SIZE, &command), STATUS_OK);
    assert_int_equal(command_parse_text(longest, sizeof longest, &command), STATUS_FULL);
}

static enum status native(const char *text, struct native_command *command)
{
    return command_parse_native(text, strlen(text), "meter-1", command);
}

static void reads_native_commands(void **state)
{
    (void)state;
    struct native_command command;

    assert_int_equal(native("{\"action\":\"set_relay\",\"cmd_id\":\"01J\",\"exp\":1763690030,"
                            "\"iat\":1763690000,\"relay\":2,\"state\":false,"
                            "\"target\":\"meter-1\",\"v\":1}",
                            &command),
                     STATUS_OK);
    assert_null(command.fault);
    assert_string_equal(command.cmd_id, "01J");
    assert_true(command.expires_s == 1763690030);
    assert_int_equal(command.request.operation, RELAY_SET);
    assert_int_equal(command.request.relay, 2);
    assert_false(command.request.closed);

    assert_int_equal(native("{\"action\":\"set_relays\",\"mask\":170,\"cmd_id\":\"x\",\"exp\":2,"
                            "\"iat\":1,\"target\":\"meter-1\",\"v\":1}",
                            &command),
                     STATUS_OK);
    assert_null(command.fault);
    assert_int_equal(command.request.operation, RELAY_SET_ALL);
    assert_int_equal(command.request.mask, 170);
}

static void owes_a_result_to_whoever_gave_an_id(void **state)
{
    (void)state;
    static const char *const faulty[] = {
        "{\"cmd_id\":\"x\"}",
        "{\"cmd_id\":\"x\",\"v\":2,\"target\":\"meter-1\",\"exp\":2,\"iat\":1,\"action\":\"set_"
        "relays\",\"mask\":1}",
        "{\"cmd_id\":\"x\",\"v\":1,\"target\":\"meter-2\",\"exp\":2,\"iat\":1,\"action\":\"set_"
        "relays\",\"mask\":1}",
        "{\"cmd_id\":\"x\",\"v\":1,\"target\":\"meter-1\",\"iat\":1,\"action\":\"set_relays\","
        "\"mask\":1}",
        "{\"cmd_id\":\"x\",\"v\":1,\"target\":\"meter-1\",\"exp\":2,\"iat\":3,\"action\":\"set_"
        "relays\",\"mask\":1}",
        "{\"cmd_id\":\"x\",\"v\":1,\"target\":\"meter-1\",\"exp\":9223372036854775807,\"iat\":3,"
        "\"action\":\"set_relays\",\"mask\":1}",
        "{\"cmd_id\":\"x\",\"v\":1,\"target\":\"meter-1\",\"exp\":2,\"iat\":1,\"action\":\"toggle_"
        "relay\",\"relay\":1}",
        "{\"cmd_id\":\"x\",\"v\":1,\"target\":\"meter-1\",\"exp\":2,\"iat\":1,\"action\":\"set_"
        "relays\",\"mask\":256}",
    };
    struct native_command command;

    for (size_t i = 0; i < sizeof faulty / sizeof faulty[0]; i++) {
        assert_int_equal(native(faulty[i], &command), STATUS_OK);
        assert_string_equal(command.cmd_id, "x");
        assert_non_null(command.fault);
    }
    assert_int_equal(native("{}", &command), STATUS_INVALID);
    assert_int_equal(native("{\"cmd_id\":\"\"}", &command), STATUS_INVALID);
    assert_int_equal(native("{\"cmd_id\":7}", &command), STATUS_INVALID);
    assert_int_equal(native("{\"cmd_id\":\"12345678901234567890123456789012345678901\"}", &command),
                     STATUS_INVALID);
    assert_int_equal(native("nonsense", &command), STATUS_CORRUPT);
}

static void reads_what_a_person_knows_of_a_load(void **state)
{
    (void)state;
    struct native_command command;
    assert_int_equal(
        native("{\"action\":\"calibrate\",\"channel\":3,\"cmd_id\":\"x\",\"current_ma\":8695,"
               "\"exp\":2,\"iat\":1,\"resistive\":true,\"seconds\":15,\"sensor\":\"sct-013-000\","
               "\"target\":\"meter-1\","
               "\"turns\":4,\"v\":1,\"voltage_mv\":230100,\"who\":\"anna\"}",
               &command),
        STATUS_OK);
    assert_null(command.fault);
    assert_int_equal(command.kind, COMMAND_METERING);
    assert_int_equal(command.metering.action, METERING_CALIBRATE);
    assert_int_equal(command.metering.channel, 3);
    assert_int_equal(command.metering.seconds, 15);
    assert_true(command.metering.truth.resistive);
    assert_true(command.metering.truth.voltage_v == 230.1);
    assert_true(command.metering.truth.current_a == 8.695);
    assert_true(command.metering.truth.active_w == 0.0);
    assert_true(command.metering.truth.turns == 4.0);
    assert_int_equal(command.metering.truth.sensor, CALIBRATION_SENSOR_SCT_013_000);
    assert_string_equal(command.metering.who, "anna");
    assert_int_equal(native("{\"action\":\"wiring_check\",\"channel\":0,\"cmd_id\":\"x\",\"exp\":2,"
                            "\"iat\":1,\"load_mw\":1000000,\"may_export\":true,\"resistive\":true,"
                            "\"switched\":true,\"target\":\"meter-1\",\"v\":1}",
                            &command),
                     STATUS_OK);
    assert_null(command.fault);
    assert_int_equal(command.metering.action, METERING_CHECK_WIRING);
    assert_true(command.metering.question.load_w == 1000.0);
    assert_true(command.metering.question.may_export && command.metering.question.load_switched);
    assert_false(command.metering.question.three_phase);
}

static void reads_what_is_asked_of_the_converter_and_of_demand(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum metering_action action;
    } plain[] = {
        { "linearity_apply", METERING_LINEARITY_APPLY },
        { "linearity_clear", METERING_LINEARITY_CLEAR },
        { "linearity_cancel", METERING_LINEARITY_CANCEL },
        { "linearity_get", METERING_LINEARITY_TELL },
        { "demand_reset", METERING_DEMAND_RESET },
        { "demand_get", METERING_DEMAND_TELL },
    };
    struct native_command command;
    assert_int_equal(native("{\"action\":\"linearity_gather\",\"channels\":5,\"cmd_id\":\"x\","
                            "\"exp\":2,\"iat\":1,\"seconds\":60,\"target\":\"meter-1\",\"v\":1,"
                            "\"voltage\":true}",
                            &command),
                     STATUS_OK);
    assert_null(command.fault);
    assert_int_equal(command.metering.action, METERING_LINEARITY_GATHER);
    assert_int_equal(command.metering.channels, 5);
    assert_int_equal(command.metering.seconds, 60);
    assert_true(command.metering.voltage);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "{\"action\":\"%s\",\"cmd_id\":\"x\",\"exp\":2,\"iat\":1,\"target\":"
                       "\"meter-1\",\"v\":1,\"who\":\"anna\"}",
                       plain[i].name);
        assert_int_equal(native(text, &command), STATUS_OK);
        assert_null(command.fault);
        assert_int_equal(command.metering.action, plain[i].action);
        assert_string_equal(command.metering.who, "anna");
    }
}

static void says_what_is_wrong_with_a_swing(void **state)
{
    (void)state;
    static const char *const faulty[] = { "\"channels\":256", "\"channels\":-1", "\"voltage\":1",
                                          "\"seconds\":301" };
    struct native_command command;
    for (size_t i = 0; i < sizeof faulty / sizeof faulty[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "{\"action\":\"linearity_gather\",\"cmd_id\":\"x\",\"exp\":2,\"iat\":1,"
                       "\"target\":\"meter-1\",\"v\":1,%s}",
                       faulty[i]);
        assert_int_equal(native(text, &command), STATUS_OK);
        assert_non_null(command.fault);
    }
}

static void says_what_is_wrong_with_a_calibration(void **state)
{
    (void)state;
    static const char *const faulty[] = {
        "\"channel\":8",
        "\"channel\":0,\"seconds\":301",
        "\"channel\":0,\"seconds\":-1",
        "\"channel\":0,\"current_ma\":-5",
        "\"channel\":0,\"power_mw\":1000000001",
        "\"channel\":0,\"voltage_mv\":\"230\"",
        "\"channel\":0,\"turns\":1000",
        "\"channel\":0,\"resistive\":1",
        "\"channel\":0,\"sensor\":\"sct-013-050\"",
        "\"channel\":0,\"sensor\":\"unknown\"",
        "\"channel\":0,\"sensor\":\"\"",
        "\"channel\":0,\"sensor\":\"a name that is far too long\"",
        "\"channel\":0,\"sensor\":13",
        "\"channel\":0,\"who\":\"a name that is far too long\"",
        "\"seconds\":5",
    };
    struct native_command command;
    for (size_t i = 0; i < sizeof faulty / sizeof faulty[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "{\"action\":\"calibrate\",\"cmd_id\":\"x\",\"exp\":2,\"iat\":1,\"target\":"
                       "\"meter-1\",\"v\":1,%s}",
                       faulty[i]);
        assert_int_equal(native(text, &command), STATUS_OK);
        assert_non_null(command.fault);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_action_of_the_older_meters),
        cmocka_unit_test(refuses_actions_that_are_not_whole),
        cmocka_unit_test(takes_the_four_words_and_nothing_else),
        cmocka_unit_test(reads_native_commands),
        cmocka_unit_test(owes_a_result_to_whoever_gave_an_id),
        cmocka_unit_test(reads_what_a_person_knows_of_a_load),
        cmocka_unit_test(says_what_is_wrong_with_a_calibration),
        cmocka_unit_test(reads_what_is_asked_of_the_converter_and_of_demand),
        cmocka_unit_test(says_what_is_wrong_with_a_swing),
    };
    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
