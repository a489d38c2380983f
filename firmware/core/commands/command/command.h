// SPDX-License-Identifier: MIT
#pragma once

/// What may be asked of a device over MQTT, read from bytes that nobody has checked.
///
/// `command` carries the native form: an identity, an expiry and an absolute state, so that a
/// command that comes twice or late does no harm. `relay_control` and `commands` are the older
/// meters' forms; contracts/mqtt.md describes all three.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attester.h"
#include "metering_mailbox.h"
#include "relay_mailbox.h"
#include "status.h"

enum {
    COMMAND_ID_SIZE = 40,   ///< Longest cmd_id in bytes.
    COMMAND_TEXT_SIZE = 63, ///< Longest text on `commands`.
    COMMAND_VERSION = 1,
};

enum command_kind {
    COMMAND_SWITCH, ///< `request` says what the relays shall do.
    COMMAND_GET_RELAY_STATUS,
    COMMAND_GET_SYSTEM_STATUS,
    COMMAND_RESTART,
    COMMAND_RESET_WIFI,
    COMMAND_METERING,     ///< `metering` says what is to be measured, kept or told.
    COMMAND_ATTEST,       ///< `nonce` is to be answered by a signed report on the device's state.
    COMMAND_TAMPER_CLEAR, ///< `request` says so; to be obeyed only when it is signed.
};

struct command {
    enum command_kind kind;
    struct relay_request
        request; ///< For COMMAND_SWITCH; `id` and `source` are the caller's to set.
};

/// The last word on a native command, as `command_result` tells it.
enum command_outcome {
    COMMAND_DONE,
    COMMAND_BUSY,    ///< A relay is in its dwell time; nothing moved.
    COMMAND_INVALID, ///< It can never be done.
    COMMAND_EXPIRED,
    COMMAND_REFUSED, ///< The device does not know the time, so it cannot judge the expiry; or its
                     ///< case was opened; or a signature is missing or wrong.
    COMMAND_FAILED,  ///< The register did not answer.
};

struct native_command {
    char cmd_id[COMMAND_ID_SIZE + 1];
    int64_t expires_s;            ///< Unix time.
    const char *fault;            ///< NULL, or why it is COMMAND_INVALID, in a few words.
    enum command_kind kind;       ///< Valid without a fault: COMMAND_SWITCH, COMMAND_METERING or
                                  ///< COMMAND_TAMPER_CLEAR.
    struct relay_request request; ///< RELAY_SET, RELAY_SET_ALL or RELAY_TAMPER_CLEAR.
    uint8_t nonce[ATTESTER_NONCE_SIZE]; ///< For COMMAND_ATTEST.
    struct metering_request metering; ///< For COMMAND_METERING; `id` and `utc_s` are the caller's.
};

/// Reads a payload of `relay_control`.
///
/// @return STATUS_CORRUPT or STATUS_FULL  not a JSON object, or too large;
///         STATUS_INVALID                 no known action, or a member is missing or out of range.
MUST_CHECK enum status command_parse_relay_control(const void *payload, size_t size,
                                                   struct command *command);

/// Reads a payload of `commands`; white space around the word is ignored.
///
/// @return STATUS_FULL  longer than COMMAND_TEXT_SIZE;  STATUS_INVALID  no known word.
MUST_CHECK enum status command_parse_text(const void *payload, size_t size,
                                          struct command *command);

/// Reads a payload of `command`. Whatever has a usable `cmd_id` is STATUS_OK, since it is owed a
/// result; `native->fault` then tells what else is wrong with it.
///
/// @return STATUS_CORRUPT or STATUS_FULL  not a JSON object, or too large;
///         STATUS_INVALID                 no usable `cmd_id`.
MUST_CHECK enum status command_parse_native(const void *payload, size_t size, const char *device_id,
                                            struct native_command *native);

/// A static name such as "done", as in `command_result`.
const char *command_outcome_name(enum command_outcome outcome);

/// What a result of the relay bank means to whoever sent the command.
enum command_outcome command_outcome_of(enum status status);
