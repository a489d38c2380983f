// SPDX-License-Identifier: MIT
#include <esp_log.h>
#include <sdkconfig.h>

#include "chip_image.h"
#include "meter.h"

#if CONFIG_OHM_LOG_LEVEL_WARNING
enum { LOG_LEVEL = ESP_LOG_WARN };
#elif CONFIG_OHM_LOG_LEVEL_DEBUG
enum { LOG_LEVEL = ESP_LOG_DEBUG };
#else
enum { LOG_LEVEL = ESP_LOG_INFO };
#endif

static const char TAG[] = "ohm";

void app_main(void)
{
    static struct meter meter;
    char crash[CHIP_IMAGE_REASON_SIZE];

    esp_log_level_set("*", (esp_log_level_t)LOG_LEVEL);
    ESP_LOGI(TAG, "started by %s", chip_image_start_reason());
    if (chip_image_crash(crash) == STATUS_OK) {
        ESP_LOGE(TAG, "the last run: %s", crash);
    }
    meter_run(&meter);
}
