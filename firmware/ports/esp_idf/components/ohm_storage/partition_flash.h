// SPDX-License-Identifier: MIT
#pragma once

/// A data partition as a flash region.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_partition.h. Where flash encryption is on and the partition
/// is marked for it, what was erased reads as noise through the decryption; this region reads it as
/// ones, as the seam promises, by looking at the raw bytes of each unit.

#include "esp_partition.h"
#include "flash_region.h"
#include "status.h"

/// Owned by the caller; use it only through the functions below.
struct partition_flash {
    const esp_partition_t *partition;
    struct flash_region region;
};

/// Finds the data partition of this label.
///
/// @return STATUS_MISSING  the partition table has none;
///         STATUS_INVALID  its size is no number of sectors.
MUST_CHECK enum status partition_flash_open(struct partition_flash *flash, const char *label);
