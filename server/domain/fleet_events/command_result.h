// SPDX-License-Identifier: MIT
#pragma once

/// How a command ended.

#include <stdbool.h>
#include <stdint.h>

enum {
    COMMAND_ID_SIZE =
        27, ///< 26 characters that sort by time (Crockford's base 32), and a terminator.
    COMMAND_REASON_SIZE = 64,
    COMMAND_DETAIL_SIZE = 4096,
};

enum command_outcome {
    COMMAND_OUTCOME_DONE = 0,
    COMMAND_OUTCOME_BUSY,        ///< A relay is still in its dwell time; nothing moved.
    COMMAND_OUTCOME_INVALID,     ///< The device does not know such a command or relay.
    COMMAND_OUTCOME_EXPIRED,     ///< It reached the device too late; nothing moved.
    COMMAND_OUTCOME_REFUSED,     ///< The device cannot judge the expiry, since it has no time.
    COMMAND_OUTCOME_FAILED,      ///< The register did not answer.
    COMMAND_OUTCOME_UNCONFIRMED, ///< No result in time: it may or may not have happened.
};

struct command_result {
    char cmd_id[COMMAND_ID_SIZE];
    enum command_outcome outcome;
    char reason[COMMAND_REASON_SIZE]; ///< From the device, for people; may be empty.
    bool relay_mask_known;
    uint8_t relay_mask;
    char detail[COMMAND_DETAIL_SIZE]; ///< A JSON object from the device; empty: there is none.
};

/// The word for an outcome on the wire and in REST: "done", "busy" ... "unconfirmed"; never NULL.
const char *command_outcome_name(enum command_outcome outcome);

/// Finds the outcome that a device means by `name`; "unconfirmed" and unknown words are not taken.
bool command_outcome_parse(const char *name, enum command_outcome *outcome);
