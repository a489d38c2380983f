// SPDX-License-Identifier: MIT
#pragma once

/// A channel's lifetime energy, import and export apart.
///
/// Both counters only grow. What is left over below a millijoule is carried on exactly, in
/// integers, so that ten million small additions are worth as much as one large one. 2^63 mJ
/// are 2.5 thousand million kWh; a register that reaches it stays there.

#include <stdint.h>

#include "status.h"

struct energy_register {
    int64_t import_mj;
    int64_t export_mj;
    int64_t import_rest_nj; ///< 0 to 999999.
    int64_t export_rest_nj; ///< 0 to 999999.
};

/// Goes on from a reading's counters; the rest below a millijoule starts at 0.
///
/// @return STATUS_INVALID  a counter is negative; the register is untouched.
MUST_CHECK enum status energy_register_restore(struct energy_register *energy, int64_t import_mj,
                                               int64_t export_mj);

/// Adds `watts` over `seconds`: to import when positive, to export when negative. Not finite, or
/// longer than there is energy in the world, adds nothing.
void energy_register_add(struct energy_register *energy, double watts, double seconds);
