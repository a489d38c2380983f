// SPDX-License-Identifier: MIT
#pragma once

/// The task that must always work: relays, button and light, every 10 ms, at the highest priority.
///
/// It owns the relay bank; other tasks post to mailboxes. It takes no lock, allocates nothing, and
/// touches neither network nor storage, so nothing that hangs elsewhere can hold it up. What
/// crosses to other tasks are 32-bit words and the mailboxes.
///
///   boot:  button_task_init(), start the task, read storage, button_task_restore()
///   keep:  another task hands button_task_relays().keep to relay_store_keep() once it is known
///   act:   another task takes actions with button_task_take_action() and carries them out; an
///   action
///          that stays there for BUTTON_TASK_PATIENCE_MS becomes a restart note (restart_note.h),
///          and the device restarts; the boot carries it out, persists what it changed, the relays
///          included, and only then clears the note
///
/// Where a tamper switch is fitted and the case was opened, every relay opens within 100 ms of it
/// and none closes until RELAY_TAMPER_CLEAR; the button still does all it does. Another task hands
/// what button_task_tamper() says to tamper_store_keep().
///
/// Of the actions only BUTTON_ACTION_RESTART, which is never seen by another task, and
/// BUTTON_ACTION_FACTORY_RESET open the relays, at once; they stay open after the restart.

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "button.h"
#include "pin.h"
#include "relay_bank.h"
#include "relay_mailbox.h"
#include "restart.h"
#include "retained_memory.h"
#include "status_led.h"
#include "tamper.h"

enum {
    BUTTON_TASK_TICK_MS = 10,
    BUTTON_TASK_PATIENCE_MS = 2000, ///< How long an action may wait before the device restarts.
    BUTTON_TASK_RETRY_MS = 1000,    ///< Between two tries to reach a register that does not answer.
    BUTTON_TASK_MAILBOX_LIMIT = 4,
};

/// What the task works on. All of it outlives the task.
struct button_task_parts {
    const struct relay_bank_port *relays;
    struct input_pin button; ///< Pulled up: reads low while pressed.
    struct output_pin led;   ///< High is lit.
    struct input_pin tamper; ///< Pulled up: reads low while the case is closed. Without a switch,
                             ///< `read` is NULL.
    struct restart restart;  ///< Called from this task.
    struct retained_memory *retained;
    struct relay_mailbox *mailboxes[BUTTON_TASK_MAILBOX_LIMIT]; ///< One per poster; NULL is none.
    uint32_t dwell_ms;                                          ///< As for relay_bank_init().
    uint8_t absent; ///< Bit n: there is no relay n, so nothing ever drives its coil.
};

/// The relays as the task last published them.
struct relay_state {
    uint8_t mask;     ///< Coils that are driven, bit n for relay n.
    uint8_t keep;     ///< States to restore after a power cut; valid while `keep_known`.
    bool keep_known;  ///< False from the boot until button_task_restore() has been heeded.
    bool tripped;     ///< The register does not answer; the coils are cut off.
    uint32_t changes; ///< Counts changes of `mask` modulo 2^12; differs when the mask has changed.
};

/// The case as the task last published it.
struct tamper_view {
    bool fitted; ///< There is a switch; without one, nothing below is ever true.
    bool known;  ///< What was kept before the boot is known; until then no relay closes.
    bool latched;
    bool open; ///< Now.
    uint32_t count;
};

/// Storage for one task, owned by the caller. Use it only through the functions below.
struct button_task {
    struct button_task_parts parts;
    struct relay_bank bank;
    struct button button;
    struct status_led led;
    struct tamper tamper;
    enum button_action waiting; ///< Not taken yet; since `waiting_us`.
    uint64_t waiting_us;
    uint64_t retry_us; ///< Not before this time is the register tried again.
    uint8_t keep;
    bool keep_known;
    bool restoring; ///< `keep` is known but not yet driven.
    bool keep_open; ///< The note of the last restart forbids closing what was closed before.
    bool restarted;
    uint32_t changes;

    _Atomic uint32_t relays;      ///< Written by the task.
    _Atomic uint32_t offered;     ///< Actions so far and the newest; written by the task.
    _Atomic uint32_t taken;       ///< Actions taken so far; written by the taker.
    _Atomic uint32_t pattern;     ///< Written by whoever knows the network's state.
    _Atomic uint32_t restored;    ///< The states to restore; written once by the boot.
    _Atomic uint32_t tamper_seen; ///< Written by the task.
    _Atomic uint32_t tamper_kept; ///< What survived the power cut; written once by the boot.
};

/// Opens every relay, reads the restart note, and gets ready to step. The relays stay open until
/// button_task_restore(). A register that does not answer is tried again by the steps.
void button_task_init(struct button_task *task, const struct button_task_parts *parts,
                      uint64_t now_us);

/// Does one tick. To be called every BUTTON_TASK_TICK_MS, by one task. Times are microseconds of
/// one monotonic clock.
void button_task_step(struct button_task *task, uint64_t now_us);

/// Hands in the states kept in storage, once per boot; until then requests other than RELAY_ALL_OFF
/// are answered STATUS_BUSY. The relays close together as soon as the register answers and the
/// first dwell is over; after a restart by hand or a factory reset they stay open instead. From any
/// task.
void button_task_restore(struct button_task *task, uint8_t mask);

/// From any task.
struct relay_state button_task_relays(const struct button_task *task);

/// Hands in what tamper_store_load() said, once per boot; a switch without it keeps the relays
/// open. From any task.
void button_task_restore_tamper(struct button_task *task, struct tamper_record kept);

/// From any task.
struct tamper_view button_task_tamper(const struct button_task *task);

/// Chooses the light's rhythm from the next tick on. From any task.
void button_task_show(struct button_task *task, enum status_led_pattern pattern);

/// Takes the action that waits, if there is one. From one task only, the one that carries it out.
///
/// @return BUTTON_ACTION_NONE when nothing waits.
enum button_action button_task_take_action(struct button_task *task);
