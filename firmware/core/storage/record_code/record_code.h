// SPDX-License-Identifier: MIT
#pragma once

/// One record in few bits; a reading is told against the reading before it.
///
/// Every field of a reading is predicted: most from the base, current from power, apparent power
/// from voltage and current, power factor from the powers, the fundamental by its share of the
/// whole, registers from power and time, and the total from its channels. Only what differs from
/// the prediction is written, in as few bits as it needs. A bad prediction costs bits, never truth.

#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "status.h"

enum { RECORD_CODE_SIZE_LIMIT = 1132 }; ///< No record takes more bytes than this.

/// Writes `record` to `out`, which has room for RECORD_CODE_SIZE_LIMIT bytes. `base` is the reading
/// that record_code_decode() will be given too; a reading of all zeros will do when there is none.
///
/// @return STATUS_INVALID  a field is out of range: see record_is_valid().
MUST_CHECK enum status record_code_encode(const struct record *record, const struct reading *base,
                                          uint8_t *out, size_t *size);

/// Reads one record. Channels that were not measured come back as all zero.
///
/// @return STATUS_CORRUPT  these bytes are not a record told against `base`; `*record` is
/// undefined.
MUST_CHECK enum status record_code_decode(const uint8_t *data, size_t size,
                                          const struct reading *base, struct record *record);
