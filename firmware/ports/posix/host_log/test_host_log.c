// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host_log.h"

static void says_who_and_how_grave(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct host_log log;

    host_log_init(&log, out, "meter-1");
    host_log_say(&log, HOST_LOG_WARNING, "%d relays", 8);
    (void)fclose(out);
    assert_non_null(strstr(text, "Z meter-1 warning: 8 relays\n"));
    free(text);
}

static void says_the_same_kind_of_thing_once_a_minute(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct host_log log;
    struct host_log_limit limit = { .held_back = 0 };

    host_log_init(&log, out, "meter-1");
    for (int i = 0; i < 1000; i++) {
        host_log_say_seldom(&log, &limit, HOST_LOG_WARNING, "flood %d", i);
    }
    limit.last_s -= HOST_LOG_REPEAT_S;
    host_log_say_seldom(&log, &limit, HOST_LOG_WARNING, "flood again");
    (void)fclose(out);
    assert_non_null(strstr(text, "flood 0\n"));
    assert_null(strstr(text, "flood 1"));
    assert_non_null(strstr(text, "flood again (and 999 times before)\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_who_and_how_grave),
        cmocka_unit_test(says_the_same_kind_of_thing_once_a_minute),
    };
    return cmocka_run_group_tests_name("host_log", tests, NULL, NULL);
}
