// SPDX-License-Identifier: MIT
#pragma once

/// Retained memory as a file on a tmpfs: it outlives the process, however that ends, and like an
/// ESP32's RTC memory it does not outlive the machine's power.

#include "retained_memory.h"
#include "status.h"

/// Maps the file `path`, made if need be. A new one reads as zeros.
///
/// @return as shared_map_open().
MUST_CHECK enum status retained_file_open(const char *path, struct retained_memory **memory);

/// Ends the mapping; the file stays. NULL is fine.
void retained_file_close(struct retained_memory *memory);
