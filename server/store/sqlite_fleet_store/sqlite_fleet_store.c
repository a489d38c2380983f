// SPDX-License-Identifier: MIT
#include "sqlite_fleet_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_parts.h"

enum { WRITER_CACHE_KIB = 4096, READER_CACHE_KIB = 512 };

static enum status read_version(struct sqlite_connection *connection, unsigned *version)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(connection->db, "PRAGMA user_version", -1, &statement, NULL) !=
        SQLITE_OK) {
        return STATUS_IO;
    }
    const enum status status = sqlite_connection_step(connection, statement);
    if (status == STATUS_OK) {
        *version = (unsigned)sqlite3_column_int(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/// Brings the schema to the newest version, each step in a transaction of its own.
static enum status migrate(struct sqlite_connection *connection)
{
    unsigned version = 0;
    enum status status = sqlite_connection_execute(connection, "BEGIN IMMEDIATE");
    if (status == STATUS_OK) {
        status = read_version(connection, &version);
    }
    const char *step = NULL;
    while (status == STATUS_OK && (step = fleet_schema_step(version)) != NULL) {
        char set_version[64];
        version++;
        (void)snprintf(set_version, sizeof set_version, "PRAGMA user_version=%u", version);
        status = sqlite_connection_execute(connection, step);
        if (status == STATUS_OK) {
            status = sqlite_connection_execute(connection, set_version);
        }
    }
    if (status == STATUS_OK && version > 0 && fleet_schema_step(version - 1) == NULL) {
        (void)snprintf(connection->error, sizeof connection->error,
                       "the database has schema version %u, which a newer ohmd made", version);
        status = STATUS_IO;
    }
    if (status == STATUS_OK) {
        return sqlite_connection_execute(connection, "COMMIT");
    }
    (void)sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

struct sqlite_fleet_store *sqlite_fleet_store_open(const struct sqlite_fleet_store_options *options,
                                                   char *error, size_t error_size)
{
    struct sqlite_fleet_store *store = calloc(1, sizeof *store);
    if (store == NULL || strlen(options->path) >= sizeof store->path) {
        (void)snprintf(error, error_size, "%s: the path is too long, or no memory", options->path);
        free(store);
        return NULL;
    }
    (void)snprintf(store->path, sizeof store->path, "%s", options->path);
    if (options->vfs != NULL) {
        (void)snprintf(store->vfs, sizeof store->vfs, "%s", options->vfs);
    }
    (void)pthread_mutex_init(&store->mutex, NULL);
    (void)pthread_cond_init(&store->reader_free, NULL);
    store->tails = batch_tails_open();
    store_writer_bind(store);
    store_queries_bind(store);

    enum status status = store->tails != NULL ? STATUS_OK : STATUS_IO;
    if (status == STATUS_OK) {
        status =
            sqlite_connection_open(&store->write, options->path, options->vfs, WRITER_CACHE_KIB);
    }
    if (status == STATUS_OK) {
        status = migrate(&store->write);
    }
    if (status == STATUS_OK) {
        status = store_load_tails(store);
    }
    if (status != STATUS_OK) {
        (void)snprintf(error, error_size, "%s: %s", options->path, store->write.error);
        sqlite_fleet_store_close(store);
        return NULL;
    }
    store->write.probe = options->probe;
    return store;
}

void sqlite_fleet_store_close(struct sqlite_fleet_store *store)
{
    if (store == NULL) {
        return;
    }
    for (int i = 0; i < STORE_READER_LIMIT; i++) {
        if (store->reader[i].is_open) {
            sqlite_connection_close(&store->reader[i].connection);
        }
    }
    sqlite_connection_close(&store->write);
    batch_tails_close(store->tails);
    (void)pthread_cond_destroy(&store->reader_free);
    (void)pthread_mutex_destroy(&store->mutex);
    free(store);
}

const struct fleet_store *sqlite_fleet_store_queries(struct sqlite_fleet_store *store)
{
    return &store->queries;
}

const struct fleet_writer *sqlite_fleet_store_writer(struct sqlite_fleet_store *store)
{
    return &store->writer;
}

const char *sqlite_fleet_store_error(const struct sqlite_fleet_store *store)
{
    return store->write.error;
}

/// Finds a free place, preferring one with an open connection. The mutex is held.
static struct store_reader *find_free(struct sqlite_fleet_store *store)
{
    struct store_reader *found = NULL;
    for (int i = 0; i < STORE_READER_LIMIT; i++) {
        struct store_reader *reader = &store->reader[i];
        if (!reader->busy && (found == NULL || (reader->is_open && !found->is_open))) {
            found = reader;
        }
    }
    return found;
}

struct sqlite_connection *store_reader_take(struct sqlite_fleet_store *store)
{
    (void)pthread_mutex_lock(&store->mutex);
    struct store_reader *reader = NULL;
    while ((reader = find_free(store)) == NULL) {
        (void)pthread_cond_wait(&store->reader_free, &store->mutex);
    }
    reader->busy = true;
    (void)pthread_mutex_unlock(&store->mutex);

    if (!reader->is_open) {
        reader->is_open = sqlite_connection_open(&reader->connection, store->path,
                                                 store->vfs[0] != '\0' ? store->vfs : NULL,
                                                 READER_CACHE_KIB) == STATUS_OK;
        if (!reader->is_open) {
            sqlite_connection_close(&reader->connection);
            store_reader_give(store, &reader->connection);
            return NULL;
        }
    }
    return &reader->connection;
}

void store_reader_give(struct sqlite_fleet_store *store, struct sqlite_connection *connection)
{
    (void)pthread_mutex_lock(&store->mutex);
    for (int i = 0; i < STORE_READER_LIMIT; i++) {
        if (&store->reader[i].connection == connection) {
            store->reader[i].busy = false;
        }
    }
    (void)pthread_cond_signal(&store->reader_free);
    (void)pthread_mutex_unlock(&store->mutex);
}
