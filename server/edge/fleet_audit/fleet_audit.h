// SPDX-License-Identifier: MIT
#pragma once

/// What the broker's guard, the devices, and whoever asks for certificates without a right to them
/// cause to be written into the record of identities.
///
/// A refusal is written as refusal_digest.h says. A refused request and an opened case is written
/// within a quarter of a second, by the thread that ticks, since whoever hears of them must not
/// wait for a disk; a device that says so all the time is written down every ten minutes after the
/// first five.

#include <pthread.h>

#include "device_view.h"
#include "guard_report.h"
#include "identities.h"
#include "rate_limit.h"
#include "refusal_digest.h"

enum {
    FLEET_AUDIT_CASES = 256,
    FLEET_AUDIT_FRESH = REFUSAL_DIGEST_NAMED + REFUSAL_DIGEST_STRANGERS
};

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
    struct refusal_digest refusals;          ///< By the broker.
    struct refusal_digest requests;          ///< Refused by the interface for enrolment.
    struct refusal fresh[FLEET_AUDIT_FRESH]; ///< First ones among them, not written yet.
    size_t fresh_count;
    struct rate_limit limit;
    struct fleet_audit_case opened[FLEET_AUDIT_CASES]; ///< Not written yet.
};

/// Both must outlive it.
void fleet_audit_init(struct fleet_audit *audit, struct identities *identities,
                      const struct fleet_host *host);

/// Takes a report of the guard; those that refuse nobody are passed over.
void fleet_audit_report(struct fleet_audit *audit, const struct guard_report *report);

/// Takes a request for a certificate that was refused before the rules of identity, which record
/// for themselves, knew whose it was. `device_id` is empty for a stranger, else whose certificate
/// was shown. Does not block.
void fleet_audit_request(struct fleet_audit *audit, const char *device_id, const char *address,
                         const char *cause);

/// Takes what a device said last. Does not block.
void fleet_audit_device(struct fleet_audit *audit, const struct device_view *device);

/// Writes what is due. Call a few times a second.
void fleet_audit_tick(struct fleet_audit *audit);

/// Writes the rest.
void fleet_audit_close(struct fleet_audit *audit);
