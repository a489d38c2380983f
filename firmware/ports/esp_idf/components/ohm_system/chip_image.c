// SPDX-License-Identifier: MIT
#include "chip_image.h"

#include <inttypes.h>
#include <stdio.h>

#include "esp_core_dump.h"
#include "esp_flash_encrypt.h"
#include "esp_ota_ops.h"
#include "esp_partition.h"
#include "esp_secure_boot.h"
#include "esp_system.h"

enum status chip_image_digest(uint8_t digest[CRYPTO_SHA256_SIZE])
{
    const esp_partition_t *running = esp_ota_get_running_partition();
    return running != NULL && esp_partition_get_sha256(running, digest) == ESP_OK ? STATUS_OK
                                                                                  : STATUS_IO;
}

bool chip_image_is_verified(void)
{
    return esp_secure_boot_enabled() && esp_flash_encryption_enabled();
}

enum status chip_image_confirm(void)
{
    esp_ota_img_states_t state = ESP_OTA_IMG_UNDEFINED;
    const esp_partition_t *running = esp_ota_get_running_partition();

    if (esp_ota_get_state_partition(running, &state) != ESP_OK ||
        state != ESP_OTA_IMG_PENDING_VERIFY) {
        return STATUS_OK;
    }
    return esp_ota_mark_app_valid_cancel_rollback() == ESP_OK ? STATUS_OK : STATUS_IO;
}

const char *chip_image_start_reason(void)
{
    switch (esp_reset_reason()) {
    case ESP_RST_POWERON:
        return "power came on";
    case ESP_RST_EXT:
        return "the reset pin";
    case ESP_RST_SW:
        return "a restart that was asked for";
    case ESP_RST_PANIC:
        return "a crash";
    case ESP_RST_INT_WDT:
        return "the interrupt watchdog";
    case ESP_RST_TASK_WDT:
        return "the task watchdog";
    case ESP_RST_WDT:
        return "another watchdog";
    case ESP_RST_BROWNOUT:
        return "the supply fell too low";
    default:
        return "another reason";
    }
}

static bool has_crashed(void)
{
    switch (esp_reset_reason()) {
    case ESP_RST_PANIC:
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
        return true;
    default:
        return false;
    }
}

enum status chip_image_crash(char text[CHIP_IMAGE_REASON_SIZE])
{
    esp_core_dump_summary_t summary;
    char reason[CHIP_IMAGE_REASON_SIZE / 2] = "no reason is known";

    if (!has_crashed() || esp_core_dump_image_check() != ESP_OK ||
        esp_core_dump_get_summary(&summary) != ESP_OK) {
        return STATUS_MISSING;
    }
    (void)esp_core_dump_get_panic_reason(reason, sizeof reason);
    (void)snprintf(text, CHIP_IMAGE_REASON_SIZE, "task %.15s crashed at %08" PRIx32 ": %s",
                   summary.exc_task, summary.exc_pc, reason);
    return STATUS_OK;
}
