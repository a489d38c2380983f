// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "terminal_text.h"

static void expect(const char *given, const char *wanted)
{
    char text[128];
    assert_true(strlen(given) < sizeof text);
    memcpy(text, given, strlen(given) + 1);
    assert_ptr_equal(terminal_text_clean(text), text);
    assert_string_equal(text, wanted);
}

static void leaves_what_people_read_as_it_is(void **state)
{
    (void)state;
    expect("", "");
    expect("meter-1 \"<&>\\ ~", "meter-1 \"<&>\\ ~");
    expect("Café Zähler 電力 \xF0\x9F\x94\x8C \xC2\xA0",
           "Café Zähler 電力 \xF0\x9F\x94\x8C \xC2\xA0");
}

static void lets_nothing_steer_the_terminal(void **state)
{
    (void)state;
    for (unsigned byte = 1; byte < 0x20; byte++) {
        const char text[] = { 'a', (char)byte, 'b', '\0' };
        expect(text, "a?b");
    }
    expect("\x1B[31mred\x1B[0m\x07", "?[31mred?[0m?");
    expect("line\r\nof another\x7F", "line??of another?");
    for (unsigned byte = 0x80; byte < 0xA0; byte++) {
        const char encoded[] = { 'a', '\xC2', (char)byte, 'b', '\0' };
        const char bare[] = { 'a', (char)byte, 'b', '\0' };
        expect(encoded, "a?b");
        expect(bare, "a?b");
    }
}

static void reads_no_further_than_the_text_goes(void **state)
{
    (void)state;
    expect("\xC2", "\xC2");
    expect("\xE9\x9B", "\xE9?");
    expect("\xF0\x9F\x94", "\xF0??");
    expect("\xE9\x1B[", "\xE9?[");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_what_people_read_as_it_is),
        cmocka_unit_test(lets_nothing_steer_the_terminal),
        cmocka_unit_test(reads_no_further_than_the_text_goes),
    };
    return cmocka_run_group_tests_name("terminal_text", tests, NULL, NULL);
}
