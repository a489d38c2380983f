// SPDX-License-Identifier: MIT
#pragma once

/// Events between libmosquitto's callbacks and next_event(), with copies of what they carry.

#include <stdbool.h>
#include <stddef.h>

#include "mqtt_session.h"

enum {
    MOSQUITTO_EVENTS_LIMIT = 256,    ///< More than that at once are dropped.
    MOSQUITTO_EVENTS_PAYLOAD = 4096, ///< Longer payloads are cut; nothing we take is that long.
    MOSQUITTO_EVENTS_REASON = 256,
};

struct mosquitto_events {
    struct mqtt_event slots[MOSQUITTO_EVENTS_LIMIT];
    unsigned first;
    unsigned count;
    void *in_hand; ///< What the event handed out last points to.
    unsigned dropped;
    char reason[MOSQUITTO_EVENTS_REASON]; ///< Of the last disconnection.
};

void mosquitto_events_message(struct mosquitto_events *events, const char *topic,
                              const void *payload, size_t size, bool retained);
void mosquitto_events_published(struct mosquitto_events *events, int message_id);
void mosquitto_events_connected(struct mosquitto_events *events);
void mosquitto_events_disconnected(struct mosquitto_events *events, const char *reason);

/// Takes the oldest event; what it points to lasts until the next call.
MUST_CHECK enum status mosquitto_events_next(struct mosquitto_events *events,
                                             struct mqtt_event *event);

/// Forgets everything.
void mosquitto_events_clear(struct mosquitto_events *events);
