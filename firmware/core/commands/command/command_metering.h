// SPDX-License-Identifier: MIT
#pragma once

/// The native commands about the measurement: calibration, the check of the wiring, linearity and
/// the maximum demand.

#include "json_reader.h"
#include "metering_mailbox.h"

/// Recognises the action. @return false  it is none of these.
bool command_metering_find(const struct json_reader *json, struct metering_request *request);

/// Fills in the rest. @return NULL, or what is wrong, in a few words.
const char *command_metering_read(const struct json_reader *json, struct metering_request *request);
