// SPDX-License-Identifier: MIT
#include "encrypted_nvs.h"

#include "nvs_flash.h"
#include "sdkconfig.h"

#if CONFIG_NVS_ENCRYPTION

#include <stdbool.h>
#include <stdint.h>

#include "constant_time.h"
#include "esp_log.h"
#include "esp_partition.h"
#include "nvs_sec_provider.h"

enum { PIECE_WORDS = 64 };

static const char TAG[] = "nvs";

static esp_err_t look_whether_blank(const esp_partition_t *partition, bool *is_blank)
{
    uint32_t piece[PIECE_WORDS];

    *is_blank = true;
    for (size_t offset = 0; offset < partition->size; offset += sizeof piece) {
        const esp_err_t error = esp_partition_read_raw(partition, offset, piece, sizeof piece);
        if (error != ESP_OK) {
            return error;
        }
        for (unsigned n = 0; n < PIECE_WORDS; n++) {
            *is_blank = *is_blank && piece[n] == UINT32_MAX;
        }
    }
    return ESP_OK;
}

/// Makes keys if nothing can be lost by it any more. `fault` is why there are none.
static esp_err_t make_keys(nvs_sec_scheme_t *scheme, nvs_sec_cfg_t *keys, esp_err_t fault)
{
    const esp_partition_t *nvs = esp_partition_find_first(
        ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_NVS, NVS_DEFAULT_PART_NAME);
    bool is_blank = false;

    if (nvs == NULL) {
        return ESP_ERR_NVS_PART_NOT_FOUND;
    }
    esp_err_t error = look_whether_blank(nvs, &is_blank);
    if (error == ESP_OK && !is_blank) {
        if (fault == ESP_ERR_NVS_CORRUPT_KEY_PART) {
            return fault;
        }
        ESP_LOGE(TAG, "NVS was used without encryption, or its keys were erased: what it holds is "
                      "erased, and the device begins anew");
        error = esp_partition_erase_range(nvs, 0, nvs->size);
    }
    return error == ESP_OK ? nvs_flash_generate_keys_v2(scheme, keys) : error;
}

esp_err_t encrypted_nvs_open(void)
{
    nvs_sec_scheme_t *scheme = nvs_flash_get_default_security_scheme();
    nvs_sec_cfg_t keys = { .eky = { 0 } };
    esp_err_t error = nvs_flash_read_security_cfg_v2(scheme, &keys);

    if (error == ESP_ERR_NVS_KEYS_NOT_INITIALIZED || error == ESP_ERR_NVS_SEC_HMAC_KEY_NOT_FOUND ||
        error == ESP_ERR_NVS_CORRUPT_KEY_PART) {
        error = make_keys(scheme, &keys, error);
    }
    if (error == ESP_OK) {
        error = nvs_flash_secure_init(&keys);
    }
    constant_time_wipe(&keys, sizeof keys);
    return error;
}

#else

esp_err_t encrypted_nvs_open(void)
{
    return nvs_flash_init();
}

#endif
