// SPDX-License-Identifier: MIT
#pragma once

/// A disk that forgets what was not synced, as a layer over SQLite's own file system (SQLite's VFS
/// interface, sqlite.org/vfs.html). Writes stay in this process's memory until the file is synced,
/// so `kill -9` of the process is a power cut. Shared memory files pass through: they mean nothing
/// after a cut.
///
/// For tests only; the configuration key store_simulate_power_cut chooses it.

#include <stdint.h>

#include "status.h"

#define POWER_CUT_VFS_NAME "power_cut"

/// Makes the VFS known to SQLite under POWER_CUT_VFS_NAME. May be called again.
MUST_CHECK enum status power_cut_vfs_register(void);

/// Cuts the power: of the writes that are not synced, some reach the disk as `seed` decides, whole
/// or in part, and the others are lost. From now on every access fails.
void power_cut_vfs_cut(uint32_t seed);

/// Brings the power back; files opened before must have been closed.
void power_cut_vfs_restore(void);

/// How many writes have been offered since the start; to sweep a cut over every one of them.
uint64_t power_cut_vfs_writes(void);

/// Cuts the power, as power_cut_vfs_cut(), when `writes` more writes or syncs have been asked for.
void power_cut_vfs_cut_after(uint64_t writes, uint32_t seed);
