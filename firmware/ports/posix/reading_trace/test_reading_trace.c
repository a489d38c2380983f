// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "reading_trace.h"

static const char journal[] = "00112233445566778899aabbccddeeff";
static char path[64];

static void keeps_every_line_of_a_process_that_is_killed(void **state)
{
    (void)state;
    struct reading_trace *trace = NULL;
    struct reading reading = { .uptime_ms = UINT64_MAX };
    char text[2048] = "";

    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        reading.channel[i].import_mj = INT64_MAX;
        reading.channel[i].export_mj = (int64_t)i;
    }
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (reading_trace_open(path, journal, 7, 3, &trace) == STATUS_OK) {
            reading_trace_try(trace, 7, &reading);
            reading_trace_kept(trace, 7);
            reading_trace_try(trace, 8, &reading);
        }
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);

    assert_int_equal(reading_trace_open(path, journal, 8, 4, &trace), STATUS_OK);
    reading_trace_lost(trace, 8);
    reading_trace_close(trace);

    FILE *file = fopen(path, "r");
    assert_non_null(file);
    (void)!fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    (void)unlink(path);

    assert_non_null(strstr(text, "open 00112233445566778899aabbccddeeff 7 3\n"
                                 "try 00112233445566778899aabbccddeeff 7 3 18446744073709551615 "
                                 "9223372036854775807 0 9223372036854775807 1 "));
    assert_non_null(strstr(text, " 9223372036854775807 7\nkept 00112233445566778899aabbccddeeff 7\n"
                                 "try 00112233445566778899aabbccddeeff 8 3 "));
    assert_non_null(strstr(text, "open 00112233445566778899aabbccddeeff 8 4\n"
                                 "lost 00112233445566778899aabbccddeeff 8\n"));
}

static void says_when_it_cannot_be_opened_and_is_silent_without_a_file(void **state)
{
    (void)state;
    struct reading_trace *trace = NULL;
    const struct reading reading = { .uptime_ms = 1 };

    assert_int_equal(reading_trace_open("/nowhere/trace", journal, 1, 1, &trace), STATUS_IO);
    reading_trace_try(NULL, 1, &reading);
    reading_trace_kept(NULL, 1);
    reading_trace_lost(NULL, 1);
    reading_trace_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_every_line_of_a_process_that_is_killed),
        cmocka_unit_test(says_when_it_cannot_be_opened_and_is_silent_without_a_file),
    };
    (void)snprintf(path, sizeof path, "/tmp/ohm-test-trace-%d", (int)getpid());
    return cmocka_run_group_tests_name("reading_trace", tests, NULL, NULL);
}
