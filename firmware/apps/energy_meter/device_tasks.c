// SPDX-License-Identifier: MIT
#include "device_tasks.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum {
    NS_PER_S = 1000000000,
    NS_PER_MS = 1000000,
    SHORTEST_TICK_NS = NS_PER_MS,
    PACE_MS = 10, ///< Of sampling and processing.
    FREE_SLOTS_LEAST = 2,
    WINDOW_MS = 20,  ///< Longest wait of a phone that asks the portal while credentials are taken.
    SET_UP_MS = 100, ///< And otherwise.
};

static void beat(struct device *device, enum device_task task)
{
    // Only this task writes it, so load and store are enough.
    const uint32_t beats = atomic_load_explicit(&device->beats[task], memory_order_relaxed);
    atomic_store_explicit(&device->beats[task], beats + 1, memory_order_relaxed);
}

/// A stretch of device time in real nanoseconds.
static long real_ns(const struct device *device, long device_ms)
{
    const long ns = device_ms * NS_PER_MS / (long)device->options->speed;
    return ns > SHORTEST_TICK_NS ? ns : SHORTEST_TICK_NS;
}

static void sleep_ms(const struct device *device, long device_ms)
{
    const struct timespec wait = { .tv_nsec = real_ns(device, device_ms) };
    (void)nanosleep(&wait, NULL);
}

static uint64_t now_us(const struct device *device)
{
    return device->clock.uptime_us(device->clock.ctx);
}

static void run_button(void *ctx)
{
    struct device *device = ctx;
    const long tick_ns = real_ns(device, BUTTON_TASK_TICK_MS);
    struct timespec next;

    (void)clock_gettime(CLOCK_MONOTONIC, &next);
    while (!atomic_load(&device->stop[DEVICE_BUTTON])) {
        button_task_step(&device->button, now_us(device));
        beat(device, DEVICE_BUTTON);
        next.tv_nsec += tick_ns;
        if (next.tv_nsec >= NS_PER_S) {
            next.tv_nsec -= NS_PER_S;
            next.tv_sec++;
        }
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) == EINTR) {
        }
    }
}

/// The time that a window's end is told by: the clock's, or that of the frames where a recording
/// is played faster than it was made.
static uint64_t sampling_us(const struct device *device)
{
    const struct device_source *source = &device->source;
    if (source->paced) {
        return now_us(device);
    }
    const struct sampling_counters *counters = &device->metering.sampling.counters;
    const double passed = (double)(counters->frames + counters->lost_frames);
    return source->start_us + (uint64_t)(passed * 1e6 / source->rate_hz);
}

static void run_sampling(void *ctx)
{
    struct device *device = ctx;
    const uint32_t room = METERING_ENGINE_WINDOWS - FREE_SLOTS_LEAST;

    while (!atomic_load(&device->stop[DEVICE_SAMPLING])) {
        beat(device, DEVICE_SAMPLING);
        // Only a source without a pace of its own can be asked to wait.
        if (!device->source.paced && ring_count(&device->metering.ring) >= room) {
            sleep_ms(device, 1);
            continue;
        }
        const enum status status =
            sampling_task_step(&device->metering.sampling, sampling_us(device));
        if (status == STATUS_MISSING) {
            break;
        }
        if (status == STATUS_IO) {
            host_log_say_seldom(&device->log, &device->limits[LIMIT_ADC], HOST_LOG_ERROR,
                                "the converter does not answer");
        }
        if (status != STATUS_OK) {
            sleep_ms(device, PACE_MS);
        }
    }
    atomic_store(&device->sampled, true);
}

static void report_storage(struct device *device, enum status status)
{
    if (status != STATUS_OK && status != STATUS_BUSY) {
        host_log_say_seldom(&device->log, &device->limits[LIMIT_JOURNAL], HOST_LOG_ERROR,
                            "a reading cannot be stored in %s (%s); it is kept in memory and "
                            "grows until there is room",
                            device->options->data_dir, device_storage_fault(&device->storage));
    }
}

