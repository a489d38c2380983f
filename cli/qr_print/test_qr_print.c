// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <qrencode.h>

#include "qr_print.h"
#include "test_qr_reader.h"

static const char example[] = "EM1:EcoWatt001:AAAQEAYEAUDAOCAJBIFQYDIOB4";

/// Prints to memory, which the caller frees.
static char *print(const char *text, bool colours, enum status expected)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    assert_non_null(out);
    assert_int_equal(qr_print(out, text, colours), expected);
    assert_int_equal(fclose(out), 0);
    return printed;
}

/// Which halves of the character at `*at` are dark: 1 the upper, 2 the lower. Moves behind it.
static unsigned read_block(const char **at)
{
    static const char *const blocks[] = { " ", "\u2580", "\u2584", "\u2588" };
    for (unsigned i = 0; i < 4; i++) {
        if (strncmp(*at, blocks[i], strlen(blocks[i])) == 0) {
            *at += strlen(blocks[i]);
            return i;
        }
    }
    fail_msg("no block at \"%.8s\"", *at);
    return 0;
}

static void draws_every_module_and_four_of_light_around(void **state)
{
    (void)state;
    char *printed = print(example, false, STATUS_OK);
    QRcode *code = QRcode_encodeString8bit(example, 0, QR_ECLEVEL_M);
    assert_non_null(code);
    const char *at = printed;
    const int side = code->width + 2 * QR_PRINT_QUIET;
    for (int row = 0; row < side; row += 2) {
        for (int column = 0; column < side; column++) {
            const unsigned block = read_block(&at);
            for (int half = 0; half < 2; half++) {
                const int x = column - QR_PRINT_QUIET;
                const int y = row + half - QR_PRINT_QUIET;
                const bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
                const unsigned dark = inside ? code->data[y * code->width + x] & 1u : 0u;
                assert_int_equal(block >> half & 1u, dark);
            }
        }
        assert_int_equal(*at++, '\n');
    }
    assert_int_equal(*at, '\0');
    QRcode_free(code);
    free(printed);
}

static void can_be_read_from_the_screen(void **state)
{
    enum { SIDE_LIMIT = 200 };
    static unsigned char modules[SIDE_LIMIT * SIDE_LIMIT];
    static const char *const texts[] = { example,
                                         "WIFI:T:WPA;S:Ohmstead-e677e7;P:AZN2DWITZT657Z22;;" };
    char read[128];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *printed = print(texts[i], false, STATUS_OK);
        memset(modules, 0, sizeof modules);
        const char *end = strchr(printed, '\n');
        int side = 0;
        for (const char *at = printed; at < end; side++) {
            (void)read_block(&at);
        }
        assert_in_range(side, 1, SIDE_LIMIT);
        const char *at = printed;
        for (int row = 0; row < side; row += 2, at++) {
            for (int column = 0; column < side; column++) {
                const unsigned block = read_block(&at);
                modules[row * side + column] = (block & 1u) != 0;
                if (row + 1 < side) {
                    modules[(row + 1) * side + column] = (block & 2u) != 0;
                }
            }
        }
        assert_true(test_qr_reader_read(modules, side, read, sizeof read));
        assert_string_equal(read, texts[i]);
        free(printed);
    }
}

static void says_its_colours_and_takes_them_back_in_every_line(void **state)
{
    (void)state;
    char *plain = print(example, false, STATUS_OK);
    char *coloured = print(example, true, STATUS_OK);
    const char *at = coloured;
    for (const char *line = plain; *line != '\0';) {
        const size_t size = strcspn(line, "\n");
        assert_memory_equal(at, "\033[38;5;16m\033[48;5;231m", 21);
        assert_memory_equal(at + 21, line, size);
        assert_memory_equal(at + 21 + size, "\033[0m\n", 5);
        at += 21 + size + 5;
        line += size + 1;
    }
    assert_int_equal(*at, '\0');
    free(plain);
    free(coloured);
}

static void refuses_what_no_code_can_hold(void **state)
{
    (void)state;
    static char text[3000];
    memset(text, 'x', sizeof text - 1);
    char *printed = print(text, false, STATUS_INVALID);
    assert_string_equal(printed, "");
    free(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_every_module_and_four_of_light_around),
        cmocka_unit_test(can_be_read_from_the_screen),
        cmocka_unit_test(says_its_colours_and_takes_them_back_in_every_line),
        cmocka_unit_test(refuses_what_no_code_can_hold),
    };
    return cmocka_run_group_tests_name("qr_print", tests, NULL, NULL);
}
