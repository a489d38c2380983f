// SPDX-License-Identifier: MIT
#pragma once

/// The way to the devices. The MQTT edge implements it. Any thread may call; nothing blocks: the
/// calls queue a message and return.

#include <stdint.h>

#include "command_result.h"
#include "crypto.h"
#include "status.h"

enum command_action {
    COMMAND_ACTION_SET_RELAY,    ///< One relay to one state.
    COMMAND_ACTION_SET_RELAYS,   ///< All eight at once.
    COMMAND_ACTION_ATTEST,       ///< Report on itself, in answer to `attestation`.
    COMMAND_ACTION_TAMPER_CLEAR, ///< Forget that the case was opened `tamper_count` times.
    COMMAND_ACTION_CALIBRATE,    ///< Watch a load of which something is known.
    COMMAND_ACTION_CALIBRATION_APPLY,
    COMMAND_ACTION_CALIBRATION_CANCEL,
    COMMAND_ACTION_CALIBRATION_GET,
    COMMAND_ACTION_WIRING_CHECK,     ///< Watch, and judge how a sensor is fitted.
    COMMAND_ACTION_LINEARITY_GATHER, ///< Count how often the converter gives which code.
    COMMAND_ACTION_LINEARITY_APPLY,
    COMMAND_ACTION_LINEARITY_CLEAR,
    COMMAND_ACTION_LINEARITY_CANCEL,
    COMMAND_ACTION_LINEARITY_GET,
    COMMAND_ACTION_DEMAND_RESET, ///< Begin a new maximum demand.
    COMMAND_ACTION_DEMAND_GET,
};

enum { COMMAND_WHO_SIZE = 17, COMMAND_SENSOR_SIZE = 24 };

/// What goes with a command about the measurement. 0 and false mean not known, not so.
struct metering_command {
    uint8_t channel;
    uint16_t seconds;   ///< How long to watch.
    bool resistive;     ///< The load is.
    int64_t voltage_mv; ///< What another meter shows; so the next two.
    int64_t current_ma;
    int64_t power_mw;
    int64_t rated_mw; ///< Of a resistive load, at `rated_mv`.
    int64_t rated_mv;
    int64_t turns;   ///< Of the wire through the sensor.
    int64_t load_mw; ///< Of the load by which the wiring is checked.
    bool switched;   ///< It is switched on meanwhile.
    bool may_export;
    bool three_phase;
    bool shared_neutral;
    char sensor[COMMAND_SENSOR_SIZE]; ///< Its type; lower case, digits and hyphens. Empty: unknown.
    char who[COMMAND_WHO_SIZE];       ///< Letters, digits, '.', '-', '_' and '@' only.
    bool voltage;                     ///< LINEARITY_GATHER: of the reference voltage,
    uint8_t channels;                 ///< and of the currents of these channels, one bit each.
};

enum { COMMAND_NONCE_SIZE = 32 };

/// What a device is asked with, and whose signature is expected.
struct attestation_question {
    uint8_t nonce[COMMAND_NONCE_SIZE];
    uint8_t key[CRYPTO_P256_PUBLIC_SIZE];
};

/// A command in absolute terms: carried out twice it does the same as once.
struct relay_command {
    enum command_action action;
    uint8_t relay;                           ///< SET_RELAY: 0 to 7.
    bool state;                              ///< SET_RELAY: true closes.
    uint8_t mask;                            ///< SET_RELAYS: bit n closes relay n.
    struct attestation_question attestation; ///< ATTEST.
    uint32_t tamper_count;                   ///< TAMPER_CLEAR: as the device said.
    struct metering_command metering;        ///< For the others.
};

struct device_link {
    /// Sends a command that the device must not carry out after `expires_s` (Unix time in seconds).
    ///
    /// @return STATUS_IO    there is no connection to the broker;
    ///         STATUS_FULL  too much is waiting to be sent.
    MUST_CHECK enum status (*send_command)(void *ctx, const char *device_id, const char *cmd_id,
                                           const struct relay_command *command, int64_t issued_s,
                                           int64_t expires_s);

    /// Asks the device for `realtime` for so many seconds, at most 120.
    MUST_CHECK enum status (*send_lease)(void *ctx, const char *device_id, unsigned realtime_s);

    void *ctx;
};
