// SPDX-License-Identifier: MIT
#include "rate_limit.h"

void rate_limit_init(struct rate_limit *limit, struct rate_limit_rule rule)
{
    *limit = (struct rate_limit){ .rule = rule };
}

static struct rate_limit_bucket *find_bucket(struct rate_limit *limit, uint64_t key, int64_t now_ms)
{
    struct rate_limit_bucket *oldest = NULL;

    for (unsigned probe = 0; probe < RATE_LIMIT_PROBES; probe++) {
        struct rate_limit_bucket *bucket = &limit->buckets[(key + probe) % RATE_LIMIT_PLACES];
        if (bucket->key == key) {
            return bucket;
        }
        if (oldest == NULL ||
            (oldest->key != 0 && (bucket->key == 0 || bucket->used_ms < oldest->used_ms))) {
            oldest = bucket;
        }
    }
    const int64_t full_ms = (int64_t)limit->rule.burst * limit->rule.refill_ms;
    *oldest =
        (struct rate_limit_bucket){ .key = key, .used_ms = now_ms, .empty_ms = now_ms - full_ms };
    return oldest;
}

static enum status draw(struct rate_limit *limit, uint64_t key, int64_t now_ms, int64_t tokens,
                        int64_t *retry_after_ms)
{
    struct rate_limit_bucket *bucket = find_bucket(limit, key, now_ms);
    const int64_t refill_ms = limit->rule.refill_ms;
    const int64_t full_ms = (int64_t)limit->rule.burst * refill_ms;

    // A bucket never holds more than `burst`, and a clock that stepped back never owes more.
    if (bucket->empty_ms < now_ms - full_ms) {
        bucket->empty_ms = now_ms - full_ms;
    }
    if (bucket->empty_ms > now_ms) {
        bucket->empty_ms = now_ms;
    }
    bucket->used_ms = now_ms;

    const int64_t held_ms = now_ms - bucket->empty_ms;
    if (held_ms < refill_ms) {
        *retry_after_ms = refill_ms - held_ms;
        return STATUS_BUSY;
    }
    *retry_after_ms = 0;
    bucket->empty_ms += tokens * refill_ms;
    return STATUS_OK;
}

enum status rate_limit_take(struct rate_limit *limit, uint64_t key, int64_t now_ms,
                            int64_t *retry_after_ms)
{
    return draw(limit, key, now_ms, 1, retry_after_ms);
}

enum status rate_limit_ask(struct rate_limit *limit, uint64_t key, int64_t now_ms,
                           int64_t *retry_after_ms)
{
    return draw(limit, key, now_ms, 0, retry_after_ms);
}

uint64_t rate_limit_key(uint64_t secret, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t hash = secret ^ 0x9E3779B97F4A7C15u;

    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * 0xD6E8FEB86659FD93u;
        hash ^= hash >> 32;
    }
    hash = (hash ^ secret) * 0xD6E8FEB86659FD93u;
    hash ^= hash >> 29;
    return hash != 0 ? hash : 1;
}
