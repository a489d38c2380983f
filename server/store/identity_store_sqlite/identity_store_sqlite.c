// SPDX-License-Identifier: MIT
#include "identity_store_sqlite.h"

#include <pthread.h>
#include <stdlib.h>

#include "identity_rows.h"

enum { SCHEMA_VERSION = 3, TRIM_EVERY = 64 };

enum statement_index {
    BEGIN,
    COMMIT,
    ROLLBACK,
    PUT_TOKEN,
    DROP_TOKENS,
    FIND_TOKEN,
    USE_TOKEN,
    LIST_TOKENS,
    ADD_CERTIFICATE,
    MOVE_CERTIFICATE,
    FIND_CERTIFICATE,
    FIND_KEY,
    LIST_ALL,
    LIST_DEVICE,
    ADD_AUDIT,
    TRIM_AUDIT,
    TRIM_REFUSALS,
    FIND_AUDIT,
    LIST_AUDIT,
    STATEMENT_COUNT,
};

// Step n brings a file of version n to n + 1; each runs in one transaction.
static const char *const MIGRATIONS[SCHEMA_VERSION] = {
    ("CREATE TABLE token ("
     " digest BLOB PRIMARY KEY, device_id TEXT NOT NULL, creator TEXT NOT NULL,"
     " created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, replaces INTEGER NOT NULL,"
     " fingerprint BLOB) STRICT, WITHOUT ROWID;"
     "CREATE INDEX token_device ON token (device_id);"
     "CREATE TABLE certificate ("
     " fingerprint BLOB PRIMARY KEY, serial BLOB NOT NULL UNIQUE, key_digest BLOB NOT NULL,"
     " device_id TEXT NOT NULL, state INTEGER NOT NULL, issued_ms INTEGER NOT NULL,"
     " changed_ms INTEGER NOT NULL, not_before_s INTEGER NOT NULL, not_after_s INTEGER NOT NULL,"
     " der BLOB NOT NULL) STRICT, WITHOUT ROWID;"
     "CREATE INDEX certificate_key ON certificate (key_digest, issued_ms);"
     "CREATE INDEX certificate_device ON certificate (device_id, issued_ms DESC);"
     "CREATE TABLE audit ("
     " audit_no INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, kind INTEGER NOT NULL,"
     " device_id TEXT NOT NULL, actor TEXT NOT NULL, address TEXT NOT NULL, detail TEXT NOT NULL)"
     " STRICT;"
     "PRAGMA user_version = 1;"),
    ("ALTER TABLE certificate ADD COLUMN attested_ms INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE certificate ADD COLUMN verdict INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE certificate ADD COLUMN level INTEGER NOT NULL DEFAULT 0;"
     "PRAGMA user_version = 2;"),
    "CREATE INDEX audit_kind ON audit (kind, device_id, audit_no);"
    "PRAGMA user_version = 3;",
};

