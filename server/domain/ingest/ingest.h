// SPDX-License-Identifier: MIT
#pragma once

/// From a message to rows: checks a batch, decides what of it is new, keeps it, and derives
/// lifetime registers and roll-ups from it. Everything happens inside a transaction that the caller
/// holds.
///
/// Readings wait for their place in time before they enter roll-ups: until an anchor of their boot
/// arrives, until the next boot has one, or for INGEST_HOLD_MS; then the time is guessed from when
/// they arrived.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet_counters.h"
#include "fleet_writer.h"

enum {
    INGEST_HOLD_MS = 3600000,
    INGEST_DATA_PATIENCE_MS = 30000, ///< So long `data` waits for a `batch` to make it needless.
};

enum ingest_kind {
    INGEST_STORED,
    INGEST_DUPLICATE, ///< Held already.
    INGEST_HOLE,      ///< Records before it are missing; the device will start again.
    INGEST_MALFORMED, ///< Not a batch, or numbers that cannot be.
    INGEST_IGNORED,   ///< `data` that is not needed: batches come, or may come, or it came before.
};

struct ingest_outcome {
    enum ingest_kind kind;
    bool
        acknowledge; ///< The device wants to hear the watermark, once the transaction is committed.
    uint8_t journal_id[JOURNAL_ID_SIZE];
    uint64_t watermark;
    bool has_gap; ///< Records are gone for good, by the device's word.
    struct seq_range gap;
    bool new_journal;
    bool has_latest;          ///< `latest` is the newest reading of this batch.
    bool unacknowledged_data; ///< It came from `data`.
    struct stored_reading latest;
};

/// Hears of findings as they are taken, before they are committed.
struct ingest_listener {
    void (*found)(void *ctx, const char *device_id, const uint8_t journal_id[JOURNAL_ID_SIZE],
                  const struct finding_row *finding);
    void *ctx;
};

struct ingest;

/// Both must outlive it. @return NULL  no memory.
struct ingest *ingest_open(const struct fleet_writer *writer, struct fleet_counters *counters);

/// Lets `listener`, which must outlive it, hear of findings from now on.
void ingest_listen(struct ingest *ingest, const struct ingest_listener *listener);

/// Frees it; NULL is fine. What is not committed is lost.
void ingest_close(struct ingest *ingest);

/// Takes the payload of a `batch` message. Counts by cause what is refused.
///
/// @return STATUS_IO  the store failed or there is no memory: roll back and call
/// ingest_rolled_back().
MUST_CHECK enum status ingest_take_batch(struct ingest *ingest, const char *device_id,
                                         const uint8_t *payload, size_t size, int64_t received_ms,
                                         struct ingest_outcome *outcome);

/// Takes a reading from the `data` message of a device that knows no batches. It is kept in a
/// journal that the server makes for it.
///
/// @return as ingest_take_batch().
MUST_CHECK enum status ingest_take_data(struct ingest *ingest, const char *device_id,
                                        const struct reading *reading, int64_t received_ms,
                                        struct ingest_outcome *outcome);

/// Forgets what was derived since the transaction began; the store is asked again.
void ingest_rolled_back(struct ingest *ingest);

/// Tells that the transaction is on disk.
void ingest_committed(struct ingest *ingest);
