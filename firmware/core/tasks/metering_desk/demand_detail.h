// SPDX-License-Identifier: MIT
#pragma once

/// The maximum demand as JSON: contracts/mqtt.md, `command_result`.

#include "maximum_demand.h"

/// @return STATUS_FULL  it does not fit.
MUST_CHECK enum status demand_detail_write(const struct maximum_demand_value *value, char *out,
                                           size_t capacity, size_t *size);
