// SPDX-License-Identifier: MIT
#pragma once

/// What the command line remembers between two calls: which server, and the session there. One JSON
/// file that only its owner may read.

#include <stddef.h>

#include "status.h"

enum {
    CLI_SERVER_SIZE = 256,
    CLI_PATH_SIZE = 1024,
    CLI_TOKEN_SIZE = 256,
    CLI_USER_SIZE = 128,
};

struct cli_session {
    char server[CLI_SERVER_SIZE]; ///< Such as https://localhost:8443, without a final slash.
    char ca[CLI_PATH_SIZE];       ///< File of the authority that is trusted; empty: the system's.
    char cookie[CLI_TOKEN_SIZE];  ///< name=value; empty when not signed in.
    char csrf[CLI_TOKEN_SIZE];
    char user[CLI_USER_SIZE];
};

/// Where the file is: $XDG_CONFIG_HOME/ohm/session.json, or ~/.config/ohm/session.json.
///
/// @return STATUS_MISSING  neither variable is set;  STATUS_FULL  the path is too long.
MUST_CHECK enum status session_file_path(char path[CLI_PATH_SIZE]);

/// Reads the file at `path`. Values that do not fit are left out.
///
/// @return STATUS_MISSING  there is no such file;  STATUS_IO  it cannot be read;
///         STATUS_CORRUPT  it is not what session_file_save() writes, or others may read it.
MUST_CHECK enum status session_file_load(const char *path, struct cli_session *session);

/// Writes the file, making its folder if need be; the old file is there until the new one is whole.
///
/// @return STATUS_IO  it cannot be written; errno says why.
MUST_CHECK enum status session_file_save(const char *path, const struct cli_session *session);