static void run_processing(void *ctx)
{
    struct device *device = ctx;
    bool ended = false;

    while (!ended) {
        const bool last = atomic_load(&device->stop[DEVICE_PROCESSING]);
        const bool sampled = atomic_load(&device->sampled);
        const enum status status = sampled ? metering_engine_flush(&device->metering)
                                           : metering_engine_step(&device->metering);
        report_storage(device, status);
        if (sampled && status == STATUS_OK && !atomic_load(&device->processed)) {
            atomic_store(&device->processed, true);
            mosquitto_session_wake(device->session);
        }
        caretaker_mind(&device->caretaker);
        beat(device, DEVICE_PROCESSING);
        ended = last;
        if (!ended) {
            sleep_ms(device, PACE_MS);
        }
    }
}

static uint32_t shorter(uint32_t one_ms, uint32_t other_ms)
{
    return one_ms < other_ms ? one_ms : other_ms;
}

/// How long the provisioner may be left alone.
static uint32_t set_up_pace_ms(const struct device *device)
{
    if (!device->provisioning.is_on) {
        return UINT32_MAX;
    }
    return atomic_load(&device->provisioning.is_open) ? WINDOW_MS : SET_UP_MS;
}

/// Without an identity there is nobody to speak as. @return whether there is one, or never need be.
static bool has_way_in(struct device *device)
{
    if (!device->provisioning.is_on || device_provisioning_step(&device->provisioning)) {
        return true;
    }
    button_task_show(&device->button, device_provisioning_pattern(&device->provisioning));
    return false;
}

static void run_communication(void *ctx)
{
    struct device *device = ctx;
    struct communication_task *task = &device->communication;

    for (;;) {
        const bool processed = atomic_load(&device->processed);
        const bool stops = atomic_load(&device->stop[DEVICE_COMMUNICATION]);
        if (!has_way_in(device) && !stops) {
            beat(device, DEVICE_COMMUNICATION);
            mosquitto_session_wait(device->session, (int)set_up_pace_ms(device));
            continue;
        }
        if (device_provisioning_has_changed(&device->provisioning)) {
            communication_task_hurry(task);
        }
        if (stops) {
            communication_task_leave(task);
        }
        const uint32_t idle_ms = communication_task_step(task);
        beat(device, DEVICE_COMMUNICATION);
        if (processed && communication_task_is_delivered(task)) {
            atomic_store(&device->delivered, true);
        }
        caretaker_take_wish(&device->caretaker, communication_task_take_wish(task));
        if (communication_task_has_left(task)) {
            return;
        }
        mosquitto_session_wait(device->session, (int)shorter(idle_ms, set_up_pace_ms(device)));
    }
}

void device_tasks_init(struct device *device)
{
    static const struct task_entry table[DEVICE_TASK_COUNT] = {
        [DEVICE_BUTTON] = { "button", 0, 24, 4096, run_button, NULL },
        [DEVICE_SAMPLING] = { "sampling", 1, 5, 4096, run_sampling, NULL },
        [DEVICE_PROCESSING] = { "processing", 0, 4, 8192, run_processing, NULL },
        [DEVICE_COMMUNICATION] = { "communication", 0, 1, 8192, run_communication, NULL },
    };
    for (unsigned i = 0; i < DEVICE_TASK_COUNT; i++) {
        device->entries[i] = table[i];
        device->entries[i].ctx = device;
    }
}

enum status device_tasks_start(struct device *device, enum device_task task)
{
    // What is played without a pace would leave no time to others at a real-time priority.
    const bool real_time =
        device->options->real_time && (task == DEVICE_BUTTON || device->options->paced);
    const enum status status =
        task_thread_start(&device->threads[task], &device->entries[task], real_time);
    device->started[task] = status == STATUS_OK;
    return status;
}

void device_tasks_stop(struct device *device, enum device_task task)
{
    if (device->started[task]) {
        atomic_store(&device->stop[task], true);
        mosquitto_session_wake(device->session);
        task_thread_join(&device->threads[task]);
        device->started[task] = false;
    }
}
