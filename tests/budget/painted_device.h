// SPDX-License-Identifier: MIT
#pragma once

/// A whole meter of the core's tasks in memory, to be driven step by step on painted stacks: eight
/// channels of a computed mains, a journal and values in flash, relays, and a fleet that answers.

#include <stdbool.h>
#include <stdint.h>

#include "code_generator.h"
#include "communication_task.h"
#include "fake_fleet.h"
#include "journal.h"
#include "metering_engine.h"
#include "record_store.h"
#include "shift_register.h"

enum {
    PAINTED_TICK_US = 10000,
    PAINTED_SECTOR = 4096,
    PAINTED_FLASH = 64 * PAINTED_SECTOR,
    PAINTED_SAMPLES = 12000,
};

static const int64_t PAINTED_EPOCH_MS = 1767225600000; ///< 2026-01-01, at uptime 0.

struct painted_device {
    uint64_t now_us;
    uint32_t random;
    bool pressed;
    bool lit;
    bool restarted;
    enum status status; ///< The first that a step failed with.

    uint8_t journal_bytes[PAINTED_FLASH];
    uint8_t value_bytes[PAINTED_FLASH];
    struct flash_region journal_flash;
    struct flash_region value_flash;
    struct clock clock;
    struct entropy entropy;
    struct lock lock;
    struct journal journal;
    struct record_store store;
    struct key_value values;

    struct code_plan plan;
    struct code_generator generator;
    struct adc_source source;
    struct wiring wiring;
    struct reading_sink readings;
    struct record_sink records;
    struct metering_mailbox requests;
    struct metering_engine engine;
    uint64_t samples[PAINTED_SAMPLES];

    struct shift_register chip;
    struct relay_bank_port bank_port;
    struct retained_memory retained;
    struct relay_mailbox mailbox;
    struct button_task button;
    struct settings settings;
    struct fake_fleet fleet;
    struct mqtt_session session;
    struct communication_task communication;
};

/// Puts it together. @return STATUS_OK, or what a part refused with.
MUST_CHECK enum status painted_device_init(struct painted_device *device);

/// Metering's half of that, and the fleet's and the relays'.
MUST_CHECK enum status painted_meter_init(struct painted_device *device);
MUST_CHECK enum status painted_fleet_init(struct painted_device *device);

/// One step of each task, as an application makes it. `ctx` is a struct painted_device.
void painted_button(void *ctx);
void painted_sampling(void *ctx);
void painted_processing(void *ctx);
void painted_communication(void *ctx);

/// The fleet's turn.
void painted_fleet_step(struct painted_device *device);
