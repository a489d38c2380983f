// SPDX-License-Identifier: MIT
#include "store_presets.h"

#include <stdio.h>

/// Adds without leaving what a register can show.
static int64_t shown(int64_t lifetime_mj, int64_t offset_mj)
{
    if (offset_mj > 0 && lifetime_mj > INT64_MAX - offset_mj) {
        return INT64_MAX;
    }
    const int64_t sum_mj = lifetime_mj + offset_mj;
    return sum_mj > 0 ? sum_mj : 0;
}

static int64_t *member(struct channel_energy *energies, unsigned channel, bool is_export)
{
    return is_export ? &energies[channel].export_mj : &energies[channel].import_mj;
}

enum status store_presets_show(const struct store_query *query, struct energy_report *report)
{
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        report->shown[i] = report->lifetime[i];
    }
    sqlite3_stmt *statement =
        sqlite_connection_statement(query->connection, FLEET_STATEMENT_PRESET_OFFSETS);
    (void)sqlite3_bind_int64(statement, 1, query->device.device_no);
    enum status status;
    while ((status = sqlite_connection_step(query->connection, statement)) == STATUS_OK) {
        const unsigned channel = (unsigned)sqlite3_column_int(statement, 0);
        const bool is_export = sqlite3_column_int(statement, 1) != 0;
        if (channel < REGISTER_COUNT) {
            *member(report->shown, channel, is_export) = shown(
                *member(report->lifetime, channel, is_export), sqlite3_column_int64(statement, 2));
        }
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

static enum status ignore_minute(void *ctx, int64_t start_ms,
                                 const struct rollup rows[ROLLUP_ROW_COUNT])
{
    (void)ctx, (void)start_ms, (void)rows;
    return STATUS_OK;
}

static enum status ignore_notice(void *ctx, const struct meter_notice *notice)
{
    (void)ctx, (void)notice;
    return STATUS_OK;
}

/// Fills in what the register shows now and the offset that makes it show `new_mj`.
static enum status work_out(const struct store_query *query, struct register_preset *preset)
{
    const struct meter_fold_sink sink = { ignore_minute, ignore_notice, NULL };
    struct meter_state state;
    struct energy_report report = { 0 };
    enum status status = store_query_fold_tail(query, &sink, &state);
    if (status != STATUS_OK) {
        return status;
    }
    const struct meter_segment *segment =
        &state.segment[preset->channel][preset->is_export ? METER_EXPORT : METER_IMPORT];
    if (!segment->known) {
        return STATUS_MISSING;
    }
    *member(report.lifetime, preset->channel, preset->is_export) = segment->lifetime_mj;
    status = store_presets_show(query, &report);
    preset->old_mj = *member(report.shown, preset->channel, preset->is_export);
    preset->offset_mj = preset->new_mj - segment->lifetime_mj;
    return status;
}

static enum status keep(const struct store_query *query, const struct register_preset *preset)
{
    sqlite3_stmt *statement =
        sqlite_connection_statement(query->connection, FLEET_STATEMENT_ADD_PRESET);
    (void)sqlite3_bind_int64(statement, 1, query->device.device_no);
    (void)sqlite3_bind_int(statement, 2, preset->channel);
    (void)sqlite3_bind_int(statement, 3, preset->is_export ? 1 : 0);
    (void)sqlite3_bind_int64(statement, 4, preset->time_ms);
    (void)sqlite3_bind_text(statement, 5, preset->username, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 6, preset->old_mj);
    (void)sqlite3_bind_int64(statement, 7, preset->new_mj);
    (void)sqlite3_bind_int64(statement, 8, preset->offset_mj);
    return sqlite_connection_run(query->connection, statement);
}

enum status store_preset(void *ctx, const char *device_id, struct register_preset *preset)
{
    struct store_query query;
    if (preset->channel >= REGISTER_COUNT || preset->new_mj < 0) {
        return STATUS_INVALID;
    }
    enum status status = store_query_begin(ctx, device_id, &query);
    if (status != STATUS_OK) {
        return status;
    }
    status = work_out(&query, preset);
    // The snapshot ends first: it could be too old to write from.
    if (status == STATUS_OK) {
        status = sqlite_connection_run_plain(query.connection, FLEET_STATEMENT_ROLLBACK);
    }
    if (status == STATUS_OK) {
        status = keep(&query, preset);
    }
    store_query_end(&query);
    return status;
}

enum status store_presets(void *ctx, const char *device_id,
                          void (*visit)(void *visit_ctx, const struct register_preset *preset),
                          void *visit_ctx)
{
    struct store_query query;
    enum status status = store_query_begin(ctx, device_id, &query);
    if (status != STATUS_OK) {
        return status;
    }
    sqlite3_stmt *statement =
        sqlite_connection_statement(query.connection, FLEET_STATEMENT_LIST_PRESETS);
    (void)sqlite3_bind_int64(statement, 1, query.device.device_no);
    while ((status = sqlite_connection_step(query.connection, statement)) == STATUS_OK) {
        struct register_preset preset = {
            .channel = (uint8_t)sqlite3_column_int(statement, 0),
            .is_export = sqlite3_column_int(statement, 1) != 0,
            .time_ms = sqlite3_column_int64(statement, 2),
            .old_mj = sqlite3_column_int64(statement, 4),
            .new_mj = sqlite3_column_int64(statement, 5),
            .offset_mj = sqlite3_column_int64(statement, 6),
        };
        const unsigned char *username = sqlite3_column_text(statement, 3);
        (void)snprintf(preset.username, sizeof preset.username, "%s",
                       username != NULL ? (const char *)username : "");
        visit(visit_ctx, &preset);
    }
    store_query_end(&query);
    return status == STATUS_MISSING ? STATUS_OK : status;
}
