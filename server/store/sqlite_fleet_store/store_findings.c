// SPDX-License-Identifier: MIT
#include "store_findings.h"

#include <string.h>

enum { PAYLOAD_SIZE = 4096 };

static sqlite3_int64 column(uint64_t value)
{
    return value > (uint64_t)INT64_MAX ? INT64_MAX : (sqlite3_int64)value;
}

enum status store_findings_add(void *ctx, const struct finding_row *row)
{
    struct sqlite_fleet_store *store = ctx;
    const struct batch_header header = {
        .boot_id = row->boot_id, .first_seq = row->seq, .oldest_seq = row->seq, .count = 1
    };
    uint8_t payload[PAYLOAD_SIZE];
    size_t size;
    if (batch_encode(&header, row->record, payload, sizeof payload, &size) != STATUS_OK) {
        return STATUS_IO; // Cannot be: it came in a batch.
    }
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_ADD_FINDING);
    (void)sqlite3_bind_int64(statement, 1, row->journal_no);
    (void)sqlite3_bind_int64(statement, 2, column(row->seq));
    (void)sqlite3_bind_int64(statement, 3, row->device_no);
    (void)sqlite3_bind_int64(statement, 4, row->boot_id);
    (void)sqlite3_bind_int(statement, 5, row->record->kind);
    (void)sqlite3_bind_int64(statement, 6, finding_subject(row->record));
    (void)sqlite3_bind_int64(statement, 7, column(finding_uptime_ms(row->record)));
    (void)sqlite3_bind_int(statement, 8, row->placed ? 1 : 0);
    (void)sqlite3_bind_int64(statement, 9, row->time_ms);
    (void)sqlite3_bind_int(statement, 10, row->time_source);
    (void)sqlite3_bind_blob64(statement, 11, payload, size, SQLITE_STATIC);
    return sqlite_connection_run(&store->write, statement);
}

