// SPDX-License-Identifier: MIT
#pragma once

/// The writing side of the fleet's store. One thread calls it, and everything between begin() and
/// commit() is on disk together or not at all. After any failure the caller rolls back.
///
/// All functions return STATUS_IO when the store cannot do it: disk full, read-only or broken.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet_store.h"
#include "meter_fold.h"

struct journal_record {
    int64_t journal_no; ///< The store's own number.
    uint8_t journal_id[JOURNAL_ID_SIZE];
    uint64_t watermark;  ///< Last record stored, or known to be gone.
    uint64_t rolled_seq; ///< Last record that roll-ups and registers contain.
    uint32_t boot_id;    ///< Of the last record stored.
};

/// A device as the writer needs it.
struct device_slot {
    int64_t device_no;        ///< The store's own number.
    bool unacknowledged_data; ///< Only `data` has come so far.
    bool has_journal;
    struct journal_record newest; ///< The journal stored to last.
    struct meter_state meter;     ///< As of newest.rolled_seq.
};

/// One batch to keep: its payload as it came, of which the first `skip` records do not count.
struct batch_row {
    int64_t journal_no;
    uint32_t boot_id;
    uint32_t skip;
    uint32_t count;     ///< Records that count.
    uint64_t first_seq; ///< Of the first record that counts.
    uint64_t first_uptime_ms;
    uint64_t last_uptime_ms;
    int64_t received_ms;
    const uint8_t *payload;
    size_t size;
};

/// A finding to keep, which is record `seq` of a batch that is kept too.
struct finding_row {
    int64_t device_no;
    int64_t journal_no;
    uint32_t boot_id;
    uint64_t seq;
    bool placed; ///< By an anchor; else `time_ms` is a guess until the boot gets one.
    int64_t time_ms;
    uint8_t time_source; ///< enum anchor_source.
    const struct record *record;
};

struct fleet_writer {
    MUST_CHECK enum status (*begin)(void *ctx);
    MUST_CHECK enum status (*commit)(void *ctx);
    void (*rollback)(void *ctx);

    /// Finds or makes the row of a device. `unacknowledged_data` is used when it is made.
    MUST_CHECK enum status (*open_device)(void *ctx, const char *device_id, int64_t now_ms,
                                          bool unacknowledged_data, struct device_slot *slot);

    /// Notes that the device now sends batches, which are acknowledged.
    MUST_CHECK enum status (*set_acknowledged)(void *ctx, int64_t device_no);

    /// @return STATUS_MISSING  the device has no such journal.
    MUST_CHECK enum status (*find_journal)(void *ctx, int64_t device_no,
                                           const uint8_t journal_id[JOURNAL_ID_SIZE],
                                           struct journal_record *journal);

    /// Makes a journal that exists the device's newest one.
    MUST_CHECK enum status (*select_journal)(void *ctx, int64_t device_no, int64_t journal_no);

    /// Makes a journal, as the device's newest one.
    MUST_CHECK enum status (*add_journal)(void *ctx, int64_t device_no,
                                          const uint8_t journal_id[JOURNAL_ID_SIZE], int64_t now_ms,
                                          struct journal_record *journal);

    /// Keeps a batch and moves the journal's watermark to its last record.
    MUST_CHECK enum status (*append)(void *ctx, const struct batch_row *row);

    /// Keeps the device's word that these records are gone.
    MUST_CHECK enum status (*add_gap)(void *ctx, int64_t journal_no, struct seq_range gap,
                                      int64_t now_ms);

    /// Keeps an anchor, which is record `seq`. The first one of a boot also gives a place in time
    /// to the batches and findings of the boot that are stored already.
    MUST_CHECK enum status (*add_anchor)(void *ctx, int64_t journal_no, uint32_t boot_id,
                                         uint64_t seq, const struct anchor *anchor);

    /// Keeps a finding by itself. One that is there already stays as it is.
    MUST_CHECK enum status (*add_finding)(void *ctx, const struct finding_row *row);

    /// Finds the anchor in force at record `seq`: the last one up to it, else the first one after
    /// it.
    ///
    /// @return STATUS_MISSING  the boot has none.
    MUST_CHECK enum status (*find_anchor)(void *ctx, int64_t journal_no, uint32_t boot_id,
                                          uint64_t seq, struct anchor *anchor);

    /// Calls `visit` for every batch with records after `after_seq`, in order. The row's skip,
    /// count and first_seq leave out records up to `after_seq`. Ends early when `visit` fails, and
    /// passes its result on. `visit` may write, but not append.
    MUST_CHECK enum status (*replay)(void *ctx, int64_t journal_no, uint64_t after_seq,
                                     enum status (*visit)(void *visit_ctx,
                                                          const struct batch_row *row),
                                     void *visit_ctx);

    /// Merges sums into the minute and its hour.
    MUST_CHECK enum status (*merge_minute)(void *ctx, int64_t device_no, int64_t start_ms,
                                           const struct rollup rows[ROLLUP_ROW_COUNT]);

    /// Keeps the start of a new meter segment, or a glitch, for people to see.
    MUST_CHECK enum status (*add_notice)(void *ctx, int64_t device_no,
                                         const struct meter_notice *notice,
                                         const struct meter_segment *segment);

    /// Keeps the state that contains all records up to `rolled_seq`.
    MUST_CHECK enum status (*save_meter)(void *ctx, int64_t device_no, int64_t journal_no,
                                         uint64_t rolled_seq, const struct meter_state *meter);

    /// Writes as much as a usual transaction, which changes nothing that can be asked for, to learn
    /// at commit() whether the disk takes it. What is written differs from what is there, so it
    /// does reach the disk.
    MUST_CHECK enum status (*try_disk)(void *ctx);

    /// Why the last call failed, as a sentence; never NULL.
    const char *(*error)(void *ctx);

    void *ctx;
};
