// SPDX-License-Identifier: MIT
#include "sign_in_guard.h"

#include <string.h>

enum {
    FREE_FAILURES = 3,
    LONGEST_DELAY_MS = 300000,
    FIRST_DELAY_MS = 1000,
    FORGET_MS = 24 * 60 * 60 * 1000,
};

static uint64_t account_key(const struct sign_in_guard *guard, const char *username)
{
    return rate_limit_key(guard->secret, username, strlen(username));
}

static uint64_t address_key(const struct sign_in_guard *guard, const char *address)
{
    return rate_limit_key(guard->secret ^ 1u, address, strlen(address));
}

static uint64_t pair_key(const struct sign_in_guard *guard, const char *address,
                         const char *username)
{
    return rate_limit_key(address_key(guard, address), username, strlen(username));
}

/// The place of a pair: its own, or a free one, or that which failed longest ago.
static struct sign_in_pair *find_pair(struct sign_in_guard *guard, uint64_t key)
{
    struct sign_in_pair *oldest = NULL;
    for (unsigned probe = 0; probe < RATE_LIMIT_PROBES; probe++) {
        struct sign_in_pair *pair = &guard->pairs[(key + probe) % SIGN_IN_GUARD_PAIRS];
        if (pair->key == key) {
            return pair;
        }
        if (oldest == NULL ||
            (oldest->key != 0 && (pair->key == 0 || pair->failed_ms < oldest->failed_ms))) {
            oldest = pair;
        }
    }
    return oldest;
}

static int64_t delay_ms(uint32_t failures)
{
    if (failures < FREE_FAILURES) {
        return 0;
    }
    const uint32_t doublings = failures - FREE_FAILURES;
    const int64_t delay = doublings < 16 ? (int64_t)FIRST_DELAY_MS << doublings : LONGEST_DELAY_MS;
    return delay < LONGEST_DELAY_MS ? delay : LONGEST_DELAY_MS;
}

void sign_in_guard_init(struct sign_in_guard *guard, uint64_t secret)
{
    *guard = (struct sign_in_guard){ .secret = secret };
    rate_limit_init(&guard->addresses, (struct rate_limit_rule){ .burst = 10, .refill_ms = 6000 });
    rate_limit_init(&guard->accounts, (struct rate_limit_rule){ .burst = 5, .refill_ms = 12000 });
}

enum status sign_in_guard_ask(struct sign_in_guard *guard, const char *address,
                              const char *username, int64_t now_ms, int64_t *retry_after_ms)
{
    const uint64_t key = pair_key(guard, address, username);
    const struct sign_in_pair *pair = find_pair(guard, key);

    if (pair->key == key) {
        const int64_t since_ms = now_ms >= pair->failed_ms ? now_ms - pair->failed_ms : 0;
        if (since_ms < delay_ms(pair->failures)) {
            *retry_after_ms = delay_ms(pair->failures) - since_ms;
            return STATUS_BUSY;
        }
        if (since_ms < FORGET_MS && rate_limit_ask(&guard->accounts, account_key(guard, username),
                                                   now_ms, retry_after_ms) != STATUS_OK) {
            return STATUS_BUSY;
        }
    }
    return rate_limit_take(&guard->addresses, address_key(guard, address), now_ms, retry_after_ms);
}

void sign_in_guard_failed(struct sign_in_guard *guard, const char *address, const char *username,
                          int64_t now_ms)
{
    const uint64_t key = pair_key(guard, address, username);
    struct sign_in_pair *pair = find_pair(guard, key);
    int64_t unused_ms = 0;

    if (pair->key != key || now_ms - pair->failed_ms > FORGET_MS) {
        *pair = (struct sign_in_pair){ .key = key };
    }
    pair->failed_ms = now_ms;
    pair->failures += pair->failures < UINT32_MAX ? 1u : 0u;
    const enum status drained =
        rate_limit_take(&guard->accounts, account_key(guard, username), now_ms, &unused_ms);
    (void)drained; // An empty bucket stays empty.
}

void sign_in_guard_succeeded(struct sign_in_guard *guard, const char *address, const char *username)
{
    const uint64_t key = pair_key(guard, address, username);
    struct sign_in_pair *pair = find_pair(guard, key);
    if (pair->key == key) {
        *pair = (struct sign_in_pair){ 0 };
    }
}
