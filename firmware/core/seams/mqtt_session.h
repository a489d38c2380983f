// SPDX-License-Identifier: MIT
#pragma once

/// A connection to the broker, as the communication task sees it. No call waits for the network:
/// each starts something or reports what has happened since.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum mqtt_event_kind {
    MQTT_SESSION_CONNECTED,    ///< A clean session is up; nothing is subscribed yet.
    MQTT_SESSION_DISCONNECTED, ///< The session ended or never came up; `reason` says why.
    MQTT_SESSION_MESSAGE,      ///< `topic` and `payload` are valid until the next call.
    MQTT_SESSION_PUBLISHED,    ///< The broker has taken the QoS 1 message `message_id`.
};

struct mqtt_event {
    enum mqtt_event_kind kind;
    const char *topic;
    const uint8_t *payload;
    size_t payload_size;
    bool retained;
    int message_id;
    const char *reason; ///< A sentence for a log; never NULL on MQTT_SESSION_DISCONNECTED.
};

/// The message that the broker sends when the device vanishes.
struct mqtt_will {
    const char *topic;
    const char *payload;
    bool retain;
};

struct mqtt_session {
    /// Begins to connect with a clean session; an event tells how it went. The strings of `will`
    /// must stay alive until then.
    MUST_CHECK enum status (*connect)(void *ctx, const struct mqtt_will *will);

    /// @return STATUS_BUSY  the outgoing queue is full: keep the message and try again later;
    ///         STATUS_IO    there is no session.
    MUST_CHECK enum status (*publish)(void *ctx, const char *topic, const void *payload,
                                      size_t size, int qos, bool retain, int *message_id);

    MUST_CHECK enum status (*subscribe)(void *ctx, const char *topic, int qos);

    /// Takes the oldest event. @return STATUS_MISSING  nothing has happened.
    MUST_CHECK enum status (*next_event)(void *ctx, struct mqtt_event *event);

    /// Ends the session in good order; no will is sent.
    void (*disconnect)(void *ctx);

    void *ctx;
};
