// SPDX-License-Identifier: MIT

/// Any bytes on any of the three topics either fail or give a request within its ranges.

#include <stdint.h>

#include "command.h"

static void check(const struct relay_request *request)
{
    if (request->relay > 7 || request->operation > RELAY_TAMPER_CLEAR) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct command command;
    struct native_command native;

    if (command_parse_relay_control(data, size, &command) == STATUS_OK) {
        check(&command.request);
    }
    if (command_parse_text(data, size, &command) == STATUS_OK && command.kind == COMMAND_SWITCH) {
        __builtin_trap();
    }
    if (command_parse_native(data, size, "meter-1", &native) == STATUS_OK) {
        if (native.cmd_id[0] == '\0') {
            __builtin_trap();
        }
        if (native.fault == NULL) {
            check(&native.request);
        }
        if (native.fault == NULL && native.kind == COMMAND_METERING &&
            (native.metering.channel > 7 || native.metering.seconds > 300 ||
             !(native.metering.truth.current_a >= 0.0 && native.metering.truth.current_a < 1e6))) {
            __builtin_trap();
        }
    }
    return 0;
}
