// SPDX-License-Identifier: MIT
#pragma once

/// A flash region that turns `kill -9` into a power cut: what was not synchronised dies with the
/// process.
///
/// It wraps another region, holds every change in memory until sync(), and only then passes all of
/// them on. Without it the kernel would still write what a killed process had written, and no test
/// of a killed process could tell a missing sync() from a present one. For tests; selected by the
/// device's configuration key `journal_simulate_power_cut`.
///
/// A process killed inside sync() leaves a part of the changes behind: erases first, then units,
/// upward.

#include "flash_region.h"
#include "status.h"

struct flash_unsynced;

/// Wraps `below`, which must outlive it.
///
/// @return STATUS_IO  out of memory, or `below` cannot be read.
MUST_CHECK enum status flash_unsynced_open(struct flash_unsynced **flash,
                                           const struct flash_region *below);

/// The wrapping region; it lives until flash_unsynced_close().
const struct flash_region *flash_unsynced_region(struct flash_unsynced *flash);

/// Forgets what was not synchronised. NULL is fine.
void flash_unsynced_close(struct flash_unsynced *flash);
