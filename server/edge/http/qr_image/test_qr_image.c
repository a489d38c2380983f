// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <qrencode.h>

#include "qr_image.h"
#include "test_qr_reader.h"

/// Paints the image's path into modules. @return its side.
static int paint(const char *svg, unsigned char *modules, int capacity)
{
    int side = 0;
    int column = 0;
    int row = 0;
    int run = 0;
    int back = 0;
    assert_int_equal(sscanf(strstr(svg, "viewBox="), "viewBox=\"0 0 %d", &side), 1);
    assert_true(side * side <= capacity);
    memset(modules, 0, (size_t)side * (size_t)side);
    for (const char *at = strchr(svg, 'M'); at != NULL; at = strchr(at + 1, 'M')) {
        assert_int_equal(sscanf(at, "M%d %dh%dv1h-%dz", &column, &row, &run, &back), 4);
        assert_int_equal(run, back);
        memset(modules + row * side + column, 1, (size_t)run);
    }
    return side;
}

static void draws_every_module_where_it_belongs(void **state)
{
    static unsigned char modules[200 * 200];
    static const char *const texts[] = { "x", "http://192.168.4.1/#token=abc",
                                         "WIFI:T:WPA;S:Ohmstead-e677e7;P:AZN2DWITZT657Z22;;" };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *svg = NULL;
        size_t size = 0;
        assert_int_equal(qr_image_draw(texts[i], &svg, &size), STATUS_OK);
        assert_int_equal(strlen(svg), size);
        const int side = paint(svg, modules, sizeof modules);
        QRcode *code = QRcode_encodeString8bit(texts[i], 0, QR_ECLEVEL_M);
        assert_int_equal(side, code->width + 2 * QR_IMAGE_QUIET);
        for (int row = 0; row < side; row++) {
            for (int column = 0; column < side; column++) {
                const int y = row - QR_IMAGE_QUIET;
                const int x = column - QR_IMAGE_QUIET;
                const bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
                const int dark = inside ? code->data[y * code->width + x] & 1 : 0;
                assert_int_equal(modules[row * side + column], dark);
            }
        }
        QRcode_free(code);
        free(svg);
    }
}

static void can_be_read_from_the_page(void **state)
{
    static unsigned char modules[200 * 200];
    static const char *const texts[] = { "http://192.168.4.1/#token=abc",
                                         "WIFI:T:WPA;S:Ohmstead-e677e7;P:AZN2DWITZT657Z22;;",
                                         "EM1:EcoWatt001:AAAQEAYEAUDAOCAJBIFQYDIOB4" };
    char read[128];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *svg = NULL;
        size_t size = 0;
        assert_int_equal(qr_image_draw(texts[i], &svg, &size), STATUS_OK);
        const int side = paint(svg, modules, sizeof modules);
        assert_true(test_qr_reader_read(modules, side, read, sizeof read));
        assert_string_equal(read, texts[i]);
        free(svg);
    }
}

static void takes_texts_up_to_its_limit_and_no_empty_one(void **state)
{
    char text[QR_IMAGE_TEXT_LIMIT + 2];
    char *svg = NULL;
    size_t size = 0;
    (void)state;
    memset(text, 'x', sizeof text);
    text[QR_IMAGE_TEXT_LIMIT + 1] = '\0';
    assert_int_equal(qr_image_draw(text, &svg, &size), STATUS_INVALID);
    assert_int_equal(qr_image_draw("", &svg, &size), STATUS_INVALID);
    assert_null(svg);
    text[QR_IMAGE_TEXT_LIMIT] = '\0';
    assert_int_equal(qr_image_draw(text, &svg, &size), STATUS_OK);
    free(svg);
}

static void what_the_text_says_never_gets_into_the_image(void **state)
{
    char *svg = NULL;
    size_t size = 0;
    (void)state;
    assert_int_equal(qr_image_draw("\"/><script>alert(1)</script>", &svg, &size), STATUS_OK);
    assert_null(strstr(svg, "script"));
    free(svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_every_module_where_it_belongs),
        cmocka_unit_test(can_be_read_from_the_page),
        cmocka_unit_test(takes_texts_up_to_its_limit_and_no_empty_one),
        cmocka_unit_test(what_the_text_says_never_gets_into_the_image),
    };
    return cmocka_run_group_tests_name("qr_image", tests, NULL, NULL);
}
