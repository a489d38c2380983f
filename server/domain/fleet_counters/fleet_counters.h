// SPDX-License-Identifier: MIT
#pragma once

/// What has happened since the server started, by cause. Any thread may count and read.

#include <stdatomic.h>
#include <stdint.h>

enum fleet_counter {
    FLEET_COUNTER_BATCHES_STORED,
    FLEET_COUNTER_READINGS_STORED,
    FLEET_COUNTER_BATCHES_DUPLICATE, ///< Held already; acknowledged again.
    FLEET_COUNTER_BATCHES_TRIMMED,   ///< Held in part; the rest was stored.
    FLEET_COUNTER_GAPS_RECORDED,     ///< The device named an oldest_seq beyond what was expected.
    FLEET_COUNTER_COMMITS,
    FLEET_COUNTER_ACKS_PUBLISHED,
    FLEET_COUNTER_MESSAGES_RECEIVED,
    FLEET_COUNTER_REFUSED_TOPIC,     ///< No such topic, or no device name in it.
    FLEET_COUNTER_REFUSED_MALFORMED, ///< Not a batch, not JSON, or a wrong type.
    FLEET_COUNTER_REFUSED_OVERSIZED,
    FLEET_COUNTER_REFUSED_WRONG_DEVICE, ///< The payload names another device than the topic.
    FLEET_COUNTER_REFUSED_HOLE,         ///< Records before this batch are missing.
    FLEET_COUNTER_REFUSED_FLOOD,        ///< More messages than a device may send.
    FLEET_COUNTER_REFUSED_STORAGE, ///< The disk is full, read-only or broken: not acknowledged.
    FLEET_COUNTER_COMMITS_FAILED,
    FLEET_COUNTER_METER_RESETS,          ///< A register began again: a new meter segment.
    FLEET_COUNTER_METER_GLITCHES,        ///< A register fell and came back.
    FLEET_COUNTER_METER_SWAPS_SUSPECTED, ///< A register jumped: a person must look.
    FLEET_COUNTER_COMMANDS_SENT,
    FLEET_COUNTER_COMMANDS_CONFIRMED,
    FLEET_COUNTER_COMMANDS_UNCONFIRMED, ///< No result in time.
    FLEET_COUNTER_BROKER_DISCONNECTS,
    FLEET_COUNTER_COUNT,
};

struct fleet_counters {
    _Atomic uint64_t value[FLEET_COUNTER_COUNT];
};

static inline void fleet_counters_add(struct fleet_counters *counters, enum fleet_counter counter,
                                      uint64_t amount)
{
    atomic_fetch_add_explicit(&counters->value[counter], amount, memory_order_relaxed);
}

static inline uint64_t fleet_counters_get(const struct fleet_counters *counters,
                                          enum fleet_counter counter)
{
    return atomic_load_explicit(&counters->value[counter], memory_order_relaxed);
}

/// The name of a counter in JSON and logs, such as "batches_stored"; never NULL.
const char *fleet_counter_name(enum fleet_counter counter);
