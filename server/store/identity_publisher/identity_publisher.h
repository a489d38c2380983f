// SPDX-License-Identifier: MIT
#pragma once

/// Keeps the file of base/identity_list in step with the authority, so that the broker knows who
/// may speak.
///
/// The file is replaced as a whole: written beside, synced, renamed. Whoever reads it finds an old
/// list or a new one, whatever is cut off when. It is written at every change and at least every
/// IDENTITY_PUBLISHER_REST_MS, with the time of writing in it: an old list says that ohmd is down.
/// Changes that come while it is being written share the next writing. Any thread may publish.

#include <stddef.h>

#include "crypto.h"
#include "fleet_host.h"
#include "fleet_log.h"
#include "identity_list.h"
#include "status.h"

enum { IDENTITY_PUBLISHER_REST_MS = 30000 };

/// Where the certificates come from. Called by the publisher's thread, one call at a time.
struct identity_source {
    /// Calls `add` with `to` once for every certificate that is in the list, in any order, and
    /// stops with its status when that is not STATUS_OK. What was committed before the call must be
    /// among them. May be called again at once, if there turned out to be more than expected.
    MUST_CHECK enum status (*each)(void *ctx,
                                   enum status (*add)(void *to, const struct identity_entry *entry),
                                   void *to);
    void *ctx;
};

struct identity_publisher_options {
    const char *path; ///< Of the list. Its folder exists; `path`.new is used besides.
    struct identity_source source;
    const struct crypto *crypto;
    const struct fleet_host *host;
    const struct fleet_log *log;
    unsigned rest_ms; ///< Between writings without a change; 0: IDENTITY_PUBLISHER_REST_MS.
};

struct identity_publisher;

/// Writes the first list and starts the thread. What `options` points to must outlive the
/// publisher.
///
/// @return STATUS_IO  the file cannot be written; the log says why;
///         otherwise what the source fails with. `*publisher` is NULL unless STATUS_OK.
MUST_CHECK enum status identity_publisher_open(const struct identity_publisher_options *options,
                                               struct identity_publisher **publisher);

/// Ends the thread and frees the publisher; the file stays. NULL is fine.
void identity_publisher_close(struct identity_publisher *publisher);

/// Returns when a list that was collected after this call began is in place and on disk.
///
/// @return STATUS_IO  it cannot be written: the broker goes by the old list, which is what an
///                    answer must not hide; the log says why. It is tried again at the next change
///                    and the next rest.
///         otherwise what the source fails with.
MUST_CHECK enum status identity_publisher_publish(struct identity_publisher *publisher);
