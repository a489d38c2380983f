// SPDX-License-Identifier: MIT
#include "account_store_sqlite.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

enum statement_index {
    FIND_ACCOUNT,
    PUT_ACCOUNT,
    PUT_SESSION,
    LIST_SESSIONS,
    DELETE_SESSION,
    DELETE_SESSIONS_OF,
    STATEMENT_COUNT,
};

static const char SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS account ("
    " username TEXT PRIMARY KEY, role INTEGER NOT NULL, password_hash TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS session ("
    " digest BLOB PRIMARY KEY, username TEXT NOT NULL, created_ms INTEGER NOT NULL,"
    " used_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

static const char *const STATEMENTS[STATEMENT_COUNT] = {
    [FIND_ACCOUNT] = "SELECT role, password_hash, created_ms FROM account WHERE username = ?1",
    [PUT_ACCOUNT] = ("INSERT INTO account (username, role, password_hash, created_ms)"
                     " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (username) DO UPDATE SET"
                     " role = ?2, password_hash = ?3, created_ms = ?4"),
    [PUT_SESSION] = ("INSERT INTO session (digest, username, created_ms, used_ms)"
                     " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (digest) DO UPDATE SET"
                     " username = ?2, created_ms = ?3, used_ms = ?4"),
    [LIST_SESSIONS] = ("SELECT digest, username, created_ms, used_ms FROM session"
                       " ORDER BY used_ms DESC LIMIT ?1"),
    [DELETE_SESSION] = "DELETE FROM session WHERE digest = ?1",
    [DELETE_SESSIONS_OF] = "DELETE FROM session WHERE username = ?1",
};

struct account_store_sqlite {
    pthread_mutex_t lock; ///< One statement at a time.
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

static enum status status_of(int code)
{
    switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return STATUS_OK;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
        return STATUS_CORRUPT;
    default:
        return STATUS_IO;
    }
}

static sqlite3_stmt *begin(struct account_store_sqlite *store, enum statement_index index)
{
    (void)pthread_mutex_lock(&store->lock);
    return store->statements[index];
}

static enum status finish(struct account_store_sqlite *store, sqlite3_stmt *statement,
                          enum status status)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    (void)pthread_mutex_unlock(&store->lock);
    return status;
}

static int bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    return sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static enum status step_once(struct account_store_sqlite *store, sqlite3_stmt *statement, int bound)
{
    if (bound != SQLITE_OK) {
        return finish(store, statement, status_of(bound));
    }
    return finish(store, statement, status_of(sqlite3_step(statement)));
}

