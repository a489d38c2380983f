// SPDX-License-Identifier: MIT
#pragma once

/// Decoded batches in order, with the anchor in force at the start of each.

#include "batch_rows.h"

struct walked_batch {
    const struct batch_row *row;
    const struct record *records; ///< Those that count, row->count of them.
    struct anchor anchor;         ///< In force at the first record.
    bool guessed;                 ///< The boot has no anchor; the time of arrival serves instead.
};

/// Walks over the listed batches after `after_seq` and passes on what `visit` returns.
///
/// @return STATUS_CORRUPT  a stored batch cannot be read.
MUST_CHECK enum status batch_walk(struct sqlite_connection *connection, int64_t journal_no,
                                  const struct batch_numbers *numbers, uint64_t after_seq,
                                  enum status (*visit)(void *ctx, const struct walked_batch *batch),
                                  void *ctx);
