// SPDX-License-Identifier: MIT
#pragma once

/// What a session tells as JSON: contracts/mqtt.md, `command_result`.

#include "calibration_session.h"

/// Writes the object about `channel`. @return STATUS_FULL  it does not fit.
MUST_CHECK enum status calibration_detail_write(const struct calibration_session *session,
                                                uint8_t channel, char *out, size_t capacity,
                                                size_t *size);
