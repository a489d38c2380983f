// SPDX-License-Identifier: MIT
#pragma once

/// The last 32 native commands and what became of them, so that one that comes twice is done once
/// and answered twice.

#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "status.h"

enum { COMMAND_HISTORY_COUNT = 32 };

struct command_record {
    char cmd_id[COMMAND_ID_SIZE + 1]; ///< Empty: the record is free.
    uint32_t ticket;
    enum command_outcome outcome; ///< Valid once settled.
    const char *reason;           ///< Static text; never NULL.
    uint8_t relay_mask;
    bool measures;                ///< It concerned the measurement: its result has a detail,
    enum metering_action telling; ///< which this asks for again,
    uint8_t channel;              ///< of this channel.
    bool settled;                 ///< The outcome is known.
    bool reply_due;               ///< The result has still to be published.
};

/// Storage for one history, owned by the caller. Use it only through the functions below.
struct command_history {
    struct command_record records[COMMAND_HISTORY_COUNT];
    uint32_t next;
};

void command_history_init(struct command_history *history);

/// Looks a command up; a settled one becomes due for another reply.
///
/// @return NULL  it is new.
struct command_record *command_history_repeats(struct command_history *history, const char *cmd_id);

/// Enters a new command in place of the oldest. @return its ticket, for command_history_settle().
uint32_t command_history_add(struct command_history *history, const char *cmd_id);

/// Remembers that the command with the ticket `request->id` concerns the measurement.
void command_history_measures(struct command_history *history,
                              const struct metering_request *request);

/// Sets the outcome of the command with this ticket, unless it has one or has been forgotten since,
/// and makes its reply due.
void command_history_settle(struct command_history *history, uint32_t ticket,
                            enum command_outcome outcome, const char *reason, uint8_t relay_mask);

/// The oldest record whose reply is due, or NULL. Clear `reply_due` once it has been published.
struct command_record *command_history_due(struct command_history *history);
