// SPDX-License-Identifier: MIT
#pragma once

/// Findings; see struct fleet_store and struct fleet_writer for what these promise.

#include "store_parts.h"

MUST_CHECK enum status store_findings_add(void *ctx, const struct finding_row *row);

/// Gives a place in time to the findings of a boot that wait for one.
MUST_CHECK enum status store_findings_place(struct sqlite_fleet_store *store, int64_t journal_no,
                                            uint32_t boot_id, const struct anchor *anchor);

MUST_CHECK enum status store_findings(void *ctx, const struct finding_query *query,
                                      void (*visit)(void *visit_ctx,
                                                    const struct stored_finding *finding),
                                      void *visit_ctx);
MUST_CHECK enum status store_finding(void *ctx, const char *device_id,
                                     const uint8_t journal_id[JOURNAL_ID_SIZE], uint64_t seq,
                                     struct stored_finding *finding);
MUST_CHECK enum status
store_waveform(void *ctx, const struct stored_finding *event,
               void (*visit)(void *visit_ctx, const struct stored_finding *part), void *visit_ctx);
