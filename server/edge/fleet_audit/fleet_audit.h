// SPDX-License-Identifier: MIT
#pragma once

/// What the broker's guard and the devices cause to be written into the record of identities.
///
/// A refusal is written as refusal_digest.h says. An opened case is written within a quarter of a
/// second, by the thread that ticks, since whoever hears of it must not wait for a disk; a device
/// that says so all the time is written down every ten minutes after the first five.

#include <pthread.h>

#include "device_view.h"
#include "guard_report.h"
#include "identities.h"
#include "rate_limit.h"
#include "refusal_digest.h"

enum { FLEET_AUDIT_CASES = 256 };

struct fleet_audit_case {
    char device_id[DEVICE_ID_SIZE]; ///< Empty: a free place.
    uint32_t count;
};

/// Storage of its owner. Use it only through the functions below; any thread may call them.
struct fleet_audit {
    struct identities *identities;
    const struct fleet_host *host;
    pthread_mutex_t lock; ///< Guards what follows.
    uint64_t secret;
    struct refusal_digest refusals;
    struct rate_limit limit;
    struct fleet_audit_case opened[FLEET_AUDIT_CASES]; ///< Not written yet.
};

/// Both must outlive it.
void fleet_audit_init(struct fleet_audit *audit, struct identities *identities,
                      const struct fleet_host *host);

/// Takes a report of the guard; those that refuse nobody are passed over.
void fleet_audit_report(struct fleet_audit *audit, const struct guard_report *report);

/// Takes what a device said last. Does not block.
void fleet_audit_device(struct fleet_audit *audit, const struct device_view *device);

/// Writes what is due. Call a few times a second.
void fleet_audit_tick(struct fleet_audit *audit);

/// Writes the rest.
void fleet_audit_close(struct fleet_audit *audit);