static const char *const STATEMENTS[STATEMENT_COUNT] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [PUT_TOKEN] = "INSERT INTO token (" TOKEN_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)",
    [DROP_TOKENS] = "DELETE FROM token WHERE device_id = ?1 AND fingerprint IS NULL",
    [FIND_TOKEN] = "SELECT " TOKEN_COLUMNS " FROM token WHERE digest = ?1",
    [USE_TOKEN] = "UPDATE token SET fingerprint = ?2 WHERE digest = ?1 AND fingerprint IS NULL",
    [LIST_TOKENS] = ("SELECT " TOKEN_COLUMNS " FROM token WHERE fingerprint IS NULL"
                     " AND expires_ms > ?1 ORDER BY created_ms DESC"),
    [ADD_CERTIFICATE] = ("INSERT INTO certificate (" CERTIFICATE_COLUMNS ")"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"),
    [MOVE_CERTIFICATE] =
        "UPDATE certificate SET state = ?2, changed_ms = ?3 WHERE fingerprint = ?1",
    [FIND_CERTIFICATE] = "SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE fingerprint = ?1",
    [FIND_KEY] = ("SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE key_digest = ?1"
                  " ORDER BY issued_ms DESC LIMIT 1"),
    [LIST_ALL] = ("SELECT " CERTIFICATE_COLUMNS " FROM certificate"
                  " ORDER BY device_id, issued_ms DESC"),
    [LIST_DEVICE] = ("SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE device_id = ?1"
                     " ORDER BY issued_ms DESC"),
    [ADD_AUDIT] = "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [TRIM_AUDIT] = ("DELETE FROM audit WHERE audit_no <="
                    " (SELECT audit_no FROM audit ORDER BY audit_no DESC LIMIT 1 OFFSET ?1)"),
    [TRIM_REFUSALS] = ("DELETE FROM audit WHERE kind = ?2 AND audit_no <= (SELECT audit_no"
                       " FROM audit WHERE kind = ?2 ORDER BY audit_no DESC LIMIT 1 OFFSET ?1)"),
    [FIND_AUDIT] = ("SELECT " AUDIT_COLUMNS " FROM audit WHERE kind = ?1 AND device_id = ?2"
                    " ORDER BY audit_no DESC LIMIT 1"),
    [LIST_AUDIT] = "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY audit_no DESC LIMIT ?1",
};

struct identity_store_sqlite {
    pthread_mutex_t lock; ///< One statement, or one transaction, at a time.
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
    case SQLITE_CONSTRAINT:
        return STATUS_INVALID;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
        return STATUS_CORRUPT;
    default:
        return STATUS_IO;
    }
}

