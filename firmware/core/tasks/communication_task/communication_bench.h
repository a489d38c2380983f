// SPDX-License-Identifier: MIT
#pragma once

/// A whole device around the communication task, and the fleet it speaks with. The test is the
/// clock.

#include <stdbool.h>
#include <stdint.h>

#include "communication_task.h"
#include "fake_fleet.h"

enum { BENCH_FLASH_SIZE = 64 * 4096, BENCH_SECTOR_SIZE = 4096, BENCH_TICK_MS = 10 };

struct bench {
    uint8_t flash[BENCH_FLASH_SIZE];
    struct flash_region region;
    uint64_t now_us;
    bool host_knows_time;
    uint32_t random;
    bool locked; ///< Another task holds the journal.
    uint8_t coils;
    bool bus_dead;
    bool button_hangs;
    bool case_open;
    bool tamper_switch; ///< The case has one.
    uint32_t boot_id;

    struct settings settings;
    struct clock clock;
    struct entropy entropy;
    struct lock lock;
    struct journal journal;
    struct retained_memory retained;
    struct relay_bank_port bank_port;
    struct relay_mailbox mailbox;
    struct metering_mailbox metering; ///< The test is the processing task.
    struct button_task button;
    struct fake_fleet fleet;
    struct mqtt_session session;
    struct communication_task task;
    const struct crypto *crypto; ///< NULL: no signature can be checked.
    const uint8_t *command_key;
    unsigned notices[COMMUNICATION_STORAGE + 1];
};

/// A cmocka set-up: a new device, not yet connected.
int bench_power_up(void **state);

/// Starts the device again on the flash it has; what was only in memory is gone.
void bench_boot(struct bench *b);

/// One tick of every task and of the fleet.
void bench_tick(struct bench *b);
void bench_run_ms(struct bench *b, unsigned ms);

void bench_append_reading(struct bench *b);

/// Sends a native command with the members `rest`.
void bench_send_command(struct bench *b, const char *id, const char *rest, int64_t expires_in_s);

/// The newest message on the topic that ends in `leaf` contains `part`.
void bench_assert_last(struct bench *b, const char *leaf, const char *part);

/// Everything measured is stored on the other side, once.
void bench_assert_all_arrived(struct bench *b);
