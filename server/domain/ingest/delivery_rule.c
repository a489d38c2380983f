// SPDX-License-Identifier: MIT
#include "delivery_rule.h"

struct delivery_decision delivery_decide(uint64_t watermark, const struct batch_header *header)
{
    struct delivery_decision decision = { .kind = DELIVERY_NONSENSE };
    // Sequence numbers end where a signed 64-bit column does.
    if (header->first_seq == 0 || header->count == 0 || header->count > BATCH_RECORD_LIMIT ||
        header->first_seq > (uint64_t)INT64_MAX - BATCH_RECORD_LIMIT) {
        return decision;
    }
    const uint64_t last_seq = header->first_seq + header->count - 1;
    const uint64_t expected_seq = watermark + 1;

    if (last_seq <= watermark) {
        decision.kind = DELIVERY_DUPLICATE;
    } else if (header->first_seq <= expected_seq) {
        decision.kind = DELIVERY_KEEP;
        decision.skip = (uint32_t)(expected_seq - header->first_seq);
    } else if (header->oldest_seq < header->first_seq) {
        decision.kind = DELIVERY_HOLE;
    } else {
        decision.kind = DELIVERY_KEEP;
        decision.has_gap = true;
        decision.gap_first_seq = expected_seq;
        decision.gap_last_seq = header->first_seq - 1;
    }
    return decision;
}
