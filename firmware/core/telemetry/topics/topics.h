// SPDX-License-Identifier: MIT
#pragma once

/// The names of a device's MQTT topics under its root, as contracts/mqtt.md lists them.

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

enum {
    TOPICS_ROOT_SIZE = 64, ///< Longest root in bytes.
    TOPICS_NAME_SIZE = 80, ///< Room for any topic with its final NUL.
};

enum topic {
    TOPIC_BATCH,
    TOPIC_DATA,
    TOPIC_REALTIME,
    TOPIC_RELAY_STATUS,
    TOPIC_SYSTEM_STATUS,
    TOPIC_COMMAND_RESULT,
    TOPIC_ACK, ///< From here on: what the device subscribes to.
    TOPIC_COMMAND,
    TOPIC_RELAY_CONTROL,
    TOPIC_COMMANDS,
    TOPIC_LEASE,
    TOPIC_COUNT,
};

enum { TOPIC_FIRST_DOWN = TOPIC_ACK };

/// The root of one device. Use it only through the functions below.
struct topics {
    char root[TOPICS_ROOT_SIZE + 1];
};

/// Sets the root from `pattern`, in which `{device_id}` stands for `device_id`.
///
/// @return STATUS_INVALID  empty, too long, with a wildcard, a control character, an empty level or
/// a
///                         leading '$'; `*topics` is unusable.
MUST_CHECK enum status topics_init(struct topics *topics, const char *pattern,
                                   const char *device_id);

/// Writes the whole name of `topic`, with a final NUL.
void topics_name(const struct topics *topics, enum topic topic, char out[TOPICS_NAME_SIZE]);

/// Tells which of the device's own down topics `name` is.
///
/// @return STATUS_MISSING  none of them.
MUST_CHECK enum status topics_find_down(const struct topics *topics, const char *name,
                                        enum topic *topic);

/// The quality of service that the contract demands: 0 or 1.
int topics_qos(enum topic topic);
