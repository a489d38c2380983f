// SPDX-License-Identifier: MIT
#pragma once

/// ohmd's side of the broker's guard: it writes the list of who may speak and hears what came of
/// it.

#include <stddef.h>

#include "crypto.h"
#include "device_registry.h"
#include "fleet_host.h"
#include "fleet_log.h"
#include "guard_report.h"
#include "identity_publisher.h"
#include "status.h"

struct broker_guard_options {
    const char *list_path;
    const char *socket_path; ///< Empty: the guard's reports are not heard.
    const char *folder;      ///< Of identity_folder; empty: none.

    struct identity_source authority; ///< More certificates; `.each` NULL: none.

    /// Called when a device's session has begun, from a thread of its own; NULL: nobody.
    void (*authorised)(void *ctx, const struct guard_report *report);

    /// Called when a client was refused, or a session was ended, from the same thread; NULL:
    /// nobody.
    void (*refused)(void *ctx, const struct guard_report *report);
    void *ctx;

    const struct crypto *crypto;
    const struct fleet_host *host;
    const struct fleet_log *log;
    struct device_registry *devices;
};

struct broker_guard;

/// Writes the first list and starts to listen. What `options` points to must outlive the guard.
///
/// @return NULL  and in `error` a sentence.
struct broker_guard *broker_guard_open(const struct broker_guard_options *options, char *error,
                                       size_t error_size);

/// Ends the threads; the list stays. NULL is fine.
void broker_guard_close(struct broker_guard *guard);

/// Returns when what was committed before the call is in the broker's list, as
/// identity_publisher_publish(). Any thread may call.
MUST_CHECK enum status broker_guard_publish(struct broker_guard *guard);
