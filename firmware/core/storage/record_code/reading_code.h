// SPDX-License-Identifier: MIT
#pragma once

/// A reading told against another. Belongs to record_code alone.

#include <stdbool.h>

#include "bit_code.h"
#include "reading.h"

/// Writes a valid reading.
void reading_code_put(struct bit_writer *writer, const struct reading *reading,
                      const struct reading *base);

/// @return false  these bits are no reading; `*reading` is undefined.
bool reading_code_get(struct bit_reader *reader, const struct reading *base,
                      struct reading *reading);
