// SPDX-License-Identifier: MIT
#pragma once

/// The tasks of a device by a table: pinned to their cores, with their priorities and stacks, and
/// each under the task watchdog.
///
/// Sources: ESP-IDF v5.5 and v5.3, freertos/task.h (IDF additions), esp_task_wdt.h. Only the task
/// itself feeds its watchdog, once per step that it has done; a task that stands still restarts the
/// chip.

#include <stddef.h>
#include <stdint.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "status.h"

struct rtos_task {
    const char *name; ///< At most 15 characters.
    int core;         ///< Where there are two.
    unsigned priority;
    uint32_t stack_size;    ///< Bytes.
    void (*run)(void *ctx); ///< Never returns.
    void *ctx;
    TaskHandle_t handle; ///< Once it runs.
};

/// Starts a task, which `task` must outlive.
///
/// @return STATUS_FULL  there is no memory for its stack.
MUST_CHECK enum status rtos_task_start(struct rtos_task *task);

/// Puts the calling task under the watchdog. @return STATUS_IO  the watchdog is not there.
MUST_CHECK enum status rtos_task_guard(void);

/// The calling task has done a step.
void rtos_task_feed(void);

/// Sleeps for at least a tick.
void rtos_task_sleep_ms(uint32_t ms);

/// Sleeps until `*wake` plus `ms`, and makes that `*wake`: a steady rhythm. Begin with
/// rtos_task_now().
void rtos_task_sleep_until(uint32_t *wake, uint32_t ms);
uint32_t rtos_task_now(void);

/// The least stack in bytes that the task has had left, and its share of one core since boot in
/// percent.
void rtos_task_measure(const struct rtos_task *task, uint32_t *free_stack, uint32_t *percent);
