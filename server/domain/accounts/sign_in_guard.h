// SPDX-License-Identifier: MIT
#pragma once

/// Slows down the guessing of passwords without giving anybody the means to lock others out.
///
///   - One address may try 10 times at once and once every 6 s, whichever accounts it names.
///   - After the third failure of an address on an account, each further one doubles the wait for
///     that pair, from 1 s up to 5 minutes.
///   - An account takes 5 failures at once and one every 12 s from all addresses together. When
///     they are used up, only addresses that have failed on it themselves must wait, so the owner
///     at an address of his own still gets in.
///
/// The caller names an IPv6 address by its /64. Not thread-safe. Plain storage; use it through the
/// functions.

#include <stdint.h>

#include "rate_limit.h"
#include "status.h"

enum { SIGN_IN_GUARD_PAIRS = 1024 };

struct sign_in_pair {
    uint64_t key;
    int64_t failed_ms;
    uint32_t failures;
};

struct sign_in_guard {
    uint64_t secret;
    struct rate_limit addresses;
    struct rate_limit accounts;
    struct sign_in_pair pairs[SIGN_IN_GUARD_PAIRS];
};

/// `secret` is random and known to nobody outside this process.
void sign_in_guard_init(struct sign_in_guard *guard, uint64_t secret);

/// Call before a password is looked at.
///
/// @return STATUS_BUSY  not now; `*retry_after_ms` says when.
MUST_CHECK enum status sign_in_guard_ask(struct sign_in_guard *guard, const char *address,
                                         const char *username, int64_t now_ms,
                                         int64_t *retry_after_ms);

/// Tells the guard how the attempt ended.
void sign_in_guard_failed(struct sign_in_guard *guard, const char *address, const char *username,
                          int64_t now_ms);
void sign_in_guard_succeeded(struct sign_in_guard *guard, const char *address,
                             const char *username);
