// SPDX-License-Identifier: MIT
#pragma once

/// Opens NVS, with its own encryption where CONFIG_NVS_ENCRYPTION is set.
///
/// Sources: ESP-IDF v5.5 and v5.3, nvs_flash.h with nvs_api.cpp, and nvs_sec_provider.c.
///
/// nvs_flash_init() makes new keys whenever it cannot read the old ones, also after a failed read,
/// and with them everything in NVS is lost. Here keys are made in two cases only:
///   - nothing is in NVS, as at the first start, or when that was cut while it wrote the keys;
///   - there never were keys, but something is in NVS, as on a device that was used without
///     encryption: that is erased, and a line of the log says so.

#include "esp_err.h"

/// @return ESP_ERR_NVS_CORRUPT_KEY_PART  the keys are damaged: nothing was changed;
///         else as nvs_flash_init().
esp_err_t encrypted_nvs_open(void);
