// SPDX-License-Identifier: MIT
#include "chip_power.h"

#include "esp_pm.h"

enum status chip_power_save(int highest_mhz, int lowest_mhz, bool light_sleep)
{
    const esp_pm_config_t config = { .max_freq_mhz = highest_mhz,
                                     .min_freq_mhz = lowest_mhz,
                                     .light_sleep_enable = light_sleep };
    const esp_err_t error = esp_pm_configure(&config);
    return error == ESP_OK                  ? STATUS_OK
           : error == ESP_ERR_NOT_SUPPORTED ? STATUS_MISSING
                                            : STATUS_INVALID;
}
