// SPDX-License-Identifier: MIT
#pragma once

/// The fleet's store in one SQLite file, in WAL mode with synchronous=FULL: what commit() has
/// accepted survives a power cut.

#include <stddef.h>

#include "fleet_store.h"
#include "fleet_writer.h"
#include "sqlite_connection.h"

struct sqlite_fleet_store;

struct sqlite_fleet_store_options {
    const char *path;
    const char *vfs; ///< NULL: the machine's own; tests give one that loses power.
    const struct sqlite_probe
        *probe; ///< For tests: stands before the writer's statements; or NULL.
};

/// Opens the store, creating or migrating it.
///
/// @param error  receives a sentence that names the cause when this fails.
/// @return NULL  it cannot be opened.
struct sqlite_fleet_store *sqlite_fleet_store_open(const struct sqlite_fleet_store_options *options,
                                                   char *error, size_t error_size);

/// Closes it; nobody may be using it. NULL is fine.
void sqlite_fleet_store_close(struct sqlite_fleet_store *store);

/// Both live as long as the store.
const struct fleet_store *sqlite_fleet_store_queries(struct sqlite_fleet_store *store);
const struct fleet_writer *sqlite_fleet_store_writer(struct sqlite_fleet_store *store);

/// Why the writing side failed last, as a sentence; for the writing thread.
const char *sqlite_fleet_store_error(const struct sqlite_fleet_store *store);
