// SPDX-License-Identifier: MIT
#include "qr_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qrencode.h>

/// Draws the dark modules, a run of a row at a time.
static void draw_rows(FILE *out, const QRcode *code)
{
    for (int row = 0; row < code->width; row++) {
        const unsigned char *modules = code->data + row * code->width;
        for (int column = 0; column < code->width;) {
            int run = 0;
            while (column + run < code->width && (modules[column + run] & 1) != 0) {
                run++;
            }
            if (run > 0) {
                (void)fprintf(out, "M%d %dh%dv1h-%dz", column + QR_IMAGE_QUIET,
                              row + QR_IMAGE_QUIET, run, run);
            }
            column += run > 0 ? run : 1;
        }
    }
}

enum status qr_image_draw(const char *text, char **svg, size_t *size)
{
    *svg = NULL;
    if (text[0] == '\0' || strlen(text) > QR_IMAGE_TEXT_LIMIT) {
        return STATUS_INVALID;
    }
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    FILE *out = code != NULL ? open_memstream(svg, size) : NULL;
    if (out != NULL) {
        const int side = code->width + 2 * QR_IMAGE_QUIET;
        (void)fprintf(out,
                      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                      "shape-rendering=\"crispEdges\"><path d=\"",
                      side, side);
        draw_rows(out, code);
        (void)fputs("\"/></svg>", out);
    }
    QRcode_free(code);
    if (out == NULL || fclose(out) != 0) {
        free(*svg);
        *svg = NULL;
        return STATUS_IO;
    }
    return STATUS_OK;
}
