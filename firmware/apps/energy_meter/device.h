// SPDX-License-Identifier: MIT
#pragma once

/// The whole energy meter: every part of the core and of the Linux port, wired once.

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "button_task.h"
#include "caretaker.h"
#include "communication_task.h"
#include "control_socket.h"
#include "crypto.h"
#include "device_attestation.h"
#include "device_provisioning.h"
#include "device_source.h"
#include "device_storage.h"
#include "host_clock.h"
#include "host_lock.h"
#include "host_log.h"
#include "metering_engine.h"
#include "metering_mailbox.h"
#include "mosquitto_session.h"
#include "options.h"
#include "reading_trace.h"
#include "simulated_board.h"
#include "task_threads.h"

enum device_task {
    DEVICE_BUTTON,
    DEVICE_SAMPLING,
    DEVICE_PROCESSING,
    DEVICE_COMMUNICATION,
    DEVICE_TASK_COUNT
};

/// Kinds of things that are said at most once a minute; each belongs to one thread.
enum device_limit {
    LIMIT_JOURNAL,
    LIMIT_RELAYS,
    LIMIT_TAMPER,
    LIMIT_OFFLINE,
    LIMIT_MESSAGE,
    LIMIT_ADC,
    LIMIT_COUNT
};

/// How the device is to go on.
enum device_wish { DEVICE_RUN, DEVICE_STOP, DEVICE_RESTART };

struct device {
    const struct options *options;
    char **argv;
    struct host_log log;
    struct host_log_limit limits[LIMIT_COUNT];

    struct host_clock host_clock;
    struct clock clock;
    struct entropy entropy;
    struct host_lock host_lock;
    struct lock journal_lock;

    struct retained_memory *retained;
    struct pin_trace *pins;
    struct simulated_board board;
    struct shift_register chip;
    struct relay_bank_port bank_port;
    struct button_task button;
    struct relay_mailbox fleet_mailbox;
    struct relay_mailbox control_mailbox;
    struct caretaker caretaker;

    struct device_provisioning provisioning;
    struct device_attestation attestation;
    const struct attester *attester; ///< Its seam; NULL: the device reports nothing on itself.
    struct device_storage storage;
    struct reading_trace *trace;
    struct reading_sink readings;
    struct record_sink records;
    struct device_source source;
    struct metering_mailbox metering_requests;
    struct metering_engine metering;
    uint64_t *capture; ///< The metering's windows for harmonics.

    struct settings settings; ///< As the core sees them.
    struct crypto crypto;
    uint8_t command_key[CRYPTO_P256_PUBLIC_SIZE];
    struct mosquitto_session *session;
    struct mqtt_session session_seam;
    struct communication_task communication;
    struct control_socket *control;

    struct task_entry entries[DEVICE_TASK_COUNT];
    struct task_thread threads[DEVICE_TASK_COUNT];
    bool started[DEVICE_TASK_COUNT];
    _Atomic uint32_t beats[DEVICE_TASK_COUNT];
    uint32_t described_beats[DEVICE_TASK_COUNT];
    uint64_t least_free_memory;

    _Atomic bool stop[DEVICE_TASK_COUNT]; ///< The task is to end.
    atomic_uint bad_messages;             ///< From the broker: not as agreed, unknown or retained.
    atomic_uint bad_acks;                 ///< For another journal, or above what was sent.
    _Atomic bool sampled;                 ///< The source has ended.
    _Atomic bool processed;               ///< And all of it is in the journal.
    _Atomic bool delivered;               ///< And the server has all of it.
    _Atomic int wish;                     ///< enum device_wish.
    _Atomic uint64_t provisioning_end_us;
};

/// Runs until a signal or a command ends it. @return the program's exit code.
int device_run(struct device *device, const struct options *options, char **argv);

/// Opens what can be opened without changing anything. @return the program's exit code.
int device_check(struct device *device, const struct options *options);
