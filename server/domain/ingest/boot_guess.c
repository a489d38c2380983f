// SPDX-License-Identifier: MIT
#include "boot_guess.h"

#include <stdlib.h>

struct boot {
    uint32_t boot_id;
    uint64_t first_seq;
    uint64_t last_uptime_ms;
    int64_t start_bound_ms; ///< The boot began no later than this.
};

struct boot_list {
    struct boot *boot;
    size_t count;
    size_t capacity;
};

static struct boot *add_boot(struct boot_list *list, const struct batch_row *row)
{
    if (list->boot == NULL || list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        struct boot *boot = realloc(list->boot, capacity * sizeof *boot);
        if (boot == NULL) {
            return NULL;
        }
        list->boot = boot;
        list->capacity = capacity;
    }
    list->boot[list->count] = (struct boot){ .boot_id = row->boot_id,
                                             .first_seq = row->first_seq,
                                             .start_bound_ms = INT64_MAX };
    return &list->boot[list->count++];
}

static int64_t before(int64_t time_ms, uint64_t uptime_ms)
{
    const struct anchor anchor = { .uptime_ms = uptime_ms, .utc_ms = time_ms };
    return anchor_time_ms(&anchor, 0);
}

static enum status note_batch(void *ctx, const struct batch_row *row)
{
    struct boot_list *list = ctx;
    struct boot *boot = list->count > 0 ? &list->boot[list->count - 1] : NULL;
    if (boot == NULL || boot->boot_id != row->boot_id) {
        boot = add_boot(list, row);
        if (boot == NULL) {
            return STATUS_IO;
        }
    }
    const int64_t bound_ms = before(row->received_ms, row->last_uptime_ms);
    boot->start_bound_ms = bound_ms < boot->start_bound_ms ? bound_ms : boot->start_bound_ms;
    if (row->last_uptime_ms > boot->last_uptime_ms) {
        boot->last_uptime_ms = row->last_uptime_ms;
    }
    return STATUS_OK;
}

enum status boot_guess_place(const struct fleet_writer *writer,
                             const struct journal_record *journal)
{
    struct boot_list list = { 0 };
    enum status status =
        writer->replay(writer->ctx, journal->journal_no, journal->rolled_seq, note_batch, &list);
    int64_t next_start_ms = INT64_MAX;
    for (size_t i = list.count; i-- > 0 && status == STATUS_OK;) {
        const struct boot *boot = &list.boot[i];
        struct anchor anchor;
        status = writer->find_anchor(writer->ctx, journal->journal_no, boot->boot_id,
                                     boot->first_seq, &anchor);
        if (status == STATUS_MISSING) {
            anchor =
                (struct anchor){ .utc_ms = boot->start_bound_ms, .source = ANCHOR_SOURCE_NONE };
            if (next_start_ms != INT64_MAX) {
                const int64_t bound_ms = before(next_start_ms, boot->last_uptime_ms);
                anchor.utc_ms = bound_ms < anchor.utc_ms ? bound_ms : anchor.utc_ms;
            }
            status = writer->add_anchor(writer->ctx, journal->journal_no, boot->boot_id,
                                        boot->first_seq, &anchor);
        }
        next_start_ms = anchor_time_ms(&anchor, 0);
    }
    free(list.boot);
    return status;
}
