// SPDX-License-Identifier: MIT
#include "mosquitto_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct mqtt_event *claim(struct mosquitto_events *events)
{
    if (events->count == MOSQUITTO_EVENTS_LIMIT) {
        events->dropped++;
        return NULL;
    }
    const unsigned slot = (events->first + events->count++) % MOSQUITTO_EVENTS_LIMIT;
    return &events->slots[slot];
}

void mosquitto_events_message(struct mosquitto_events *events, const char *topic,
                              const void *payload, size_t size, bool retained)
{
    const size_t topic_size = strlen(topic) + 1;
    const size_t kept = size < MOSQUITTO_EVENTS_PAYLOAD ? size : MOSQUITTO_EVENTS_PAYLOAD;
    char *copy = malloc(kept + topic_size);

    struct mqtt_event *event = copy != NULL ? claim(events) : NULL;
    if (event == NULL) {
        free(copy);
        return;
    }
    if (kept > 0) {
        memcpy(copy, payload, kept);
    }
    memcpy(copy + kept, topic, topic_size);
    *event = (struct mqtt_event){ .kind = MQTT_SESSION_MESSAGE,
                                  .topic = copy + kept,
                                  .payload = (const uint8_t *)copy,
                                  .payload_size = kept,
                                  .retained = retained };
}

void mosquitto_events_published(struct mosquitto_events *events, int message_id)
{
    struct mqtt_event *event = claim(events);
    if (event != NULL) {
        *event = (struct mqtt_event){ .kind = MQTT_SESSION_PUBLISHED, .message_id = message_id };
    }
}

void mosquitto_events_connected(struct mosquitto_events *events)
{
    struct mqtt_event *event = claim(events);
    if (event != NULL) {
        *event = (struct mqtt_event){ .kind = MQTT_SESSION_CONNECTED };
    }
}

void mosquitto_events_disconnected(struct mosquitto_events *events, const char *reason)
{
    // This one must not be lost, and what came before it no longer matters.
    if (events->count == MOSQUITTO_EVENTS_LIMIT) {
        mosquitto_events_clear(events);
    }
    struct mqtt_event *event = claim(events);
    (void)snprintf(events->reason, sizeof events->reason, "%s", reason);
    *event = (struct mqtt_event){ .kind = MQTT_SESSION_DISCONNECTED, .reason = events->reason };
}

enum status mosquitto_events_next(struct mosquitto_events *events, struct mqtt_event *event)
{
    free(events->in_hand);
    events->in_hand = NULL;
    if (events->count == 0) {
        return STATUS_MISSING;
    }
    *event = events->slots[events->first];
    events->first = (events->first + 1) % MOSQUITTO_EVENTS_LIMIT;
    events->count--;
    if (event->kind == MQTT_SESSION_MESSAGE) {
        events->in_hand = (void *)(uintptr_t)event->payload;
    }
    return STATUS_OK;
}

void mosquitto_events_clear(struct mosquitto_events *events)
{
    struct mqtt_event event;
    while (mosquitto_events_next(events, &event) == STATUS_OK) {
    }
}
