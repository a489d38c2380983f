// SPDX-License-Identifier: MIT
#pragma once

/// What registers show; see struct fleet_store for what these promise.

#include "store_query.h"

MUST_CHECK enum status store_preset(void *ctx, const char *device_id,
                                    struct register_preset *preset);
MUST_CHECK enum status store_presets(void *ctx, const char *device_id,
                                     void (*visit)(void *visit_ctx,
                                                   const struct register_preset *preset),
                                     void *visit_ctx);

/// Fills in `report->shown` from the lifetime registers and the newest preset of each.
MUST_CHECK enum status store_presets_show(const struct store_query *query,
                                          struct energy_report *report);
