// SPDX-License-Identifier: MIT
#pragma once

/// Token buckets by key: so many events at once, so many a minute for ever after.
///
/// A table has a fixed size. When the places for a new key are all taken, the one that was used
/// longest ago is forgotten, so a stranger can at most be forgiven too early, never punished for
/// somebody else. Keys come from rate_limit_key(), which mixes in a secret, so nobody can choose
/// which place they land in.
///
/// Not thread-safe. Times are milliseconds; a clock that steps back only delays the refill.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum { RATE_LIMIT_PLACES = 1024, RATE_LIMIT_PROBES = 8 };

struct rate_limit_rule {
    uint32_t burst;     ///< Tokens of a full bucket.
    uint32_t refill_ms; ///< Time in which one token comes back.
};

struct rate_limit_bucket {
    uint64_t key; ///< 0 marks a free place.
    int64_t used_ms;
    int64_t empty_ms; ///< When the bucket was, or would have been, empty.
};

/// Storage for one table, owned by the caller. Use it only through the functions below.
struct rate_limit {
    struct rate_limit_rule rule;
    struct rate_limit_bucket buckets[RATE_LIMIT_PLACES];
};

void rate_limit_init(struct rate_limit *limit, struct rate_limit_rule rule);

/// Takes one token of `key`.
///
/// @return STATUS_BUSY  the bucket is empty; `*retry_after_ms` says when a token will be back.
MUST_CHECK enum status rate_limit_take(struct rate_limit *limit, uint64_t key, int64_t now_ms,
                                       int64_t *retry_after_ms);

/// As rate_limit_take(), but leaves the token where it is.
MUST_CHECK enum status rate_limit_ask(struct rate_limit *limit, uint64_t key, int64_t now_ms,
                                      int64_t *retry_after_ms);

/// A key for `size` bytes under `secret`; never 0. Not a cryptographic hash: the secret keeps
/// outsiders from aiming, no more.
uint64_t rate_limit_key(uint64_t secret, const void *data, size_t size);
