// SPDX-License-Identifier: MIT
#pragma once

/// The whole device on an ESP32: every part of the core and of the port, wired once.
///
///   meter.c           memory, storage, and the order of a start
///   meter_settings.c  what menuconfig says
///   meter_board.c     relays, button, light, and the task that must always work
///   meter_source.c    where samples come from
///   meter_setup.c     keys, network, portal, certificate
///   meter_link.c      the session with the broker, and the report on itself
///   meter_tasks.c     the task table and what each task does

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "attestation.h"
#include "attester.h"
#include "broker_session.h"
#include "button_task.h"
#include "caretaker.h"
#include "chip_clock.h"
#include "communication_task.h"
#include "crypto.h"
#include "gpio_line.h"
#include "journal.h"
#include "meter_setup.h"
#include "meter_source.h"
#include "metering_engine.h"
#include "metering_mailbox.h"
#include "nvs_values.h"
#include "partition_flash.h"
#include "relay_mailbox.h"
#include "relay_wires.h"
#include "rtos_lock.h"
#include "rtos_tasks.h"
#include "settings.h"
#include "shift_register.h"

enum meter_task {
    METER_BUTTON,
    METER_SAMPLING,
    METER_PROCESSING,
    METER_COMMUNICATION,
    METER_TASK_COUNT
};

/// The sampling task opens the source, so that its interrupts come to that task's core.
enum meter_source_state { METER_SOURCE_OPENING, METER_SOURCE_OPEN, METER_SOURCE_FAILED };

struct meter {
    struct settings settings;
    struct chip_clock chip_clock;
    struct clock clock;
    struct crypto crypto;
    struct entropy entropy;
    uint32_t boot_id;

    struct relay_wires wires;
    struct shift_register chip;
    struct relay_bank_port relays;
    struct gpio_line button_line;
    struct gpio_line led_line;
    struct gpio_line tamper_line;
    struct output_pin led; ///< As it is wired.
    struct button_task button;
    struct relay_mailbox mailbox;

    struct nvs_values values;
    struct partition_flash journal_flash;
    struct journal journal;
    struct rtos_lock journal_mutex;
    struct lock journal_lock;
    struct caretaker caretaker;

    struct meter_source source;
    struct metering_mailbox metering_requests;
    struct reading_sink readings;
    struct record_sink records;
    struct metering_engine *metering; ///< On the heap; NULL: this profile measures nothing itself.

    struct meter_setup setup;
    struct broker_session session;
    struct mqtt_session session_seam;
    char broker_host[SETTINGS_ROOT_SIZE + 65];
    uint8_t command_key[CRYPTO_P256_PUBLIC_SIZE];
    struct attestation facts;
    struct attester attester;
    struct communication_task *communication; ///< On the heap.

    struct rtos_task tasks[METER_TASK_COUNT];
    uint32_t described_beats[METER_TASK_COUNT];
    _Atomic uint32_t beats[METER_TASK_COUNT];
    _Atomic int source_state; ///< enum meter_source_state; written by the sampling task.
    _Atomic bool is_built;    ///< The tasks may begin.
    _Atomic bool restart_wanted;
    bool is_proven; ///< This image has had a session: it may stay.
};

/// Builds everything and starts the tasks, which go on when this returns; what fails is said, and
/// the chip starts again after a while. Relays and button work from the first moment on.
void meter_run(struct meter *meter);

/// What menuconfig says of the core's settings. @return STATUS_INVALID  a text is none; it is said.
MUST_CHECK enum status meter_settings_read(struct settings *settings);

/// Opens the pins and starts the button's task; nothing here waits for storage or network.
MUST_CHECK enum status meter_board_start(struct meter *meter);

/// Prepares session and communication task.
MUST_CHECK enum status meter_link_open(struct meter *meter);

/// Starts one of the tasks.
MUST_CHECK enum status meter_task_start(struct meter *meter, enum meter_task task);

/// A restart in good order, soon. From any task.
void meter_want_restart(void *meter);

/// Says what each task has left of its stack and took of a core, and how much memory there is.
void meter_say_sizes(const struct meter *meter);
