// SPDX-License-Identifier: MIT
#include "rtos_tasks.h"

#include "esp_task_wdt.h"

static void enter(void *ctx)
{
    const struct rtos_task *task = ctx;
    task->run(task->ctx);
    vTaskDelete(NULL);
}

enum status rtos_task_start(struct rtos_task *task)
{
    const BaseType_t core = task->core < (int)portNUM_PROCESSORS ? task->core : 0;
    return xTaskCreatePinnedToCore(enter, task->name, task->stack_size, task, task->priority,
                                   &task->handle, core) == pdPASS
               ? STATUS_OK
               : STATUS_FULL;
}

enum status rtos_task_guard(void)
{
    return esp_task_wdt_add(NULL) == ESP_OK ? STATUS_OK : STATUS_IO;
}

void rtos_task_feed(void)
{
    (void)esp_task_wdt_reset();
}

void rtos_task_sleep_ms(uint32_t ms)
{
    const TickType_t ticks = pdMS_TO_TICKS(ms);
    vTaskDelay(ticks > 0 ? ticks : 1);
}

uint32_t rtos_task_now(void)
{
    return xTaskGetTickCount();
}

void rtos_task_sleep_until(uint32_t *wake, uint32_t ms)
{
    TickType_t last = *wake;
    vTaskDelayUntil(&last, pdMS_TO_TICKS(ms));
    *wake = last;
}

void rtos_task_measure(const struct rtos_task *task, uint32_t *free_stack, uint32_t *percent)
{
    TaskStatus_t status = { 0 };

    vTaskGetInfo(task->handle, &status, pdTRUE, eRunning);
    const uint64_t hundredth = portGET_RUN_TIME_COUNTER_VALUE() / 100;
    *free_stack = status.usStackHighWaterMark;
    *percent = hundredth > 0 ? (uint32_t)(status.ulRunTimeCounter / hundredth) : 0;
}
