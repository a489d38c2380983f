// SPDX-License-Identifier: MIT
#pragma once

/// Secrets that a person gives: from a file, from standard input, or typed without being shown.
/// Never from the command line, where every user of the machine can read them.

#include "commands.h"

enum { OHM_SECRET_SIZE = 1024 };

/// Reads the first line of the file that `option` names ('-' is standard input, where several
/// secrets follow each other line by line); without that option asks the terminal with `question`.
///
/// The caller wipes `secret`. On failure says why.
enum exit_code ohm_read_secret(const struct ohm *ohm, const char *option, const char *question,
                               char secret[OHM_SECRET_SIZE]);
