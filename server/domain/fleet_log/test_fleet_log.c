// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_log.h"

static void remember(void *ctx, enum fleet_log_level level, const char *line)
{
    (void)level;
    char *seen = ctx;
    memcpy(seen, line, strlen(line) + 1);
}

static void lets_nobody_forge_a_line(void **state)
{
    (void)state;
    char seen[600];
    const struct fleet_log log = { remember, seen };
    fleet_log_line(&log, FLEET_LOG_INFO, "%s: %d", "meter\n\x1b[2J", 7);
    assert_string_equal(seen, "meter??[2J: 7");
}

static void cuts_what_is_too_long(void **state)
{
    (void)state;
    char seen[600];
    char text[2000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    const struct fleet_log log = { remember, seen };
    fleet_log_line(&log, FLEET_LOG_INFO, "%s", text);
    assert_int_equal(strlen(seen), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_nobody_forge_a_line),
        cmocka_unit_test(cuts_what_is_too_long),
    };
    return cmocka_run_group_tests_name("fleet_log", tests, NULL, NULL);
}
