// SPDX-License-Identifier: MIT
#pragma once

/// A stretch of NOR flash, or a file that behaves like one.
///
/// Erasing sets every bit of a sector to 1; programming only clears bits. Because flash may be
/// encrypted, no program unit is ever written twice between two erases.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum { FLASH_PROGRAM_SIZE = 32 }; ///< Offsets and sizes of program() are multiples of this.

struct flash_region {
    uint32_t size;        ///< Bytes; a multiple of `sector_size`.
    uint32_t sector_size; ///< Bytes erased at once, 4096 on common parts.

    MUST_CHECK enum status (*read)(void *ctx, uint32_t offset, void *out, size_t size);

    /// A power cut leaves any prefix of the units written, the last one possibly half programmed.
    MUST_CHECK enum status (*program)(void *ctx, uint32_t offset, const void *data, size_t size);

    /// Erases the sector that starts at `offset`. A power cut leaves it in any state.
    MUST_CHECK enum status (*erase)(void *ctx, uint32_t offset);

    /// Returns once all that was programmed or erased survives a power cut. Real NOR flash has
    /// nothing to do here; a file is synchronised. May block for as long as the disk does.
    MUST_CHECK enum status (*sync)(void *ctx);

    void *ctx; ///< Passed back to the functions, otherwise untouched.
};
