// SPDX-License-Identifier: MIT
#pragma once

/// Draws a QR code (ISO/IEC 18004, error correction level M) as an SVG image, dark on nothing, with
/// the quiet zone that the standard asks for.

#include <stddef.h>

#include "status.h"

enum {
    QR_IMAGE_TEXT_LIMIT = 512, ///< Bytes of text.
    QR_IMAGE_QUIET = 4         ///< Modules of light around the code.
};

/// Writes the image into memory that the caller frees.
///
/// @return STATUS_INVALID  the text is empty or too long;  STATUS_IO  no memory.
MUST_CHECK enum status qr_image_draw(const char *text, char **svg, size_t *size);
