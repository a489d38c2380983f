// SPDX-License-Identifier: MIT
#pragma once

/// Messages for the broker from other threads, waiting for the one that owns the connection.

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

enum { OUTBOX_LIMIT = 256, OUTBOX_TOPIC_SIZE = 96, OUTBOX_PAYLOAD_SIZE = 768 };

struct outbox_message {
    char topic[OUTBOX_TOPIC_SIZE];
    char payload[OUTBOX_PAYLOAD_SIZE];
    size_t size;
    int qos;
};

struct outbox;

struct outbox *outbox_open(void);
void outbox_close(struct outbox *outbox);

/// @return STATUS_FULL  OUTBOX_LIMIT messages wait already.
MUST_CHECK enum status outbox_put(struct outbox *outbox, const struct outbox_message *message);

/// @return false  it is empty.
bool outbox_take(struct outbox *outbox, struct outbox_message *message);

/// A descriptor that becomes readable when somebody put something in, or called outbox_wake().
int outbox_descriptor(const struct outbox *outbox);
void outbox_wake(struct outbox *outbox);

/// Makes the descriptor unreadable again; call it before taking.
void outbox_drain(struct outbox *outbox);
