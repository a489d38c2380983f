// SPDX-License-Identifier: MIT
#pragma once

/// NOR flash made of memory, for tests, with a plug that can be pulled at any byte.
///
/// It keeps the rules of the part and counts every breach of them: program() on a unit that was
/// programmed since its last erase, offsets and sizes that are not whole units, and bits that would
/// have to go from 0 to 1. It is cut by giving it a number of steps to live: a programmed byte is
/// one step, an erase is FLASH_MEMORY_ERASE_STEPS. The step that finds none left happens in part
/// only, and from then on every call fails until flash_memory_power_up().
///
/// In the manner of a disk, it can also lose what was not synchronised.

#include <stdbool.h>
#include <stdint.h>

#include "flash_region.h"

enum {
    FLASH_MEMORY_SIZE_LIMIT = 1 << 20,
    FLASH_MEMORY_UNIT_LIMIT = FLASH_MEMORY_SIZE_LIMIT / FLASH_PROGRAM_SIZE,
    FLASH_MEMORY_ERASE_STEPS = 9,
};

/// What a power cut does to the operation that it interrupts.
enum flash_memory_cut {
    FLASH_MEMORY_CUT_IN_ORDER,  ///< Byte after byte: a prefix is done, one byte is torn.
    FLASH_MEMORY_CUT_AT_RANDOM, ///< All bits at once: any of those that were to change have
                                ///< changed.
    FLASH_MEMORY_CUT_BACKWARD,  ///< As in order, from the end of the unit or of the sector.
    FLASH_MEMORY_CUT_CACHE,     ///< A disk: all since the last sync is lost.
    FLASH_MEMORY_CUT_CACHE_MIX, ///< A disk: of all units since the last sync, some are lost.
};

struct flash_memory {
    struct flash_region region;
    enum flash_memory_cut cut;
    uint64_t random;
    uint64_t steps;      ///< Taken since the start.
    uint64_t steps_left; ///< UINT64_MAX: no cut.
    bool is_dead;
    bool fails;          ///< Every call fails and does nothing, as on a broken bus.
    bool sync_fails;     ///< sync() fails, the rest works.
    unsigned operations; ///< Programs, erases and syncs.
    unsigned cuts;
    unsigned breaches; ///< Of the rules of flash. A test asserts that there are none.
    unsigned syncs;
    uint32_t erases[FLASH_MEMORY_SIZE_LIMIT / 1024];
    bool programmed[FLASH_MEMORY_UNIT_LIMIT];
    uint8_t bytes[FLASH_MEMORY_SIZE_LIMIT];
    uint8_t kept[FLASH_MEMORY_SIZE_LIMIT]; ///< As of the last sync.
};

/// Makes blank flash of `sector_count` sectors. The struct is large: keep it static.
void flash_memory_init(struct flash_memory *flash, uint32_t sector_size, uint32_t sector_count,
                       enum flash_memory_cut cut, uint64_t seed);

/// Pulls the plug after `steps` more steps.
void flash_memory_cut_after(struct flash_memory *flash, uint64_t steps);

/// Pulls the plug now, between two operations.
void flash_memory_cut_now(struct flash_memory *flash);

/// Brings the power back.
void flash_memory_power_up(struct flash_memory *flash);

/// Makes `copy` what `flash` is now, far quicker than copying the struct.
void flash_memory_copy(struct flash_memory *copy, const struct flash_memory *flash);
