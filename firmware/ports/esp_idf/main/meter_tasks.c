// SPDX-License-Identifier: MIT
#include <esp_heap_caps.h>
#include <esp_log.h>
#include <inttypes.h>

#include "meter.h"
#include "supply_watch.h"

enum {
    PACE_MS = 10,   ///< Of sampling and processing.
    LONG_MS = 1000, ///< Longest sleep of communication.
    WINDOW_MS = 20, ///< Longest wait of a phone that asks for a name, while the window is open.
    SET_UP_MS = 100,
    STORAGE_LOG_S = 60, ///< Storage that fails is told no more often.
    SIZES_S = 60,       ///< How often stacks and memory are told.
    US_PER_S = 1000000,
};

static const char TAG[] = "tasks";

static uint64_t now_us(const struct meter *meter)
{
    return meter->clock.uptime_us(meter->clock.ctx);
}

/// The task has taken a step, and is alive.
static void beat(struct meter *meter, enum meter_task task)
{
    // Only this task writes it, so load and store are enough.
    const uint32_t beats = atomic_load_explicit(&meter->beats[task], memory_order_relaxed);
    atomic_store_explicit(&meter->beats[task], beats + 1, memory_order_relaxed);
    rtos_task_feed();
}

static void guard(void)
{
    if (rtos_task_guard() != STATUS_OK) {
        ESP_LOGE(TAG, "there is no watchdog");
    }
}

static void run_button(void *ctx)
{
    struct meter *meter = ctx;
    uint32_t wake = rtos_task_now();

    guard();
    for (;;) {
        button_task_step(&meter->button, now_us(meter));
        beat(meter, METER_BUTTON);
        rtos_task_sleep_until(&wake, BUTTON_TASK_TICK_MS);
    }
}

/// Opens the converter here, so that its interrupts come to this task's core, and waits for what is
/// built on it.
static void open_source(struct meter *meter)
{
    const enum status status =
        meter_source_open(&meter->source, &meter->clock, meter->settings.channels);
    if (status != STATUS_OK) {
        ESP_LOGE(TAG, "no samples: %s; check rate and pins in menuconfig", status_name(status));
    }
    atomic_store(&meter->source_state,
                 status == STATUS_OK ? METER_SOURCE_OPEN : METER_SOURCE_FAILED);
    while (!atomic_load(&meter->is_built)) {
        rtos_task_sleep_ms(PACE_MS);
    }
}

static void run_sampling(void *ctx)
{
    struct meter *meter = ctx;

    open_source(meter);
    guard();
    for (;;) {
        const enum status status = sampling_task_step(&meter->metering->sampling, now_us(meter));
        beat(meter, METER_SAMPLING);
        // After a block there may be another.
        if (status != STATUS_OK) {
            rtos_task_sleep_ms(PACE_MS);
        }
    }
}

static void tell_storage(const struct meter *meter, enum status status, uint64_t *told_us)
{
    if (status == STATUS_OK || status == STATUS_BUSY ||
        (*told_us != 0 && now_us(meter) - *told_us < (uint64_t)STORAGE_LOG_S * US_PER_S)) {
        return;
    }
    *told_us = now_us(meter);
    ESP_LOGE(TAG, "a reading cannot be stored (%s); it is kept in memory and grows until it can",
             status_name(status));
}

static void run_processing(void *ctx)
{
    static struct supply_watch watch;
    struct meter *meter = ctx;
    uint64_t told_us = 0;

    guard();
    if (CONFIG_OHM_SUPPLY_GPIO >= 0 &&
        supply_watch_open(&watch, CONFIG_OHM_SUPPLY_GPIO, xTaskGetCurrentTaskHandle()) !=
            STATUS_OK) {
        ESP_LOGE(TAG, "the supply cannot be watched at GPIO %d", CONFIG_OHM_SUPPLY_GPIO);
    }
    for (;;) {
        const bool falls = supply_watch_wait(PACE_MS);
        if (meter->metering != NULL) {
            tell_storage(meter,
                         falls ? metering_engine_save(meter->metering)
                               : metering_engine_step(meter->metering),
                         &told_us);
        }
        caretaker_mind(&meter->caretaker);
        beat(meter, METER_PROCESSING);
    }
}

