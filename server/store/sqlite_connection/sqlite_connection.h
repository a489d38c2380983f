// SPDX-License-Identifier: MIT
#pragma once

/// One connection to the fleet's database with its prepared statements. One thread at a time.

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "fleet_statements.h"
#include "status.h"

enum { SQLITE_CONNECTION_ERROR_SIZE = 256 };

/// For tests: stands before every statement.
struct sqlite_probe {
    /// @return false  makes the statement fail as a broken disk would.
    bool (*may_run)(void *ctx);
    void *ctx;
};

struct sqlite_connection {
    sqlite3 *db;
    sqlite3_stmt *statement[FLEET_STATEMENT_COUNT];
    const struct sqlite_probe *probe;         ///< NULL: none.
    char error[SQLITE_CONNECTION_ERROR_SIZE]; ///< What failed last, as a sentence for people.
};

/// Opens `path`, creating it when it is missing, in WAL mode with synchronous=FULL.
///
/// @param vfs  name of the SQLite VFS; NULL: the default one.
/// @return STATUS_IO  it cannot be opened; `error` says why. Close it all the same.
MUST_CHECK enum status sqlite_connection_open(struct sqlite_connection *connection,
                                              const char *path, const char *vfs,
                                              unsigned cache_kib);

void sqlite_connection_close(struct sqlite_connection *connection);

/// A prepared statement, reset and without bindings. @return NULL  it cannot be prepared.
sqlite3_stmt *sqlite_connection_statement(struct sqlite_connection *connection,
                                          enum fleet_statement statement);

/// Moves to the next row. @return STATUS_MISSING  there is none (the statement is reset then);
/// STATUS_IO  it failed (also for a NULL statement).
MUST_CHECK enum status sqlite_connection_step(struct sqlite_connection *connection,
                                              sqlite3_stmt *statement);

/// Runs a statement that gives no rows.
MUST_CHECK enum status sqlite_connection_run(struct sqlite_connection *connection,
                                             sqlite3_stmt *statement);

/// Runs SQL text that gives no rows.
MUST_CHECK enum status sqlite_connection_execute(struct sqlite_connection *connection,
                                                 const char *sql);

/// Runs one of the statements without bindings or rows.
MUST_CHECK enum status sqlite_connection_run_plain(struct sqlite_connection *connection,
                                                   enum fleet_statement statement);
