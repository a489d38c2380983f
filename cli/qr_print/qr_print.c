// SPDX-License-Identifier: MIT
#include "qr_print.h"

#include <qrencode.h>

static const char black_on_white[] = "\033[38;5;16m\033[48;5;231m";
static const char as_before[] = "\033[0m";

static bool is_dark(const QRcode *code, int column, int row)
{
    return column >= 0 && row >= 0 && column < code->width && row < code->width &&
           (code->data[row * code->width + column] & 1) != 0;
}

enum status qr_print(FILE *out, const char *text, bool colours)
{
    static const char *const blocks[2][2] = { { " ", "\u2584" }, { "\u2580", "\u2588" } };
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    bool is_written = true;

    if (code == NULL) {
        return STATUS_INVALID;
    }
    for (int row = -QR_PRINT_QUIET; row < code->width + QR_PRINT_QUIET; row += 2) {
        is_written = (!colours || fputs(black_on_white, out) >= 0) && is_written;
        for (int column = -QR_PRINT_QUIET; column < code->width + QR_PRINT_QUIET; column++) {
            const bool upper = is_dark(code, column, row);
            const bool lower = is_dark(code, column, row + 1);
            is_written = fputs(blocks[upper][lower], out) >= 0 && is_written;
        }
        is_written = (!colours || fputs(as_before, out) >= 0) && is_written;
        is_written = fputc('\n', out) != EOF && is_written;
    }
    QRcode_free(code);
    return is_written ? STATUS_OK : STATUS_IO;
}
