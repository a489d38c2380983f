// SPDX-License-Identifier: MIT
#pragma once

/// The queries that sum over time; see struct fleet_store for what they promise.

#include "store_parts.h"

MUST_CHECK enum status store_telemetry(void *ctx, const struct telemetry_query *query,
                                       struct telemetry_point *points, size_t *count);
MUST_CHECK enum status store_energy(void *ctx, const char *device_id, int64_t start_ms,
                                    int64_t end_ms, struct energy_report *report);
