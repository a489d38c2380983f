// SPDX-License-Identifier: MIT
#pragma once

/// What commands that let a device measure have in common: to begin, to wait, and to show.

#include "commands.h"

/// Posts below the device that the first argument names.
enum exit_code device_call_post(struct ohm *ohm, const char *rest, const char *body);

/// Gets from below that device, even with --json. On success the caller deletes `*root`, which is
/// NULL after a failure.
enum exit_code device_call_ask(struct ohm *ohm, const char *rest, cJSON **root);

/// Asks again and again until the device is idle, and shows how far it is.
enum exit_code device_call_watch(struct ohm *ohm, const char *rest, cJSON **root);

/// What the device tells besides that the command was done.
const cJSON *device_call_detail(const cJSON *root);

/// Prints JSON on one line.
void device_call_print(const cJSON *object);

/// "2026-11-21 08:30:00" by the local clock, or "time not known" for 0.
enum { DEVICE_CALL_DATE_SIZE = 32 };
const char *device_call_date(double utc_s, char date[DEVICE_CALL_DATE_SIZE]);
