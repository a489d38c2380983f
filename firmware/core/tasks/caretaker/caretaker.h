// SPDX-License-Identifier: MIT
#pragma once

/// What a device does about its button, its case and its relays besides the button task, which may
/// touch no storage: carries out at boot what the last restart was for, keeps what must outlive a
/// power cut, and does what button and commands ask of the device as a whole.
///
///   boot:  caretaker_boot(), before anything else uses the storage
///   then:  caretaker_mind() every 10 ms or so, from one task, which may wait for storage

#include <stdbool.h>
#include <stdint.h>

#include "button_task.h"
#include "communication_task.h"
#include "journal.h"
#include "key_value.h"
#include "keystore.h"
#include "lock.h"
#include "relay_store.h"
#include "retained_memory.h"
#include "settings.h"
#include "status.h"
#include "tamper_store.h"

/// What there is to tell a log. `text` is a word that goes with it, or ""; `count` is how often the
/// case was opened.
enum caretaker_notice {
    CARETAKER_RESETTING,       ///< To the factory's state, at boot.
    CARETAKER_RELAYS_DAMAGED,  ///< The kept states: every relay stays open.
    CARETAKER_RELAYS_UNKEPT,   ///< After a power cut older states return. Told each time.
    CARETAKER_CASE_UNREADABLE, ///< What was kept: it counts as opened.
    CARETAKER_CASE_WAS_OPENED, ///< Before this boot; relays stay open until that is cleared.
    CARETAKER_CASE_OPENED,
    CARETAKER_CASE_CLEARED,
    CARETAKER_CASE_UNKEPT, ///< Told each time.
    CARETAKER_ACTION,      ///< The button asks for `text`.
    CARETAKER_FAILED       ///< What it asked for: `text` is why.
};

/// What it works with. All of it outlives it.
struct caretaker_parts {
    const struct settings *settings;
    struct button_task *button;
    struct retained_memory *retained;
    const struct key_value *values;
    struct journal *journal;
    const struct lock *journal_lock;
    const struct keystore *keystore; ///< NULL: the device is not set up by a portal.
    void (*open_window)(void *ctx);  ///< The set-up window, for a person at the device.
    void (*want_restart)(void *ctx); ///< In good order, soon.
    void (*notice)(void *ctx, enum caretaker_notice notice, const char *text, uint32_t count);
    void *ctx;
};

/// Owned by the caller; use it only through the functions below.
struct caretaker {
    struct caretaker_parts parts;
    struct relay_store relays;
    struct tamper_store tamper;
    bool case_told; ///< Of the latch, as was last told.
};

/// Carries out what the last restart was for, and hands relays and case what was kept of them.
///
/// @return what storage said; the relays are open then, and the next boot tries again.
MUST_CHECK enum status caretaker_boot(struct caretaker *caretaker,
                                      const struct caretaker_parts *parts);

/// Keeps what has changed and carries out what the button asks. May wait for storage.
void caretaker_mind(struct caretaker *caretaker);

/// Does what a command asked of the device as a whole. From communication's task.
void caretaker_take_wish(const struct caretaker *caretaker, enum communication_wish wish);
