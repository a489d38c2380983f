// SPDX-License-Identifier: MIT
#pragma once

/// The one writer of the fleet's store: takes messages from a queue of fixed size and commits them
/// in groups, of INTAKE_COMMIT_MS or INTAKE_COMMIT_BATCHES, whichever ends first. What was stored
/// is acknowledged after its commit, never before.
///
/// When the store fails, nothing of the group is acknowledged, so the devices keep it and send it
/// again. Until a commit succeeds, the intake tries once a second and drops what comes in between.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device_registry.h"
#include "fleet.h"
#include "fleet_counters.h"
#include "fleet_host.h"
#include "fleet_writer.h"
#include "ingest.h"

enum {
    INTAKE_COMMIT_MS = 20,
    INTAKE_COMMIT_BATCHES = 512,
    INTAKE_RETRY_MS = 1000,
    INTAKE_TELL_MS = 60000,
};

/// Told by the writing thread what became of messages. Must not block.
struct intake_sink {
    /// Everything up to the outcome's watermark is on disk: tell the device.
    void (*acknowledge)(void *ctx, const char *device_id, const struct ingest_outcome *outcome);

    /// A message that a person may want to know of: refused, a gap, a new journal.
    void (*note)(void *ctx, const char *device_id, const struct ingest_outcome *outcome);

    /// The store failed or works again; `reason` names the cause, or is empty when it works. Told
    /// at once, but not more often than every INTAKE_TELL_MS; a later change that lasts is told
    /// when that time is over.
    void (*store_changed)(void *ctx, const char *reason);

    void *ctx;
};

struct intake_options {
    const struct fleet_writer *writer;
    const struct fleet_host *host;
    struct fleet_counters *counters;
    struct device_registry *devices;
    const struct intake_sink *sink;
    size_t queue_size; ///< Bytes.
};

struct intake;

/// Everything in `options` must outlive it. @return NULL  no memory.
struct intake *intake_open(const struct intake_options *options);
void intake_close(struct intake *intake);

/// Tells whether a message of `size` bytes would be taken now; the thread that offers asks before
/// it reads more from its socket.
bool intake_has_room(struct intake *intake, size_t size);

/// Queues the payload of a `batch` message. @return STATUS_FULL  there is no room; it is dropped.
MUST_CHECK enum status intake_offer_batch(struct intake *intake, const char *device_id,
                                          const void *payload, size_t size);

/// Queues a reading from a `data` message.
MUST_CHECK enum status intake_offer_data(struct intake *intake, const char *device_id,
                                         const struct reading *reading);

/// Works until intake_stop(); what is queued by then is still stored. Call it in a thread of its
/// own.
void intake_run(struct intake *intake);
void intake_stop(struct intake *intake);

/// Tells whether the last commit succeeded, with the reason when not. Any thread.
bool intake_is_well(struct intake *intake, char reason[FLEET_REASON_SIZE]);