enum status store_findings_place(struct sqlite_fleet_store *store, int64_t journal_no,
                                 uint32_t boot_id, const struct anchor *anchor)
{
    for (;;) {
        sqlite3_stmt *statement =
            sqlite_connection_statement(&store->write, FLEET_STATEMENT_UNPLACED_FINDING);
        (void)sqlite3_bind_int64(statement, 1, journal_no);
        (void)sqlite3_bind_int64(statement, 2, boot_id);
        enum status status = sqlite_connection_step(&store->write, statement);
        if (status != STATUS_OK) {
            return status == STATUS_MISSING ? STATUS_OK : status;
        }
        const int64_t seq = sqlite3_column_int64(statement, 0);
        const uint64_t uptime_ms = (uint64_t)sqlite3_column_int64(statement, 1);
        (void)sqlite3_reset(statement);

        statement = sqlite_connection_statement(&store->write, FLEET_STATEMENT_PLACE_FINDING);
        (void)sqlite3_bind_int64(statement, 1, journal_no);
        (void)sqlite3_bind_int64(statement, 2, seq);
        (void)sqlite3_bind_int64(statement, 3, anchor_time_ms(anchor, uptime_ms));
        (void)sqlite3_bind_int(statement, 4, anchor->source);
        status = sqlite_connection_run(&store->write, statement);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

static enum status read_finding(sqlite3_stmt *statement, const char *device_id,
                                struct stored_finding *finding)
{
    struct record records[BATCH_RECORD_LIMIT];
    struct batch_header header;
    const void *journal_id = sqlite3_column_blob(statement, 0);
    const size_t id_size = (size_t)sqlite3_column_bytes(statement, 0);
    const void *payload = sqlite3_column_blob(statement, 5);
    const size_t size = (size_t)sqlite3_column_bytes(statement, 5);
    if (id_size != JOURNAL_ID_SIZE || batch_decode(payload, size, &header, records) != STATUS_OK ||
        header.count != 1) {
        return STATUS_CORRUPT;
    }
    *finding = (struct stored_finding){
        .seq = (uint64_t)sqlite3_column_int64(statement, 1),
        .boot_id = (uint32_t)sqlite3_column_int64(statement, 2),
        .time_ms = sqlite3_column_int64(statement, 3),
        .time_source = (uint8_t)sqlite3_column_int(statement, 4),
        .has_waveform = sqlite3_column_int(statement, 6) != 0,
        .record = records[0],
    };
    memcpy(finding->journal_id, journal_id, JOURNAL_ID_SIZE);
    (void)device_id_parse(device_id, strlen(device_id), finding->device_id);
    return STATUS_OK;
}

static enum status visit_rows(struct sqlite_connection *connection, sqlite3_stmt *statement,
                              const char *device_id,
                              void (*visit)(void *visit_ctx, const struct stored_finding *finding),
                              void *visit_ctx)
{
    enum status status;
    while ((status = sqlite_connection_step(connection, statement)) == STATUS_OK) {
        struct stored_finding finding;
        status = read_finding(statement, device_id, &finding);
        if (status != STATUS_OK) {
            (void)sqlite3_reset(statement);
            return status;
        }
        visit(visit_ctx, &finding);
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

/// Takes a connection and finds the device; on success the connection must be given back.
static enum status begin(struct sqlite_fleet_store *store, const char *device_id,
                         struct sqlite_connection **connection, struct device_slot *slot)
{
    *connection = store_reader_take(store);
    if (*connection == NULL) {
        return STATUS_IO;
    }
    const enum status status = store_read_device(*connection, device_id, slot);
    if (status != STATUS_OK) {
        store_reader_give(store, *connection);
    }
    return status;
}

enum status store_findings(void *ctx, const struct finding_query *query,
                           void (*visit)(void *visit_ctx, const struct stored_finding *finding),
                           void *visit_ctx)
{
    struct sqlite_connection *connection;
    struct device_slot slot;
    if (!finding_is_kind(query->kind) || query->limit > FINDING_LIMIT) {
        return STATUS_INVALID;
    }
    enum status status = begin(ctx, query->device_id, &connection, &slot);
    if (status != STATUS_OK) {
        return status;
    }
    sqlite3_stmt *statement = sqlite_connection_statement(
        connection,
        query->oldest_first ? FLEET_STATEMENT_OLDEST_FINDINGS : FLEET_STATEMENT_NEWEST_FINDINGS);
    (void)sqlite3_bind_int64(statement, 1, slot.device_no);
    (void)sqlite3_bind_int64(statement, 2, query->kind);
    (void)sqlite3_bind_int64(statement, 3, query->start_ms);
    (void)sqlite3_bind_int64(statement, 4, query->end_ms);
    (void)sqlite3_bind_int64(statement, 5, query->subject);
    (void)sqlite3_bind_int64(statement, 6, query->limit);
    status = visit_rows(connection, statement, query->device_id, visit, visit_ctx);
    store_reader_give(ctx, connection);
    return status;
}

enum status store_finding(void *ctx, const char *device_id,
                          const uint8_t journal_id[JOURNAL_ID_SIZE], uint64_t seq,
                          struct stored_finding *finding)
{
    struct sqlite_connection *connection;
    struct device_slot slot;
    enum status status = begin(ctx, device_id, &connection, &slot);
    if (status != STATUS_OK) {
        return status;
    }
    sqlite3_stmt *statement = sqlite_connection_statement(connection, FLEET_STATEMENT_GET_FINDING);
    (void)sqlite3_bind_int64(statement, 1, slot.device_no);
    (void)sqlite3_bind_blob(statement, 2, journal_id, JOURNAL_ID_SIZE, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 3, column(seq));
    status = sqlite_connection_step(connection, statement);
    if (status == STATUS_OK) {
        status = read_finding(statement, device_id, finding);
        (void)sqlite3_reset(statement);
    }
    store_reader_give(ctx, connection);
    return status;
}

enum status store_waveform(void *ctx, const struct stored_finding *event,
                           void (*visit)(void *visit_ctx, const struct stored_finding *part),
                           void *visit_ctx)
{
    struct sqlite_connection *connection;
    struct device_slot slot;
    enum status status = begin(ctx, event->device_id, &connection, &slot);
    if (status != STATUS_OK) {
        return status;
    }
    sqlite3_stmt *statement =
        sqlite_connection_statement(connection, FLEET_STATEMENT_EVENT_WAVEFORM);
    (void)sqlite3_bind_int64(statement, 1, slot.device_no);
    (void)sqlite3_bind_int64(statement, 2, finding_subject(&event->record));
    (void)sqlite3_bind_blob(statement, 3, event->journal_id, JOURNAL_ID_SIZE, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 4, event->boot_id);
    status = visit_rows(connection, statement, event->device_id, visit, visit_ctx);
    store_reader_give(ctx, connection);
    return status;
}
