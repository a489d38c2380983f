// SPDX-License-Identifier: MIT
#include <esp_log.h>

static const char TAG[] = "ohm";

void app_main(void)
{
    ESP_LOGI(TAG, "nothing is wired yet");
}
