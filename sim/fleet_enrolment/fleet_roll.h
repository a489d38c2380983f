// SPDX-License-Identifier: MIT
#pragma once

/// Who is to be enrolled: a file with one device a line, its name and its token with a space
/// between them.

#include <stdint.h>

#include "fleet_key.h"
#include "status.h"

enum {
    FLEET_NAME_SIZE = 33,
    FLEET_TOKEN_SIZE = 65,
    FLEET_CERTIFICATE_LIMIT = 2048 ///< Bytes of DER.
};

/// One device and what it has got so far.
struct fleet_member {
    char id[FLEET_NAME_SIZE];
    char token[FLEET_TOKEN_SIZE];
    struct fleet_key key;
    uint8_t certificate[FLEET_CERTIFICATE_LIMIT]; ///< DER.
    size_t certificate_size;                      ///< 0: it has none.
};

struct fleet_roll {
    struct fleet_member *members;
    unsigned count;
};

/// Reads the file.
///
/// @return STATUS_MISSING  it cannot be read;  STATUS_CORRUPT  a line is not of that form, or there
///         is none, and `*line` is its number;  STATUS_FULL  there is no memory. The roll is empty
///         then.
MUST_CHECK enum status fleet_roll_read(const char *path, struct fleet_roll *roll, unsigned *line);

/// Wipes and frees it. A roll of zeros is fine.
void fleet_roll_close(struct fleet_roll *roll);
