// SPDX-License-Identifier: MIT
#include "options_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct option_rule rules[] = {
    { "help", false }, { "json", false }, { "server", true }, { NULL, false }
};

static enum status read_line(struct options_line *line, char *const *argv, char *fault)
{
    int argc = 0;
    while (argv[argc] != NULL) {
        argc++;
    }
    return options_line_read(line, argc, argv, rules, fault);
}

static void options_may_stand_anywhere(void **state)
{
    (void)state;
    struct options_line line;
    char fault[OPTIONS_FAULT_SIZE_CLI] = "";
    char *const argv[] = {
        "ohm", "--json", "relay", "meter-1", "--server", "https://a", "3", NULL
    };
    assert_int_equal(read_line(&line, argv, fault), STATUS_OK);
    assert_string_equal(line.command, "relay");
    assert_int_equal(line.arguments, 2);
    assert_string_equal(line.argument[1], "3");
    assert_string_equal(options_line_value(&line, "server"), "https://a");
    assert_string_equal(options_line_value(&line, "json"), "");
    assert_null(options_line_value(&line, "help"));
}

static void a_value_may_follow_an_equals_sign(void **state)
{
    (void)state;
    struct options_line line;
    char fault[OPTIONS_FAULT_SIZE_CLI] = "";
    char *const argv[] = { "ohm", "--server=https://a=b", "-h", NULL };
    assert_int_equal(read_line(&line, argv, fault), STATUS_OK);
    assert_string_equal(options_line_value(&line, "server"), "https://a=b");
    assert_non_null(options_line_value(&line, "help"));
    assert_null(line.command);
}

static void after_two_dashes_everything_is_an_argument(void **state)
{
    (void)state;
    struct options_line line;
    char fault[OPTIONS_FAULT_SIZE_CLI] = "";
    char *const argv[] = { "ohm", "show", "--", "--json", NULL };
    assert_int_equal(read_line(&line, argv, fault), STATUS_OK);
    assert_string_equal(line.argument[0], "--json");
    assert_null(options_line_value(&line, "json"));
}

static void a_wrong_option_is_named(void **state)
{
    (void)state;
    struct options_line line;
    char *const wrong[][4] = {
        { "ohm", "--jso", NULL }, { "ohm", "--server", NULL },         { "ohm", "--json=1", NULL },
        { "ohm", "-x", NULL },    { "ohm", "--json", "--json", NULL }, { "ohm", "-server", NULL },
    };
    for (size_t n = 0; n < sizeof wrong / sizeof wrong[0]; n++) {
        char fault[OPTIONS_FAULT_SIZE_CLI] = "";
        assert_int_equal(read_line(&line, wrong[n], fault), STATUS_INVALID);
        assert_non_null(strstr(fault, wrong[n][1]));
    }
}

static void a_number_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    double number = 7.0;
    assert_true(options_number("2000.5", 0.0, 1e6, &number));
    assert_true(number > 2000.4 && number < 2000.6);
    const char *const wrong[] = { "", "2 kW", "1e9", "-1", "nan", "inf", "0x10", "1.2.3" };
    for (size_t n = 0; n < sizeof wrong / sizeof wrong[0]; n++) {
        assert_false(options_number(wrong[n], 0.0, 1e6, &number));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_may_stand_anywhere),
        cmocka_unit_test(a_value_may_follow_an_equals_sign),
        cmocka_unit_test(after_two_dashes_everything_is_an_argument),
        cmocka_unit_test(a_wrong_option_is_named),
        cmocka_unit_test(a_number_is_read_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