static uint32_t shorter(uint32_t one_ms, uint32_t other_ms)
{
    return one_ms < other_ms ? one_ms : other_ms;
}

static void leave(struct meter *meter)
{
    const struct restart restart = meter->button.parts.restart;
    restart.now(restart.ctx);
}

static void run_communication(void *ctx)
{
    struct meter *meter = ctx;
    struct communication_task *task = meter->communication;
    uint64_t told_us = now_us(meter);

    guard();
    for (;;) {
        if (now_us(meter) - told_us >= (uint64_t)SIZES_S * US_PER_S) {
            told_us = now_us(meter);
            meter_say_sizes(meter);
        }
        const bool leaves = atomic_load(&meter->restart_wanted);
        const bool is_ready = meter_setup_step(&meter->setup);
        const uint32_t pace_ms = atomic_load(&meter->setup.is_open) ? WINDOW_MS : SET_UP_MS;
        beat(meter, METER_COMMUNICATION);
        if (!is_ready) {
            button_task_show(&meter->button, meter_setup_pattern(&meter->setup));
            if (leaves) {
                leave(meter);
            }
            broker_session_wait(&meter->session, pace_ms);
            continue;
        }
        if (meter_setup_has_changed(&meter->setup)) {
            communication_task_hurry(task);
        }
        if (leaves) {
            communication_task_leave(task);
        }
        const uint32_t idle_ms = shorter(communication_task_step(task), LONG_MS);
        caretaker_take_wish(&meter->caretaker, communication_task_take_wish(task));
        if (communication_task_has_left(task)) {
            leave(meter);
        }
        broker_session_wait(&meter->session, shorter(idle_ms, pace_ms));
    }
}

void meter_want_restart(void *ctx)
{
    struct meter *meter = ctx;
    atomic_store(&meter->restart_wanted, true);
}

void meter_say_sizes(const struct meter *meter)
{
    for (unsigned i = 0; i < METER_TASK_COUNT; i++) {
        uint32_t free_stack = 0;
        uint32_t percent = 0;
        if (meter->tasks[i].handle != NULL) {
            rtos_task_measure(&meter->tasks[i], &free_stack, &percent);
            ESP_LOGI(TAG, "%-13s %5" PRIu32 " of %5" PRIu32 " bytes of stack left, %3" PRIu32 " %%",
                     meter->tasks[i].name, free_stack, meter->tasks[i].stack_size, percent);
        }
    }
    ESP_LOGI(TAG, "memory: %u bytes free, at least %u, largest piece %u",
             (unsigned)heap_caps_get_free_size(MALLOC_CAP_INTERNAL),
             (unsigned)heap_caps_get_minimum_free_size(MALLOC_CAP_INTERNAL),
             (unsigned)heap_caps_get_largest_free_block(MALLOC_CAP_INTERNAL));
}

enum status meter_task_start(struct meter *meter, enum meter_task task)
{
    // Of processing and communication more than a chip's tasks usually have: tests/budget counts
    // what the core takes of it, and the drivers come on top.
    static const struct rtos_task table[METER_TASK_COUNT] = {
        [METER_BUTTON] = { "button", 0, 24, 4096, run_button, NULL, NULL },
        [METER_SAMPLING] = { "sampling", 1, 5, 4096, run_sampling, NULL, NULL },
        [METER_PROCESSING] = { "processing", 0, 4, 10240, run_processing, NULL, NULL },
        [METER_COMMUNICATION] = { "communication", 0, 1, 12288, run_communication, NULL, NULL },
    };
    struct rtos_task *entry = &meter->tasks[task];

    *entry = table[task];
    entry->ctx = meter;
    return rtos_task_start(entry);
}
