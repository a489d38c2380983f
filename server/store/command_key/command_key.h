// SPDX-License-Identifier: MIT
#pragma once

/// The P-256 key by which devices know the fleet's commands, in a file that only its owner can
/// read. It is made when there is none, and never anew in place of one that is damaged: the devices
/// would not believe it.
///
/// Beside it lies `<file>.pub`, the public key in base64url, as a device's setting `command_key`
/// takes it.

#include <stddef.h>

#include "command_signer.h"
#include "status.h"

enum { COMMAND_KEY_TEXT_SIZE = 88, COMMAND_KEY_REASON_SIZE = 256 };

struct command_key;

/// Opens or makes the key.
///
/// @return STATUS_CORRUPT  the file holds no P-256 key, or others can read it;
///         STATUS_IO       disk or library failed.
///         Then `reason` is a sentence that says what is wrong and what to do.
MUST_CHECK enum status command_key_open(const char *path, struct command_key **out,
                                        char reason[COMMAND_KEY_REASON_SIZE]);

/// Wipes the key from memory. NULL is fine.
void command_key_close(struct command_key *key);

/// Lives as long as the key.
struct command_signer command_key_signer(struct command_key *key);

/// The public key in base64url; lives as long as the key.
const char *command_key_text(const struct command_key *key);
