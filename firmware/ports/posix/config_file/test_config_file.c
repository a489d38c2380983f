// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_file.h"

struct taken {
    char text[512];
};

static const char *take(void *ctx, const char *key, const char *value)
{
    struct taken *taken = ctx;
    const size_t size = strlen(taken->text);
    (void)snprintf(taken->text + size, sizeof taken->text - size, "[%s|%s]", key, value);
    return strcmp(key, "wrong") == 0 ? "there is no such key" : NULL;
}

static enum status read_text(const char *text, struct taken *taken, char *fault)
{
    const struct config_taker taker = { .take = take, .ctx = taken };
    char copy[512];
    *taken = (struct taken){ .text = "" };
    (void)snprintf(copy, sizeof copy, "%s", text);
    return config_text_read(copy, "ohm.conf", &taker, fault);
}

static void reads_pairs_comments_and_quotes(void **state)
{
    (void)state;
    struct taken taken;
    char fault[CONFIG_FILE_FAULT_SIZE] = "";

    assert_int_equal(read_text("# note\r\n\n  a=1\r\n b = two words \nc = \" x=y \"\nd=\ne = a#b",
                               &taken, fault),
                     STATUS_OK);
    assert_string_equal(taken.text, "[a|1][b|two words][c| x=y ][d|][e|a#b]");
}

static void names_the_line_that_is_wrong(void **state)
{
    (void)state;
    struct taken taken;
    char fault[CONFIG_FILE_FAULT_SIZE] = "";

    assert_int_equal(read_text("a=1\n\nnonsense\n", &taken, fault), STATUS_INVALID);
    assert_string_equal(fault, "ohm.conf, line 3: not of the form key = value");
    assert_int_equal(read_text("=1\n", &taken, fault), STATUS_INVALID);
    assert_int_equal(read_text("a=\"1\n", &taken, fault), STATUS_INVALID);
    assert_string_equal(fault, "ohm.conf, line 1: a quote is missing");
    assert_int_equal(read_text("a=1\nwrong=1\nb=2", &taken, fault), STATUS_INVALID);
    assert_string_equal(fault, "ohm.conf, line 2: there is no such key");
    assert_string_equal(taken.text, "[a|1][wrong|1]");
}

static void says_why_a_file_cannot_be_read(void **state)
{
    (void)state;
    struct taken taken = { .text = "" };
    const struct config_taker taker = { .take = take, .ctx = &taken };
    char fault[CONFIG_FILE_FAULT_SIZE] = "";
    char path[64];

    assert_int_equal(config_file_read("/nowhere/ohm.conf", &taker, fault), STATUS_IO);
    assert_string_equal(fault, "/nowhere/ohm.conf: No such file or directory");
    assert_int_equal(config_file_read("/tmp", &taker, fault), STATUS_IO);

    (void)snprintf(path, sizeof path, "/tmp/ohm-test-config-%d", (int)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite("a=1\0b=2", 1, 7, file), 7);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(config_file_read(path, &taker, fault), STATUS_FULL);
    assert_string_equal(taken.text, "");
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_pairs_comments_and_quotes),
        cmocka_unit_test(names_the_line_that_is_wrong),
        cmocka_unit_test(says_why_a_file_cannot_be_read),
    };
    return cmocka_run_group_tests_name("config_file", tests, NULL, NULL);
}
