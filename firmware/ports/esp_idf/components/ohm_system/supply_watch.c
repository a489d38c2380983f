// SPDX-License-Identifier: MIT
#include "supply_watch.h"

#include "esp_attr.h"

static void IRAM_ATTR on_fall(void *ctx)
{
    const struct supply_watch *watch = ctx;
    BaseType_t must_switch = pdFALSE;

    vTaskNotifyGiveFromISR(watch->task, &must_switch);
    portYIELD_FROM_ISR(must_switch);
}

enum status supply_watch_open(struct supply_watch *watch, gpio_num_t line, TaskHandle_t task)
{
    *watch = (struct supply_watch){ .line = line, .task = task };
    const gpio_config_t config = { .pin_bit_mask = 1ULL << (unsigned)line,
                                   .mode = GPIO_MODE_INPUT,
                                   .intr_type = GPIO_INTR_NEGEDGE };
    if (!GPIO_IS_VALID_GPIO(line) || gpio_config(&config) != ESP_OK) {
        return STATUS_INVALID;
    }
    return gpio_isr_handler_add(line, on_fall, watch) == ESP_OK ? STATUS_OK : STATUS_IO;
}

bool supply_watch_wait(uint32_t ms)
{
    const TickType_t ticks = pdMS_TO_TICKS(ms);
    return ulTaskNotifyTake(pdTRUE, ticks > 0 ? ticks : 1) != 0;
}