/// Copies a text column, which must fit with its terminator.
static bool copy_text(sqlite3_stmt *statement, int column, char *out, size_t capacity)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    const size_t size = (size_t)sqlite3_column_bytes(statement, column);
    if (text == NULL || size >= capacity) {
        return false;
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

static enum status find_account(void *ctx, const char *username, struct account *out)
{
    struct account_store_sqlite *store = ctx;
    struct account account = { 0 };
    sqlite3_stmt *statement = begin(store, FIND_ACCOUNT);
    const int bound = bind_text(statement, 1, username);
    const int code = bound == SQLITE_OK ? sqlite3_step(statement) : bound;

    if (code == SQLITE_DONE) {
        return finish(store, statement, STATUS_MISSING);
    }
    if (code != SQLITE_ROW) {
        return finish(store, statement, status_of(code));
    }
    account.role = (enum account_role)sqlite3_column_int(statement, 0);
    account.created_ms = sqlite3_column_int64(statement, 2);
    const size_t size = strnlen(username, sizeof account.username);
    if (size == sizeof account.username ||
        !copy_text(statement, 1, account.password_hash, sizeof account.password_hash)) {
        return finish(store, statement, STATUS_CORRUPT);
    }
    memcpy(account.username, username, size);
    *out = account;
    return finish(store, statement, STATUS_OK);
}

static enum status put_account(void *ctx, const struct account *account)
{
    struct account_store_sqlite *store = ctx;
    sqlite3_stmt *statement = begin(store, PUT_ACCOUNT);
    int bound = bind_text(statement, 1, account->username);
    bound |= sqlite3_bind_int(statement, 2, (int)account->role);
    bound |= bind_text(statement, 3, account->password_hash);
    bound |= sqlite3_bind_int64(statement, 4, account->created_ms);
    return step_once(store, statement, bound);
}

static int bind_digest(sqlite3_stmt *statement, const uint8_t digest[ACCOUNT_DIGEST_SIZE])
{
    return sqlite3_bind_blob(statement, 1, digest, ACCOUNT_DIGEST_SIZE, SQLITE_STATIC);
}

static enum status put_session(void *ctx, const struct session_record *session)
{
    struct account_store_sqlite *store = ctx;
    sqlite3_stmt *statement = begin(store, PUT_SESSION);
    int bound = bind_digest(statement, session->digest);
    bound |= bind_text(statement, 2, session->username);
    bound |= sqlite3_bind_int64(statement, 3, session->created_ms);
    bound |= sqlite3_bind_int64(statement, 4, session->used_ms);
    return step_once(store, statement, bound);
}

static bool read_session(sqlite3_stmt *statement, struct session_record *out)
{
    const void *digest = sqlite3_column_blob(statement, 0);
    if (digest == NULL || sqlite3_column_bytes(statement, 0) != ACCOUNT_DIGEST_SIZE) {
        return false;
    }
    *out = (struct session_record){ .created_ms = sqlite3_column_int64(statement, 2),
                                    .used_ms = sqlite3_column_int64(statement, 3) };
    memcpy(out->digest, digest, ACCOUNT_DIGEST_SIZE);
    return copy_text(statement, 1, out->username, sizeof out->username);
}

static enum status list_sessions(void *ctx, struct session_record *out, size_t capacity,
                                 size_t *count)
{
    struct account_store_sqlite *store = ctx;
    sqlite3_stmt *statement = begin(store, LIST_SESSIONS);
    int code = sqlite3_bind_int64(statement, 1, (sqlite3_int64)capacity);

    *count = 0;
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW && *count < capacity) {
            if (!read_session(statement, &out[*count])) {
                return finish(store, statement, STATUS_CORRUPT);
            }
            (*count)++;
        }
    }
    return finish(store, statement, status_of(code));
}

static enum status delete_session(void *ctx, const uint8_t digest[ACCOUNT_DIGEST_SIZE])
{
    struct account_store_sqlite *store = ctx;
    sqlite3_stmt *statement = begin(store, DELETE_SESSION);
    return step_once(store, statement, bind_digest(statement, digest));
}

static enum status delete_sessions_of(void *ctx, const char *username)
{
    struct account_store_sqlite *store = ctx;
    sqlite3_stmt *statement = begin(store, DELETE_SESSIONS_OF);
    return step_once(store, statement, bind_text(statement, 1, username));
}

static void close_store(void *ctx)
{
    struct account_store_sqlite *store = ctx;
    if (store == NULL) {
        return;
    }
    for (unsigned i = 0; i < STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(store->statements[i]);
    }
    (void)sqlite3_close(store->db);
    (void)pthread_mutex_destroy(&store->lock);
    free(store);
}

static int prepare(struct account_store_sqlite *store, const char *path)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &store->db, flags, NULL);
    if (code == SQLITE_OK) {
        // The writer of readings may hold the file for a whole group commit on a slow disk.
        code = sqlite3_busy_timeout(store->db, 10000);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_exec(store->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", NULL,
                            NULL, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_exec(store->db, SCHEMA, NULL, NULL, NULL);
    }
    for (unsigned i = 0; code == SQLITE_OK && i < STATEMENT_COUNT; i++) {
        code = sqlite3_prepare_v3(store->db, STATEMENTS[i], -1, SQLITE_PREPARE_PERSISTENT,
                                  &store->statements[i], NULL);
    }
    return code;
}

enum status account_store_sqlite_open(const char *path, struct account_store *out)
{
    struct account_store_sqlite *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return STATUS_IO;
    }
    (void)pthread_mutex_init(&store->lock, NULL);
    const int code = prepare(store, path);
    if (code != SQLITE_OK) {
        close_store(store);
        return status_of(code);
    }
    *out = (struct account_store){
        .find_account = find_account,
        .put_account = put_account,
        .put_session = put_session,
        .list_sessions = list_sessions,
        .delete_session = delete_session,
        .delete_sessions_of = delete_sessions_of,
        .close = close_store,
        .ctx = store,
    };
    return STATUS_OK;
}
