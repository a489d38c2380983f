// SPDX-License-Identifier: MIT
#pragma once

/// What becomes of a batch, from its header and the journal's watermark alone.
///
///     watermark 7
///     batch 6..7            held already: acknowledge again
///     batch 6..9            the first two are held: keep 8..9
///     batch 8..9            keep all
///     batch 10..12, oldest 8    8..9 are still to come: refuse, acknowledge 7 again
///     batch 10..12, oldest 10   8..9 are gone: note the gap, keep all

#include <stdbool.h>

#include "batch.h"

enum delivery_kind {
    DELIVERY_KEEP,
    DELIVERY_DUPLICATE,
    DELIVERY_HOLE,
    DELIVERY_NONSENSE, ///< Sequence numbers that cannot be.
};

struct delivery_decision {
    enum delivery_kind kind;
    uint32_t skip; ///< KEEP: leading records that are held already.
    bool has_gap;  ///< KEEP: records before the batch are gone for good.
    uint64_t gap_first_seq;
    uint64_t gap_last_seq;
};

/// Decides about a batch; journals count from 1, so the watermark of a new journal is 0.
struct delivery_decision delivery_decide(uint64_t watermark, const struct batch_header *header);
