// SPDX-License-Identifier: MIT
#pragma once

/// Text from outside on a terminal: whoever wrote it must not steer the terminal with it.

/// Replaces every control character by one '?': C0, DEL and, in UTF-8, C1 (ISO/IEC 6429), and the
/// bytes 0x80 to 0x9F that are no part of a character, which some terminals take for C1. All else
/// stays as it is.
///
/// @return `text`.
char *terminal_text_clean(char *text);
