// SPDX-License-Identifier: MIT
#include "test_qr_reader.h"

#include <stdlib.h>
#include <string.h>
#include <zbar.h>

// Pixels of the picture to a module.
enum { SCALE = 4 };

/// Shades of grey, a byte a pixel. Released with the picture that it is given to.
static unsigned char *enlarge(const unsigned char *modules, int side)
{
    const size_t width = (size_t)side * SCALE;
    unsigned char *grey = malloc(width * width);
    if (grey == NULL) {
        return NULL;
    }
    for (size_t y = 0; y < width; y++) {
        for (size_t x = 0; x < width; x++) {
            const bool dark = modules[y / SCALE * (size_t)side + x / SCALE] != 0;
            grey[y * width + x] = dark ? 0 : 255;
        }
    }
    return grey;
}

static bool take_text(const zbar_image_t *picture, char *out, size_t capacity)
{
    const zbar_symbol_t *symbol = zbar_image_first_symbol(picture);
    if (symbol == NULL || zbar_symbol_next(symbol) != NULL ||
        zbar_symbol_get_type(symbol) != ZBAR_QRCODE) {
        return false;
    }
    const size_t size = zbar_symbol_get_data_length(symbol);
    if (size >= capacity) {
        return false;
    }
    memcpy(out, zbar_symbol_get_data(symbol), size);
    out[size] = '\0';
    return true;
}

bool test_qr_reader_read(const unsigned char *modules, int side, char *out, size_t capacity)
{
    unsigned char *grey = enlarge(modules, side);
    if (grey == NULL) {
        return false;
    }
    const unsigned width = (unsigned)side * SCALE;
    zbar_image_t *picture = zbar_image_create();
    zbar_image_set_format(picture, zbar_fourcc('Y', '8', '0', '0'));
    zbar_image_set_size(picture, width, width);
    zbar_image_set_data(picture, grey, (unsigned long)width * width, zbar_image_free_data);

    zbar_image_scanner_t *scanner = zbar_image_scanner_create();
    bool found = zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1) == 0 &&
                 zbar_scan_image(scanner, picture) == 1 && take_text(picture, out, capacity);
    zbar_image_scanner_destroy(scanner);
    zbar_image_destroy(picture);
    return found;
}
