// SPDX-License-Identifier: MIT
#pragma once

/// Topics of contracts/mqtt.md, from the server's side.

#include <stdbool.h>
#include <stddef.h>

#include "device_id.h"

enum fleet_topic {
    FLEET_TOPIC_BATCH,
    FLEET_TOPIC_DATA,
    FLEET_TOPIC_REALTIME,
    FLEET_TOPIC_RELAY_STATUS,
    FLEET_TOPIC_SYSTEM_STATUS,
    FLEET_TOPIC_COMMAND_RESULT,
    FLEET_TOPIC_COUNT,
};

enum { FLEET_TOPIC_SIZE = 96 };

/// The last level of a topic, such as "batch".
const char *fleet_topic_word(enum fleet_topic topic);

/// Takes a topic apart.
///
/// @param lab_device  the device that speaks the flat topics `energy_meter/batch`; NULL: none does.
/// @return false      it is none of ours.
bool fleet_topic_parse(const char *text, const char *lab_device, enum fleet_topic *topic,
                       char device_id[DEVICE_ID_SIZE]);

/// Writes the topic on which a device listens for `word`.
void fleet_topic_down(const char *device_id, const char *lab_device, const char *word,
                      char out[FLEET_TOPIC_SIZE]);
