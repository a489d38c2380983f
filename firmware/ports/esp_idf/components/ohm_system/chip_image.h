// SPDX-License-Identifier: MIT
#pragma once

/// The image that runs: its digest, whether it may stay, and what became of the run before.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_ota_ops.h, esp_partition.h, esp_core_dump.h, esp_system.h.

#include <stdbool.h>
#include <stdint.h>

#include "crypto.h"
#include "status.h"

enum { CHIP_IMAGE_REASON_SIZE = 160 };

/// SHA-256 that the image carries of itself. @return STATUS_IO  it cannot be read.
MUST_CHECK enum status chip_image_digest(uint8_t digest[CRYPTO_SHA256_SIZE]);

/// Whether the chip has verified what it started, and nobody outside can read or change its flash:
/// Secure Boot and flash encryption are both burnt in.
bool chip_image_is_verified(void);

/// The image has proved itself: the bootloader may keep it. Until then the next restart brings the
/// one before back. An image that is confirmed already, or that no update brought, is fine.
MUST_CHECK enum status chip_image_confirm(void);

/// Why the chip started, in a few words, such as "power came on" or "the task watchdog".
const char *chip_image_start_reason(void);

/// What the core dump in flash says of the crash that made the chip start, as a line for a log. The
/// dump stays for `idf.py coredump-info` until the next crash.
///
/// @return STATUS_MISSING  no crash made it start, or there is no dump.
MUST_CHECK enum status chip_image_crash(char text[CHIP_IMAGE_REASON_SIZE]);
