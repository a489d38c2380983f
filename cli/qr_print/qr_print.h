// SPDX-License-Identifier: MIT
#pragma once

/// Draws a QR code (ISO/IEC 18004) in a terminal, two modules to a character.

#include <stdbool.h>
#include <stdio.h>

#include "status.h"

enum { QR_PRINT_QUIET = 4 }; ///< Modules of light around the code, as the standard asks.

/// `colours` draws black on white whatever the terminal's own colours are; without them dark
/// modules are drawn in the colour of the text, for dark text on light ground.
///
/// @return STATUS_INVALID  the text is longer than a QR code takes;  STATUS_IO  `out` takes no
/// more.
MUST_CHECK enum status qr_print(FILE *out, const char *text, bool colours);
