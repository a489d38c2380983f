// SPDX-License-Identifier: MIT
#pragma once

/// The batch: a run of journal records of one boot, delta-coded in CBOR (RFC 8949), as published on
/// the topic `batch`. contracts/batch.md describes the bytes; device and server share this codec.
///
/// Decoding trusts nothing: every length, count and value is checked against the storage given, and
/// a batch that encodes differently from what this encoder would write is refused only where its
/// meaning would be unclear.

#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "status.h"

enum {
    JOURNAL_ID_SIZE = 16,
    BATCH_RECORD_LIMIT = 64,      ///< Most records in one batch.
    BATCH_SIZE_LIMIT = 48 * 1024, ///< Largest batch in bytes; the broker allows a little more.
};

struct batch_header {
    uint8_t journal_id[JOURNAL_ID_SIZE]; ///< Random, made when the journal was formatted.
    uint32_t boot_id;                    ///< Counts boots; all records of a batch share one.
    uint64_t first_seq;  ///< Sequence number of the first record; the others follow on.
    uint64_t oldest_seq; ///< Oldest record the journal still holds.
    uint32_t count;      ///< Records in the batch, 1 to BATCH_RECORD_LIMIT.
};

/// Writes `header->count` records to `out` and their size to `*size`.
///
/// @return STATUS_FULL     `capacity` is too small; try fewer records;
///         STATUS_INVALID  the count, a kind or a register is out of range.
MUST_CHECK enum status batch_encode(const struct batch_header *header, const struct record *records,
                                    uint8_t *out, size_t capacity, size_t *size);

/// Reads header and records; `records` has room for BATCH_RECORD_LIMIT.
///
/// @return STATUS_CORRUPT  these bytes are not a batch, or a value does not fit its field; the
///                         outputs are undefined.
MUST_CHECK enum status batch_decode(const uint8_t *data, size_t size, struct batch_header *header,
                                    struct record *records);
