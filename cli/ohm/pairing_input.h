// SPDX-License-Identifier: MIT
#pragma once

/// A device's pairing code, as a person gives it, and what follows from it.

#include "commands.h"
#include "pairing_code.h"

struct pairing_input {
    struct pairing_code code;
    char text[PAIRING_CODE_SIZE]; ///< The code as it is printed.
    char hotspot[PAIRING_HOTSPOT_NAME_SIZE];
    char password[PAIRING_PASSWORD_SIZE]; ///< The hotspot's.
    char join[PAIRING_JOIN_SIZE];
};

/// Reads the code from --code-file or the terminal. The caller wipes `input`. On failure says why.
enum exit_code ohm_read_pairing(const struct ohm *ohm, struct pairing_input *input);
