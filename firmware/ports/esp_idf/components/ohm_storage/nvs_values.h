// SPDX-License-Identifier: MIT
#pragma once

/// The key_value seam on ESP-IDF's NVS, for any task that may wait.
///
/// Sources: ESP-IDF v5.5 and v5.3, nvs_flash.h and nvs.h; the Programming Guide's "Non-Volatile
/// Storage Library": a blob is replaced as a whole, also over a power cut.
///
/// Lasting keys are in the namespace "lasting". The others are in "a" or "b", whichever the lasting
/// key "space" names, so that forgetting all of them is one write: the other, empty namespace is
/// named, and what the old one held is cleared away then, or at the next start.
///
/// Whether NVS encrypts is a matter of the configuration (CONFIG_NVS_ENCRYPTION): encrypted_nvs.

#include <stdint.h>

#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "key_value.h"
#include "nvs.h"
#include "status.h"

/// Owned by the caller; use it only through the functions below.
struct nvs_values {
    struct key_value seam;
    nvs_handle_t lasting;
    nvs_handle_t space[2];
    uint32_t current; ///< Of the two.
    StaticSemaphore_t mutex_storage;
    SemaphoreHandle_t mutex;
    uint8_t buffer[1 + KEY_VALUE_SIZE_LIMIT];
};

/// Opens NVS and what it holds; a blank partition is made ready.
///
/// @return STATUS_CORRUPT  what is there cannot be read: it is left as it is, since it may hold the
///                         device's keys;
///         STATUS_IO       the flash failed.
MUST_CHECK enum status nvs_values_open(struct nvs_values *values);

/// `values` outlives it.
const struct key_value *nvs_values_seam(const struct nvs_values *values);
