// SPDX-License-Identifier: MIT
#pragma once

/// What the MQTT edge keeps of each device: how much it may still send, when a line about it was
/// logged last, and which acknowledgement waits to go out. Any thread may call any function.

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "device_id.h"
#include "status.h"

enum {
    DEVICE_TRAFFIC_ACK_MS = 1000,  ///< At most one acknowledgement in this time.
    DEVICE_TRAFFIC_LOG_MS = 60000, ///< At most one log line in this time.
    DEVICE_TRAFFIC_RESULTS_PER_S = 20,
};

struct device_traffic;

/// @param messages_per_s  a device may send so many for long, and ten times as many at once.
/// @return NULL           no memory.
struct device_traffic *device_traffic_open(unsigned messages_per_s);
void device_traffic_close(struct device_traffic *traffic);

/// Takes the right to one message. @return false  the device sends more than it may.
bool device_traffic_take(struct device_traffic *traffic, const char *device_id, uint64_t now_ms);

/// The same for the result of a command, which has a limit of its own: a relay must obey, and say
/// so, while its device floods. DEVICE_TRAFFIC_RESULTS_PER_S for long, ten times as many at once.
bool device_traffic_take_result(struct device_traffic *traffic, const char *device_id,
                                uint64_t now_ms);

/// Tells whether a line about the device may be logged now; the next one may after a minute.
bool device_traffic_may_log(struct device_traffic *traffic, const char *device_id, uint64_t now_ms,
                            unsigned *suppressed);

/// An acknowledgement for a device.
struct device_ack {
    char device_id[DEVICE_ID_SIZE];
    uint8_t journal_id[JOURNAL_ID_SIZE];
    uint64_t watermark;
};

/// Notes an acknowledgement; it takes the place of one that still waits, unless that is for the
/// same journal and higher. @return true  no other waited: wake the sender.
bool device_traffic_note_ack(struct device_traffic *traffic, const struct device_ack *ack);

/// Takes an acknowledgement that may go out now.
///
/// @param cursor   0 at first; the place to go on from.
/// @param wait_ms  receives the time until the next one may, UINT64_MAX when none waits; valid when
///                 the answer is false.
/// @return false   there is none.
bool device_traffic_take_ack(struct device_traffic *traffic, uint64_t now_ms, size_t *cursor,
                             struct device_ack *ack, uint64_t *wait_ms);
