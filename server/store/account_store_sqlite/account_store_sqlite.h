// SPDX-License-Identifier: MIT
#pragma once

/// The domain's account_store in SQLite: the tables `account` and `session` of a database file that
/// others may use as well. It has a connection of its own; its functions may be called from several
/// threads.

#include "account_store.h"

/// Opens `path` and creates the two tables where they are missing.
///
/// @return STATUS_IO       the file cannot be opened or written;
///         STATUS_CORRUPT  it is no database, or the tables are not ours.
MUST_CHECK enum status account_store_sqlite_open(const char *path, struct account_store *out);
