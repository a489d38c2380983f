// SPDX-License-Identifier: MIT
#pragma once

/// What the button and commands ask of the device as a whole, and how it is asked from outside.

#include "device.h"

/// Carries out the note of the last restart, before any task but the button's runs, and restores
/// the relays. @return STATUS_IO  storage failed; the note stays.
MUST_CHECK enum status device_actions_boot(struct device *device);

/// Starts the program again at once, from any thread.
void device_actions_restart(void *ctx);

/// Answers a line of the control socket.
void device_actions_answer(void *ctx, const char *line, char *reply, size_t capacity);
