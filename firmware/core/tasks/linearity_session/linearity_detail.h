// SPDX-License-Identifier: MIT
#pragma once

/// What a session tells as JSON: contracts/mqtt.md, `command_result`.

#include "linearity_session.h"

/// @return STATUS_FULL  it does not fit.
MUST_CHECK enum status linearity_detail_write(const struct linearity_session *session, char *out,
                                              size_t capacity, size_t *size);
