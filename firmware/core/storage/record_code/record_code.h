// SPDX-License-Identifier: MIT
#pragma once

/// One record in few bytes, told against the reading before it.
///
/// Every field is predicted: most from the base, apparent power from voltage and current, power
/// factor from the powers, energy from power and time. Only what differs from its prediction is
/// written, as variable-length integers behind a bitmap. A bad prediction costs bytes, never truth.

#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "status.h"

enum { RECORD_CODE_SIZE_LIMIT = 800 }; ///< No record takes more bytes than this.

/// Writes `record` to `out`, which has room for RECORD_CODE_SIZE_LIMIT bytes. `base` is the reading
/// that record_code_decode() will be given too; a reading of all zeros will do when there is none.
///
/// @return STATUS_INVALID  the kind, a register, an uptime or an anchor's source is out of range.
MUST_CHECK enum status record_code_encode(const struct record *record, const struct reading *base,
                                          uint8_t *out, size_t *size);

/// Reads one record. Channels that were not measured come back as all zero.
///
/// @return STATUS_CORRUPT  these bytes are not a record told against `base`; `*record` is
/// undefined.
MUST_CHECK enum status record_code_decode(const uint8_t *data, size_t size,
                                          const struct reading *base, struct record *record);
