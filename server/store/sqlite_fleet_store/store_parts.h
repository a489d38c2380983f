// SPDX-License-Identifier: MIT
#pragma once

/// The inside of the SQLite store, shared by its own source files only.

#include <pthread.h>

#include "batch_tails.h"
#include "sqlite_fleet_store.h"

enum {
    STORE_READER_LIMIT = 4,
    STORE_PATH_SIZE = 1024,
    STORE_RUN_BATCH_LIMIT = 512, ///< A run is made when a tail has grown so long.
    STORE_TAIL_TOTAL_LIMIT =
        65536, ///< Beyond so many batches since the oldest tail, runs are made.
};

struct store_reader {
    struct sqlite_connection connection;
    bool is_open;
    bool busy;
};

struct sqlite_fleet_store {
    char path[STORE_PATH_SIZE];
    char vfs[64]; ///< Empty: the default.
    struct fleet_store queries;
    struct fleet_writer writer;

    struct sqlite_connection write; ///< The writing thread's own.
    struct batch_tails *tails;
    int64_t next_batch_no;
    int64_t tail_low;         ///< No tail holds a batch below this number.
    int64_t tails_scanned_at; ///< The next batch number when the tails were looked over last.

    pthread_mutex_t mutex; ///< Guards the readers' table.
    pthread_cond_t reader_free;
    struct store_reader reader[STORE_READER_LIMIT];
};

/// The tables of functions, for open() to fill in.
void store_writer_bind(struct sqlite_fleet_store *store);
void store_queries_bind(struct sqlite_fleet_store *store);

/// Reads the tails from the database, forgetting what is in memory.
MUST_CHECK enum status store_load_tails(struct sqlite_fleet_store *store);

/// Takes a reading connection, waiting for a free one. @return NULL  it cannot be opened.
struct sqlite_connection *store_reader_take(struct sqlite_fleet_store *store);
void store_reader_give(struct sqlite_fleet_store *store, struct sqlite_connection *connection);

/// Reads the kept state of a device. @return STATUS_MISSING  there is no such device.
MUST_CHECK enum status store_read_device(struct sqlite_connection *connection,
                                         const char *device_id, struct device_slot *slot);

/// Reads a journal from a row of the columns that all journal statements share.
void store_read_journal(sqlite3_stmt *statement, struct journal_record *journal, uint64_t *run_seq);
