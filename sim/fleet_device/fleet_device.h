// SPDX-License-Identifier: MIT
#pragma once

/// One simulated meter on a real broker: mutual TLS, QoS 1 batches of one reading, the delivery
/// window of the real device, and the server's watermark as the only proof of delivery.
///
/// A device never waits: the caller polls its socket and calls fleet_device_service(). One thread
/// owns a device.

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "status.h"

enum { FLEET_WINDOW = 8, FLEET_ID_SIZE = 33 };

struct mosquitto;
struct mosquitto_message;

/// What happened to one device's messages, in the order of a message's life.
struct fleet_counts {
    uint64_t published;      ///< Handed to the socket, what was sent again included.
    uint64_t taken;          ///< PUBACKs from the broker.
    uint64_t acknowledged;   ///< Below the server's watermark: stored for good.
    uint64_t disconnects;    ///< Sessions that ended after the broker had let the device in.
    uint64_t refusals;       ///< Times that the broker answered "not authorised".
    uint64_t latency_us_sum; ///< Over `latency_count` watermarks: publish to acknowledgement.
    uint64_t latency_us_max;
    uint64_t latency_count;
};

/// Storage for one device, owned by the caller. Use it only through the functions below.
struct fleet_device {
    struct mosquitto *session;
    SSL_CTX *tls;
    char id[FLEET_ID_SIZE];
    uint8_t journal_id[JOURNAL_ID_SIZE];
    struct reading reading;
    uint64_t next_seq;
    uint64_t sent_end; ///< Behind the newest record that was ever sent.
    uint64_t watermark;
    uint64_t window; ///< Most records sent and not yet acknowledged.
    uint64_t oldest_unacknowledged_us;
    uint64_t oldest_unacknowledged_seq;
    uint64_t now_us; ///< As of the last service call.
    bool let_in;     ///< The broker has taken the session.
    bool refused;    ///< The broker's last answer was "not authorised".
    bool subscribed; ///< The device hears what is acknowledged, so it may publish.
    struct fleet_counts counts;
};

/// Makes a device that speaks as `id` with the client context `tls` (taken over).
///
/// Its journal is a new one, as after a factory reset.
///
/// @return STATUS_INVALID  the identifier is too long;  STATUS_IO  there is no randomness.
MUST_CHECK enum status fleet_device_open(struct fleet_device *device, const char *id, SSL_CTX *tls,
                                         uint64_t window);

/// Disconnects and frees; a device that was never opened must be all zero.
void fleet_device_close(struct fleet_device *device);

/// Begins a new session over TCP; the TLS and MQTT handshakes go on in fleet_device_service(). What
/// was not acknowledged is sent again. A session that there was is dropped without a farewell.
MUST_CHECK enum status fleet_device_connect(struct fleet_device *device, const char *host,
                                            int port);

/// Drops the session without a farewell, if there is one.
void fleet_device_drop(struct fleet_device *device);

/// The socket to poll, or -1: there is no session, or it was lost.
int fleet_device_socket(const struct fleet_device *device);

/// Whether the socket should also be polled for room to write.
bool fleet_device_wants_write(const struct fleet_device *device);

/// Moves bytes after a poll, and keeps the session alive.
///
/// @return STATUS_IO  the session is lost; connect again.
MUST_CHECK enum status fleet_device_service(struct fleet_device *device, bool readable,
                                            bool writable, uint64_t now_us);

/// Whether the session is up and the delivery window has room.
bool fleet_device_can_publish(const struct fleet_device *device);

/// Goes back to the oldest record that is not acknowledged, as a device does that hears nothing.
void fleet_device_rewind(struct fleet_device *device);

/// Publishes the next reading as a batch of one.
MUST_CHECK enum status fleet_device_publish(struct fleet_device *device, uint64_t now_us);
