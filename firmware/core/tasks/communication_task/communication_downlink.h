// SPDX-License-Identifier: MIT
#pragma once

/// The half of the communication task that takes messages. For communication_task.c only.

#include "communication_task.h"

/// Who posted a relay request, in relay_request.source.
enum communication_source { COMMUNICATION_NATIVE, COMMUNICATION_COMPATIBLE };

/// Subscribes to every topic that a device listens to.
MUST_CHECK enum status communication_downlink_subscribe(struct communication_task *task);

void communication_downlink_take(struct communication_task *task, const struct mqtt_event *message,
                                 uint64_t now_us);
