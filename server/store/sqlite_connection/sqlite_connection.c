// SPDX-License-Identifier: MIT
#include "sqlite_connection.h"

#include <stdio.h>
#include <string.h>

enum { BUSY_TIMEOUT_MS = 5000 };

static const char *cause(int code)
{
    switch (code & 0xFF) {
    case SQLITE_FULL:
        return "the disk is full";
    case SQLITE_READONLY:
        return "the database is read-only";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "another program holds the database";
    case SQLITE_CANTOPEN:
        return "the database cannot be opened";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "the database is damaged or is not one";
    case SQLITE_IOERR:
        return "the disk failed";
    default:
        return "the database refused";
    }
}

static enum status note_error(struct sqlite_connection *connection, int code)
{
    const int extended = connection->db != NULL ? sqlite3_extended_errcode(connection->db) : code;
    const int os = connection->db != NULL ? sqlite3_system_errno(connection->db) : 0;
    (void)snprintf(connection->error, sizeof connection->error, "%s (%s, code %d%s%s)", cause(code),
                   connection->db != NULL ? sqlite3_errmsg(connection->db) : "", extended,
                   os != 0 ? ", " : "", os != 0 ? strerror(os) : "");
    return STATUS_IO;
}

enum status sqlite_connection_execute(struct sqlite_connection *connection, const char *sql)
{
    const int code = sqlite3_exec(connection->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? STATUS_OK : note_error(connection, code);
}

enum status sqlite_connection_open(struct sqlite_connection *connection, const char *path,
                                   const char *vfs, unsigned cache_kib)
{
    *connection = (struct sqlite_connection){ 0 };
    const int code =
        sqlite3_open_v2(path, &connection->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, vfs);
    if (code != SQLITE_OK) {
        return note_error(connection, code);
    }
    (void)sqlite3_busy_timeout(connection->db, BUSY_TIMEOUT_MS);
    char pragmas[256];
    (void)snprintf(pragmas, sizeof pragmas,
                   "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF;"
                   "PRAGMA cache_size=-%u; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
                   "PRAGMA journal_size_limit=67108864; PRAGMA wal_autocheckpoint=4000",
                   cache_kib);
    return sqlite_connection_execute(connection, pragmas);
}

void sqlite_connection_close(struct sqlite_connection *connection)
{
    for (int i = 0; i < FLEET_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(connection->statement[i]);
    }
    (void)sqlite3_close(connection->db);
    *connection = (struct sqlite_connection){ 0 };
}

sqlite3_stmt *sqlite_connection_statement(struct sqlite_connection *connection,
                                          enum fleet_statement statement)
{
    sqlite3_stmt **slot = &connection->statement[statement];
    if (*slot != NULL) {
        (void)sqlite3_reset(*slot);
        return *slot;
    }
    const int code = sqlite3_prepare_v3(connection->db, fleet_statement_sql(statement), -1,
                                        SQLITE_PREPARE_PERSISTENT, slot, NULL);
    if (code != SQLITE_OK) {
        (void)note_error(connection, code);
        return NULL;
    }
    return *slot;
}

enum status sqlite_connection_step(struct sqlite_connection *connection, sqlite3_stmt *statement)
{
    if (statement == NULL) {
        return STATUS_IO;
    }
    const struct sqlite_probe *probe = connection->probe;
    if (probe != NULL && !probe->may_run(probe->ctx)) {
        (void)sqlite3_reset(statement);
        (void)snprintf(connection->error, sizeof connection->error, "a test stopped the statement");
        return STATUS_IO;
    }
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        return STATUS_OK;
    }
    if (code == SQLITE_DONE) {
        (void)sqlite3_reset(statement);
        return STATUS_MISSING;
    }
    const enum status status = note_error(connection, code);
    (void)sqlite3_reset(statement);
    return status;
}

enum status sqlite_connection_run(struct sqlite_connection *connection, sqlite3_stmt *statement)
{
    const enum status status = sqlite_connection_step(connection, statement);
    if (status == STATUS_OK) {
        (void)sqlite3_reset(statement);
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

enum status sqlite_connection_run_plain(struct sqlite_connection *connection,
                                        enum fleet_statement statement)
{
    return sqlite_connection_run(connection, sqlite_connection_statement(connection, statement));
}
