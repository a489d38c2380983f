// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fleet_roll.h"

static enum status read_text(const char *text, struct fleet_roll *roll, unsigned *line)
{
    char path[] = "/tmp/fleet-roll-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    (void)close(file);
    const enum status status = fleet_roll_read(path, roll, line);
    (void)unlink(path);
    return status;
}

static void every_line_is_a_device_with_its_token(void **state)
{
    (void)state;
    struct fleet_roll roll;
    unsigned line = 0;
    assert_int_equal(read_text("sim-0 first\nsim-1 second\n", &roll, &line), STATUS_OK);
    assert_int_equal(roll.count, 2);
    assert_string_equal(roll.members[0].id, "sim-0");
    assert_string_equal(roll.members[0].token, "first");
    assert_string_equal(roll.members[1].id, "sim-1");
    assert_string_equal(roll.members[1].token, "second");
    fleet_roll_close(&roll);
    assert_null(roll.members);
}

static void a_long_roll_keeps_its_order(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static char text[COUNT * 16];
    struct fleet_roll roll;
    unsigned line = 0;
    size_t size = 0;
    for (int i = 0; i < COUNT; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "m%d t%d\n", i, i);
    }
    assert_int_equal(read_text(text, &roll, &line), STATUS_OK);
    assert_int_equal(roll.count, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        char expected[16];
        (void)snprintf(expected, sizeof expected, "t%u", i);
        assert_string_equal(roll.members[i].token, expected);
    }
    fleet_roll_close(&roll);
}

static void a_line_of_another_form_is_named(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "sim-0 first\nsim-1\n",
        "sim-0 first\nsim-1 second third\n",
        "sim-0 first\n\n",
        // A name of 33 characters runs into what would be the token.
        "sim-0 first\nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn token\n",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct fleet_roll roll;
        unsigned line = 0;
        assert_int_equal(read_text(BAD[i], &roll, &line), STATUS_CORRUPT);
        assert_int_equal(line, 2);
        assert_null(roll.members);
    }
}

static void a_roll_without_devices_is_none(void **state)
{
    (void)state;
    struct fleet_roll roll;
    unsigned line = 0;
    assert_int_equal(read_text("", &roll, &line), STATUS_CORRUPT);
    assert_int_equal(fleet_roll_read("/nowhere/at/all", &roll, &line), STATUS_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_a_device_with_its_token),
        cmocka_unit_test(a_long_roll_keeps_its_order),
        cmocka_unit_test(a_line_of_another_form_is_named),
        cmocka_unit_test(a_roll_without_devices_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
