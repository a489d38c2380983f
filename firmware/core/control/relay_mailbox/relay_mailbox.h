// SPDX-License-Identifier: MIT
#pragma once

/// How one task asks the button task, which owns the relays, to switch them.
///
/// A mailbox joins one poster and the button task; a second poster has a mailbox of its own. Nobody
/// ever waits: both directions are rings of plain slots whose indices are loaded and stored as
/// 32-bit words, with no other atomic operation. Requests are served in the order of posting,
/// within one tick of the button task (10 ms), and every request gets exactly one result.

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "status.h"

/// Requests under way, results not yet taken included. A power of two.
enum { RELAY_MAILBOX_CAPACITY = 8 };

enum relay_operation {
    RELAY_SET,          ///< Brings `relay` to `closed`.
    RELAY_TOGGLE,       ///< Changes `relay`.
    RELAY_SET_ALL,      ///< Brings all relays to `mask`, all together or not at all.
    RELAY_ALL_ON,       ///< As RELAY_SET_ALL with every bit set.
    RELAY_ALL_OFF,      ///< Opens every relay at once, in dwell time or not.
    RELAY_TAMPER_CLEAR, ///< Forgets that the case was opened `tamper_count` times.
};

struct relay_request {
    uint32_t id;     ///< Chosen by the poster; comes back in the result.
    uint32_t source; ///< Who asked, in the poster's own code; comes back in the result.
    enum relay_operation operation;
    uint8_t relay;         ///< For RELAY_SET and RELAY_TOGGLE, counted from 0.
    bool closed;           ///< For RELAY_SET.
    uint8_t mask;          ///< For RELAY_SET_ALL; bit n closes relay n.
    uint32_t tamper_count; ///< For RELAY_TAMPER_CLEAR: how often, as the device last said.
};

struct relay_result {
    uint32_t id;
    uint32_t source;
    /// STATUS_OK       done;
    /// STATUS_INVALID  there is no such relay or operation;
    /// STATUS_BUSY     a relay is in its dwell time, the relays are still being restored after the
    ///                 boot, or the case was opened (`tampered`); no relay moved;
    /// STATUS_MISSING  there is nothing to clear;
    /// STATUS_IO       the register did not answer; no relay closed.
    enum status status;
    uint8_t mask;  ///< The coils that are driven after the request.
    bool tampered; ///< The case was opened, and nobody has cleared that.
};

/// Storage for one mailbox, owned by the caller. Use it only through the functions below.
struct relay_mailbox {
    struct relay_request requests[RELAY_MAILBOX_CAPACITY];
    struct relay_result results[RELAY_MAILBOX_CAPACITY];
    _Atomic uint32_t posted;   ///< Written by the poster.
    _Atomic uint32_t answered; ///< Written by the button task.
    _Atomic uint32_t taken;    ///< Written by the poster.
};

/// Empties the mailbox. Call it before either task starts.
void relay_mailbox_init(struct relay_mailbox *mailbox);

/// Posts a request. For the poster only.
///
/// @return STATUS_FULL  RELAY_MAILBOX_CAPACITY requests are under way; take their results first.
MUST_CHECK enum status relay_mailbox_post(struct relay_mailbox *mailbox,
                                          const struct relay_request *request);

/// Takes the oldest result into `*result`. For the poster only.
///
/// @return false  there is none yet; `*result` is untouched.
MUST_CHECK bool relay_mailbox_take_result(struct relay_mailbox *mailbox,
                                          struct relay_result *result);

/// Copies the oldest unanswered request to `*request` and leaves it there. For the button task
/// only.
///
/// @return false  there is none.
MUST_CHECK bool relay_mailbox_next_request(struct relay_mailbox *mailbox,
                                           struct relay_request *request);

/// Answers the request that relay_mailbox_next_request() told of. For the button task only.
void relay_mailbox_answer(struct relay_mailbox *mailbox, const struct relay_result *result);
