// SPDX-License-Identifier: MIT
#pragma once

/// The MQTT session seam by esp-mqtt over mutual TLS.
///
/// Sources: esp-mqtt as ESP-IDF v5.5 and v5.3 have it, mqtt_client.h with mqtt_client.c; the
/// Programming Guide's "ESP-MQTT".
///
/// Every connection is a new client without reconnection of its own: nothing that an old session
/// left unsent is ever sent by a new one, since the journal is the only queue. What is published
/// goes to esp-mqtt's outbox, from which its own task sends one message at a time, every
/// CONFIG_MQTT_POLL_READ_TIMEOUT_MS: set that to 10, since its default is a second. Calls wait no
/// longer than that task holds its lock, which on a dying network is BROKER_SESSION_NETWORK_MS for
/// each CONFIG_MBEDTLS_SSL_OUT_CONTENT_LEN of a message: 10 s for a batch of 4 KB. The task that
/// calls them is one that may wait, and its watchdog one that waits longer. A connection that is
/// dropped while it is being made may wait for names much longer: it is ended by a task of its own,
/// and until then the next attempt fails at once.
///
/// TLS is keystore_tls with KEYSTORE_TLS_BROKER. Connections and their messages are on the heap.

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "keystore_tls.h"
#include "mqtt_session.h"
#include "status.h"

enum {
    BROKER_SESSION_NETWORK_MS = 5000,
    BROKER_SESSION_RETRANSMIT_MS = 20000,
    BROKER_SESSION_EVENTS = 32,
    BROKER_SESSION_MESSAGES = 8, ///< Received and not yet taken; more are dropped.
    BROKER_SESSION_TOPIC = 128,
    BROKER_SESSION_REASON = 160,
};

struct broker_session_options {
    const char *host;
    uint16_t port;
    const char *client_id;
    uint16_t keepalive_s;
    uint32_t outbox_size; ///< Bytes on the heap that may wait to be sent or acknowledged; more than
                          ///< the longest message has.
    int buffer_size;      ///< Of esp-mqtt; a longer message from the broker is dropped.
    int task_priority;
    int task_stack; ///< Bytes; the TLS handshake runs on it.

    /// Says what the next connection shows and trusts.
    MUST_CHECK enum status (*identity)(void *ctx, struct keystore_tls_options *identity);
    void *ctx;
};

struct broker_session_note {
    enum mqtt_event_kind kind;
    bool retained;
    int message_id;
    char *topic; ///< On the heap with the payload behind it; NULL: no message.
    uint8_t *payload;
    size_t payload_size;
};

/// Storage for one session, owned by the caller. Use it only through the functions below.
struct broker_session {
    struct broker_session_options options;
    _Atomic(void *) client;  ///< esp_mqtt_client_handle_t; written under the lock. NULL: none.
    _Atomic(void *) leaving; ///< One that was dropped and is not gone yet.
    SemaphoreHandle_t lock;
    StaticSemaphore_t lock_storage;
    SemaphoreHandle_t happened;
    StaticSemaphore_t happened_storage;
    struct broker_session_note notes[BROKER_SESSION_EVENTS];
    unsigned count;
    unsigned messages;
    unsigned dropped;                      ///< Messages so far.
    bool has_ended;                        ///< To be told when the notes are.
    _Atomic bool is_up;                    ///< Written by esp-mqtt's task, too, as is
    _Atomic bool is_over;                  ///< whether the client has told its end.
    char complaint[BROKER_SESSION_REASON]; ///< What esp-mqtt last called an error.
    char reason[BROKER_SESSION_REASON];
    struct broker_session_note told; ///< What the caller looks at until the next call.
};

/// Readies a session that is not connected. The strings of `options` must outlive it.
void broker_session_open(struct broker_session *session,
                         const struct broker_session_options *options);

/// The seam on `session`, which must outlive it.
struct mqtt_session broker_session_seam(struct broker_session *session);

/// Waits for something to happen, `timeout_ms` at most.
void broker_session_wait(struct broker_session *session, uint32_t timeout_ms);

/// Ends a wait early. From any task.
void broker_session_wake(struct broker_session *session);
