// SPDX-License-Identifier: MIT
#pragma once

/// A broker and a fleet server made of variables, for tests of whoever speaks with them.
///
/// It behaves as contracts/mqtt.md says: clean sessions, records known by their sequence number,
/// a cumulative watermark, acknowledgements at most once a second. And it can be unwell: lose,
/// repeat and delay in both directions, and drop the session at the n-th call.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"
#include "mqtt_session.h"

enum {
    FAKE_FLEET_RECORDS = 4096,
    FAKE_FLEET_TEXT = 2048,
    FAKE_FLEET_INBOX = 64,
    FAKE_FLEET_SENT = 64,
    FAKE_FLEET_NEVER = -1,
};

struct fake_message {
    char topic[96];
    char payload[FAKE_FLEET_TEXT];
    size_t size;
    bool retained;
};

struct fake_fleet {
    bool refuses; ///< No connection comes up.
    bool connected;
    bool connecting;
    bool tells_loss;
    int calls_left; ///< Calls until the session drops, or FAKE_FLEET_NEVER.
    bool unwell;    ///< Loses and repeats at random.
    bool deaf;      ///< The server stores nothing and says nothing; the broker works.
    uint32_t random;

    struct fake_message inbox[FAKE_FLEET_INBOX]; ///< On the way to the device.
    unsigned inbox_count;
    struct fake_message in_hand;
    struct fake_message sent[FAKE_FLEET_SENT]; ///< The newest of what the device published.
    unsigned sent_count;
    char will[FAKE_FLEET_TEXT];
    unsigned subscriptions;
    unsigned connects;
    unsigned disconnects;
    int next_id;
    int published_id; ///< To be told, 0: none.

    uint8_t journal_id[JOURNAL_ID_SIZE];
    bool stored[FAKE_FLEET_RECORDS]; ///< By sequence number.
    unsigned repeats;                ///< Records that came more than once.
    uint64_t watermark;
    uint64_t batches;
    bool ack_due;
    uint64_t acked_ms;
    struct batch_header header; ///< Of the newest batch.
    struct record records[BATCH_RECORD_LIMIT];
};

void fake_fleet_init(struct fake_fleet *fleet, uint32_t seed);

struct mqtt_session fake_fleet_session(struct fake_fleet *fleet);

/// Puts a message on its way to the device. Nothing happens without a session.
void fake_fleet_send(struct fake_fleet *fleet, const char *topic, const char *payload);

/// Lets the server acknowledge if it is due; `utc_ms` goes into the acknowledgement.
void fake_fleet_step(struct fake_fleet *fleet, uint64_t now_ms, int64_t utc_ms);

/// The newest message on a topic that ends in `leaf`, or NULL.
const struct fake_message *fake_fleet_last(const struct fake_fleet *fleet, const char *leaf);

/// How many of the kept messages came on a topic that ends in `leaf`.
unsigned fake_fleet_count(const struct fake_fleet *fleet, const char *leaf);

void fake_fleet_forget_sent(struct fake_fleet *fleet);
