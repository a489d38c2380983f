// SPDX-License-Identifier: MIT
#pragma once

/// What the guard of the broker tells ohmd: one datagram, one JSON object, such as
///
///   {"v":1,"event":"refused","reason":"revoked","name":"meter-1","certificate":"<64 hex>",
///    "address":"192.0.2.7","at":1763690000,"lost":0}
///
/// Reports are sent once and may be lost, never waited for; `lost` counts those that were.

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "guard_verdict.h"
#include "identity_list.h"
#include "status.h"

enum { GUARD_ADDRESS_SIZE = 64, GUARD_REPORT_SIZE = 512 };

enum guard_event {
    GUARD_EVENT_AUTHORISED,   ///< A session began.
    GUARD_EVENT_REFUSED,      ///< A connection was refused; `verdict` says why.
    GUARD_EVENT_DISCONNECTED, ///< A session ended; a verdict other than GUARD_ALLOWED ended it.
    GUARD_EVENT_LIST,         ///< The list of certificates came or failed, as `verdict` says.
    GUARD_EVENT_COUNT,
};

struct guard_report {
    enum guard_event event;
    enum guard_verdict verdict;
    char name[IDENTITY_NAME_SIZE]; ///< The certificate's, if it is a good one; else empty.
    uint8_t certificate_sha256[CRYPTO_SHA256_SIZE]; ///< Zero: there was none.
    char address[GUARD_ADDRESS_SIZE];               ///< Of the other side, as text; may be empty.
    uint64_t at_s;                                  ///< UTC, seconds since 1970.
    uint64_t lost; ///< Reports that were lost since the guard started.
};

/// The word for an event, such as "authorised"; never NULL.
const char *guard_event_name(enum guard_event event);

/// Writes a report and its size. What is no printable ASCII in `address` becomes '?'.
///
/// @return STATUS_FULL     `capacity` is less than GUARD_REPORT_SIZE and too little;
///         STATUS_INVALID  the event or the verdict is none.
MUST_CHECK enum status guard_report_encode(const struct guard_report *report, char *out,
                                           size_t capacity, size_t *size);

/// Reads a report that came from outside.
///
/// @return STATUS_CORRUPT  it is none; `*report` is undefined.
MUST_CHECK enum status guard_report_decode(const void *data, size_t size,
                                           struct guard_report *report);
