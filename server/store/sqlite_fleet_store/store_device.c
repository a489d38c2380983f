// SPDX-License-Identifier: MIT
#include <string.h>

#include "store_parts.h"

void store_read_journal(sqlite3_stmt *statement, struct journal_record *journal, uint64_t *run_seq)
{
    *journal = (struct journal_record){
        .journal_no = sqlite3_column_int64(statement, 0),
        .watermark = (uint64_t)sqlite3_column_int64(statement, 2),
        .rolled_seq = (uint64_t)sqlite3_column_int64(statement, 3),
        .boot_id = (uint32_t)sqlite3_column_int64(statement, 4),
    };
    const void *journal_id = sqlite3_column_blob(statement, 1);
    if (sqlite3_column_bytes(statement, 1) == JOURNAL_ID_SIZE) {
        memcpy(journal->journal_id, journal_id, JOURNAL_ID_SIZE);
    }
    *run_seq = (uint64_t)sqlite3_column_int64(statement, 5);
}

static enum status read_registers(struct sqlite_connection *connection, struct device_slot *slot)
{
    sqlite3_stmt *statement =
        sqlite_connection_statement(connection, FLEET_STATEMENT_LOAD_REGISTERS);
    (void)sqlite3_bind_int64(statement, 1, slot->device_no);
    enum status status;
    while ((status = sqlite_connection_step(connection, statement)) == STATUS_OK) {
        const unsigned channel = (unsigned)sqlite3_column_int(statement, 0);
        const unsigned direction = (unsigned)sqlite3_column_int(statement, 1);
        if (channel >= ROLLUP_ROW_COUNT || direction >= METER_DIRECTION_COUNT) {
            continue;
        }
        slot->meter.segment[channel][direction] = (struct meter_segment){
            .known = true,
            .reset_expected = sqlite3_column_int(statement, 2) != 0,
            .number = (uint32_t)sqlite3_column_int64(statement, 3),
            .lifetime_mj = sqlite3_column_int64(statement, 4),
            .register_mj = sqlite3_column_int64(statement, 5),
            .held_count = (uint8_t)sqlite3_column_int(statement, 6),
            .held_first_mj = sqlite3_column_int64(statement, 7),
            .held_last_mj = sqlite3_column_int64(statement, 8),
            .held_allowed_mj = sqlite3_column_int64(statement, 9),
        };
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

static enum status read_newest_journal(struct sqlite_connection *connection, int64_t journal_no,
                                       struct device_slot *slot)
{
    sqlite3_stmt *statement = sqlite_connection_statement(connection, FLEET_STATEMENT_GET_JOURNAL);
    (void)sqlite3_bind_int64(statement, 1, journal_no);
    const enum status status = sqlite_connection_step(connection, statement);
    if (status == STATUS_OK) {
        uint64_t run_seq;
        store_read_journal(statement, &slot->newest, &run_seq);
        slot->has_journal = true;
        (void)sqlite3_reset(statement);
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

enum status store_read_device(struct sqlite_connection *connection, const char *device_id,
                              struct device_slot *slot)
{
    *slot = (struct device_slot){ 0 };
    sqlite3_stmt *statement = sqlite_connection_statement(connection, FLEET_STATEMENT_FIND_DEVICE);
    (void)sqlite3_bind_text(statement, 1, device_id, -1, SQLITE_STATIC);
    enum status status = sqlite_connection_step(connection, statement);
    if (status != STATUS_OK) {
        return status;
    }
    slot->device_no = sqlite3_column_int64(statement, 0);
    slot->unacknowledged_data = sqlite3_column_int(statement, 1) != 0;
    const int64_t newest_journal_no = sqlite3_column_int64(statement, 2);
    slot->meter.has_last = sqlite3_column_int(statement, 3) != 0;
    slot->meter.boot_id = (uint32_t)sqlite3_column_int64(statement, 4);
    slot->meter.uptime_ms = (uint64_t)sqlite3_column_int64(statement, 5);
    slot->meter.time_ms = sqlite3_column_int64(statement, 6);
    (void)sqlite3_reset(statement);
    status = read_newest_journal(connection, newest_journal_no, slot);
    return status == STATUS_OK ? read_registers(connection, slot) : status;
}