static void settle(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

/// Runs a statement that gives no rows. @return STATUS_INVALID  it broke a rule of the tables.
static enum status run(sqlite3_stmt *statement, int bound)
{
    const int code = bound == SQLITE_OK ? sqlite3_step(statement) : bound;
    settle(statement);
    return status_of(code);
}

static enum status run_plain(struct identity_store_sqlite *store, enum statement_index index)
{
    return run(store->statements[index], SQLITE_OK);
}

/// The same, which must change exactly one row.
static enum status run_once(struct identity_store_sqlite *store, sqlite3_stmt *statement, int bound)
{
    const enum status status = run(statement, bound);
    return status == STATUS_OK && sqlite3_changes(store->db) != 1 ? STATUS_INVALID : status;
}

static int bind_digest(sqlite3_stmt *statement, int index, const uint8_t *digest)
{
    return sqlite3_bind_blob(statement, index, digest, CRYPTO_SHA256_SIZE, SQLITE_STATIC);
}

static enum status drop_tokens(struct identity_store_sqlite *store, const char *device_id)
{
    sqlite3_stmt *statement = store->statements[DROP_TOKENS];
    return run(statement, sqlite3_bind_text(statement, 1, device_id, -1, SQLITE_STATIC));
}

static enum status add_audit(struct identity_store_sqlite *store, const struct audit_record *audit)
{
    sqlite3_stmt *statement = store->statements[ADD_AUDIT];
    const enum status status = run(statement, identity_rows_bind_audit(statement, audit));
    const bool by_strangers =
        audit->kind == AUDIT_BROKER_REFUSED || audit->kind == AUDIT_INTAKE_REFUSED;
    if (status == STATUS_OK && by_strangers) {
        sqlite3_stmt *trim = store->statements[TRIM_REFUSALS];
        return run(trim, sqlite3_bind_int(trim, 1, IDENTITY_REFUSAL_LIMIT) |
                             sqlite3_bind_int(trim, 2, (int)audit->kind));
    }
    // Counting to the limit takes its time.
    if (status == STATUS_OK && sqlite3_last_insert_rowid(store->db) % TRIM_EVERY == 0) {
        sqlite3_stmt *trim = store->statements[TRIM_AUDIT];
        return run(trim, sqlite3_bind_int(trim, 1, IDENTITY_AUDIT_LIMIT));
    }
    return status;
}

/// Ends a transaction the one way or the other.
static enum status conclude(struct identity_store_sqlite *store, enum status status)
{
    enum status end = status;
    if (status == STATUS_OK) {
        end = run_plain(store, COMMIT);
    }
    if (end != STATUS_OK && sqlite3_get_autocommit(store->db) == 0) {
        const enum status rolled = run_plain(store, ROLLBACK);
        (void)rolled; // The next BEGIN says when it is not.
    }
    (void)pthread_mutex_unlock(&store->lock);
    return end;
}

static enum status put_token(void *ctx, const struct token_record *token,
                             const struct audit_record *audit)
{
    struct identity_store_sqlite *store = ctx;
    sqlite3_stmt *statement = store->statements[PUT_TOKEN];
    (void)pthread_mutex_lock(&store->lock);
    enum status status = run_plain(store, BEGIN);
    if (status == STATUS_OK) {
        status = drop_tokens(store, token->device_id);
    }
    if (status == STATUS_OK) {
        status = run(statement, identity_rows_bind_token(statement, token));
    }
    if (status == STATUS_OK) {
        status = add_audit(store, audit);
    }
    return conclude(store, status);
}

static enum status use_token(struct identity_store_sqlite *store, const uint8_t *digest,
                             const uint8_t *fingerprint)
{
    sqlite3_stmt *statement = store->statements[USE_TOKEN];
    return run_once(store, statement,
                    bind_digest(statement, 1, digest) | bind_digest(statement, 2, fingerprint));
}

static enum status move(struct identity_store_sqlite *store, const struct certificate_move *one,
                        int64_t now_ms)
{
    sqlite3_stmt *statement = store->statements[MOVE_CERTIFICATE];
    int bound = bind_digest(statement, 1, one->fingerprint);
    bound |= sqlite3_bind_int(statement, 2, (int)one->state);
    bound |= sqlite3_bind_int64(statement, 3, now_ms);
    return run_once(store, statement, bound);
}

static enum status commit(void *ctx, const struct identity_change *change)
{
    struct identity_store_sqlite *store = ctx;
    (void)pthread_mutex_lock(&store->lock);
    enum status status = run_plain(store, BEGIN);
    if (status == STATUS_OK && change->added != NULL) {
        sqlite3_stmt *statement = store->statements[ADD_CERTIFICATE];
        status = run(statement, identity_rows_bind_certificate(statement, change->added));
    }
    if (status == STATUS_OK && change->token_digest != NULL) {
        status = use_token(store, change->token_digest, change->added->certificate.fingerprint);
    }
    for (size_t i = 0; status == STATUS_OK && i < change->move_count; i++) {
        status = move(store, &change->moves[i], change->audit->time_ms);
    }
    if (status == STATUS_OK && change->tokens_of != NULL) {
        status = drop_tokens(store, change->tokens_of);
    }
    if (status == STATUS_OK) {
        status = add_audit(store, change->audit);
    }
    return conclude(store, status);
}

static enum status find_token(void *ctx, const uint8_t digest[CRYPTO_SHA256_SIZE],
                              struct token_record *out)
{
    struct identity_store_sqlite *store = ctx;
    sqlite3_stmt *statement = store->statements[FIND_TOKEN];
    (void)pthread_mutex_lock(&store->lock);
    int code = bind_digest(statement, 1, digest);
    code = code == SQLITE_OK ? sqlite3_step(statement) : code;
    enum status status = code == SQLITE_DONE ? STATUS_MISSING : status_of(code);
    if (code == SQLITE_ROW && !identity_rows_read_token(statement, out)) {
        status = STATUS_CORRUPT;
    }
    settle(statement);
    (void)pthread_mutex_unlock(&store->lock);
    return status;
}

static enum status find_by(struct identity_store_sqlite *store, enum statement_index index,
                           const uint8_t *digest, struct certificate_record *out)
{
    sqlite3_stmt *statement = store->statements[index];
    (void)pthread_mutex_lock(&store->lock);
    int code = bind_digest(statement, 1, digest);
    code = code == SQLITE_OK ? sqlite3_step(statement) : code;
    enum status status = code == SQLITE_DONE ? STATUS_MISSING : status_of(code);
    if (code == SQLITE_ROW && !identity_rows_read_certificate(statement, out)) {
        status = STATUS_CORRUPT;
    }
    settle(statement);
    (void)pthread_mutex_unlock(&store->lock);
    return status;
}

static enum status find_certificate(void *ctx, const uint8_t fingerprint[CRYPTO_SHA256_SIZE],
                                    struct certificate_record *out)
{
    return find_by(ctx, FIND_CERTIFICATE, fingerprint, out);
}

static enum status find_key(void *ctx, const uint8_t key_digest[CRYPTO_SHA256_SIZE],
                            struct certificate_record *out)
{
    return find_by(ctx, FIND_KEY, key_digest, out);
}

/// Takes one row. @return false  it is not one that we wrote.
struct row_visitor {
    bool (*take)(const struct row_visitor *visitor, sqlite3_stmt *row);
    void (*visit_certificate)(void *ctx, const struct certificate_record *record);
    void (*visit_token)(void *ctx, const struct token_record *token);
    void (*visit_audit)(void *ctx, const struct audit_record *record);
    void *ctx;
};

/// Steps through a bound statement to its end, and gives the store back.
static enum status walk(struct identity_store_sqlite *store, sqlite3_stmt *statement, int bound,
                        const struct row_visitor *visitor)
{
    int code = bound == SQLITE_OK ? sqlite3_step(statement) : bound;
    bool sound = true;
    while (code == SQLITE_ROW && sound) {
        sound = visitor->take(visitor, statement);
        code = sqlite3_step(statement);
    }
    settle(statement);
    (void)pthread_mutex_unlock(&store->lock);
    return sound ? status_of(code) : STATUS_CORRUPT;
}

static bool take_certificate(const struct row_visitor *visitor, sqlite3_stmt *row)
{
    struct certificate_record record;
    const bool sound = identity_rows_read_certificate(row, &record);
    if (sound) {
        visitor->visit_certificate(visitor->ctx, &record);
    }
    return sound;
}

static bool take_token(const struct row_visitor *visitor, sqlite3_stmt *row)
{
    struct token_record token;
    const bool sound = identity_rows_read_token(row, &token);
    if (sound) {
        visitor->visit_token(visitor->ctx, &token);
    }
    return sound;
}

static bool take_audit(const struct row_visitor *visitor, sqlite3_stmt *row)
{
    struct audit_record record;
    const bool sound = identity_rows_read_audit(row, &record);
    if (sound) {
        visitor->visit_audit(visitor->ctx, &record);
    }
    return sound;
}

static enum status list_certificates(void *ctx, const char *device_id,
                                     void (*visit)(void *visit_ctx,
                                                   const struct certificate_record *record),
                                     void *visit_ctx)
{
    struct identity_store_sqlite *store = ctx;
    sqlite3_stmt *statement = store->statements[device_id != NULL ? LIST_DEVICE : LIST_ALL];
    const struct row_visitor visitor = { .take = take_certificate,
                                         .visit_certificate = visit,
                                         .ctx = visit_ctx };
    (void)pthread_mutex_lock(&store->lock);
    const int bound = device_id != NULL
                          ? sqlite3_bind_text(statement, 1, device_id, -1, SQLITE_STATIC)
                          : SQLITE_OK;
    return walk(store, statement, bound, &visitor);
}

static enum status list_tokens(void *ctx, int64_t now_ms,
                               void (*visit)(void *visit_ctx, const struct token_record *token),
                               void *visit_ctx)
{
    struct identity_store_sqlite *store = ctx;
    sqlite3_stmt *statement = store->statements[LIST_TOKENS];
    const struct row_visitor visitor = { .take = take_token,
                                         .visit_token = visit,
                                         .ctx = visit_ctx };
    (void)pthread_mutex_lock(&store->lock);
    return walk(store, statement, sqlite3_bind_int64(statement, 1, now_ms), &visitor);
}

static enum status find_audit(void *ctx, enum audit_kind kind, const char *device_id,
                              struct audit_record *out)
{
    struct identity_store_sqlite *store = ctx;
    sqlite3_stmt *statement = store->statements[FIND_AUDIT];
    (void)pthread_mutex_lock(&store->lock);
    int code = sqlite3_bind_int(statement, 1, (int)kind) |
               sqlite3_bind_text(statement, 2, device_id, -1, SQLITE_STATIC);
    code = code == SQLITE_OK ? sqlite3_step(statement) : code;
    enum status status = code == SQLITE_DONE ? STATUS_MISSING : status_of(code);
    if (code == SQLITE_ROW && !identity_rows_read_audit(statement, out)) {
        status = STATUS_CORRUPT;
    }
    settle(statement);
    (void)pthread_mutex_unlock(&store->lock);
    return status;
}

static enum status list_audit(void *ctx, size_t limit,
                              void (*visit)(void *visit_ctx, const struct audit_record *record),
                              void *visit_ctx)
{
    struct identity_store_sqlite *store = ctx;
    sqlite3_stmt *statement = store->statements[LIST_AUDIT];
    const struct row_visitor visitor = { .take = take_audit,
                                         .visit_audit = visit,
                                         .ctx = visit_ctx };
    (void)pthread_mutex_lock(&store->lock);
    return walk(store, statement, sqlite3_bind_int64(statement, 1, (sqlite3_int64)limit), &visitor);
}

static void close_store(void *ctx)
{
    struct identity_store_sqlite *store = ctx;
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

static int execute(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/// Reads the version of the file's tables.
static int read_version(sqlite3 *db, int *version)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement) == SQLITE_ROW ? SQLITE_OK : SQLITE_CORRUPT;
        *version = sqlite3_column_int(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return code;
}

static int migrate(sqlite3 *db)
{
    int version = 0;
    int code = read_version(db, &version);
    if (code == SQLITE_OK && (version < 0 || version > SCHEMA_VERSION)) {
        return SQLITE_CORRUPT;
    }
    for (; code == SQLITE_OK && version < SCHEMA_VERSION; version++) {
        code = execute(db, "BEGIN EXCLUSIVE");
        code = code == SQLITE_OK ? execute(db, MIGRATIONS[version]) : code;
        code = code == SQLITE_OK ? execute(db, "COMMIT") : code;
    }
    return code;
}

static int prepare(struct identity_store_sqlite *store, const char *path, const char *vfs)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &store->db, flags, vfs);
    code = code == SQLITE_OK ? sqlite3_busy_timeout(store->db, 10000) : code;
    code = code == SQLITE_OK
               ? execute(store->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
               : code;
    code = code == SQLITE_OK ? migrate(store->db) : code;
    for (unsigned i = 0; code == SQLITE_OK && i < STATEMENT_COUNT; i++) {
        code = sqlite3_prepare_v3(store->db, STATEMENTS[i], -1, SQLITE_PREPARE_PERSISTENT,
                                  &store->statements[i], NULL);
    }
    return code;
}

enum status identity_store_sqlite_open(const char *path, const char *vfs,
                                       struct identity_store *out)
{
    struct identity_store_sqlite *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return STATUS_IO;
    }
    (void)pthread_mutex_init(&store->lock, NULL);
    const int code = prepare(store, path, vfs);
    if (code != SQLITE_OK) {
        close_store(store);
        return status_of(code);
    }
    *out = (struct identity_store){
        .put_token = put_token,
        .find_token = find_token,
        .commit = commit,
        .find_certificate = find_certificate,
        .find_key = find_key,
        .list_certificates = list_certificates,
        .list_tokens = list_tokens,
        .find_audit = find_audit,
        .list_audit = list_audit,
        .close = close_store,
        .ctx = store,
    };
    return STATUS_OK;
}
