// SPDX-License-Identifier: MIT
#include "device_traffic.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BURST_SECONDS = 10, MILLI = 1000 };

struct bucket {
    uint64_t tokens_milli;
    uint64_t filled_ms;
    bool filled_before;
};

struct entry {
    struct device_ack ack;
    bool ack_waits;
    bool ack_sent_before;
    uint64_t ack_sent_ms;
    bool logged_before;
    uint64_t logged_ms;
    unsigned suppressed;
    struct bucket messages;
    struct bucket results;
};

struct device_traffic {
    pthread_mutex_t mutex;
    uint64_t messages_per_s;
    struct entry **slot; ///< Hash table by device_id; capacity a power of two.
    size_t capacity;
    size_t count;
    struct entry **waiting; ///< Entries whose acknowledgement waits; as long as `slot`.
    size_t waiting_count;
};

struct device_traffic *device_traffic_open(unsigned messages_per_s)
{
    struct device_traffic *traffic = calloc(1, sizeof *traffic);
    if (traffic != NULL) {
        traffic->messages_per_s = messages_per_s;
        (void)pthread_mutex_init(&traffic->mutex, NULL);
    }
    return traffic;
}

void device_traffic_close(struct device_traffic *traffic)
{
    if (traffic == NULL) {
        return;
    }
    for (size_t i = 0; i < traffic->capacity; i++) {
        free(traffic->slot[i]);
    }
    free(traffic->slot);
    free(traffic->waiting);
    (void)pthread_mutex_destroy(&traffic->mutex);
    free(traffic);
}

static size_t position(struct entry *const *slot, size_t capacity, const char *device_id)
{
    uint64_t value = 14695981039346656037u; // FNV-1a.
    for (const char *c = device_id; *c != '\0'; c++) {
        value = (value ^ (uint8_t)*c) * 1099511628211u;
    }
    size_t at = (size_t)value & (capacity - 1);
    while (slot[at] != NULL && strcmp(slot[at]->ack.device_id, device_id) != 0) {
        at = (at + 1) & (capacity - 1);
    }
    return at;
}

static bool make_room(struct device_traffic *traffic)
{
    if (traffic->count * 2 < traffic->capacity) {
        return true;
    }
    const size_t capacity = traffic->capacity == 0 ? 16 : traffic->capacity * 2;
    struct entry **slot = calloc(capacity, sizeof *slot);
    struct entry **waiting = realloc(traffic->waiting, capacity * sizeof *waiting);
    if (waiting != NULL) {
        traffic->waiting = waiting;
    }
    if (slot == NULL || waiting == NULL) {
        free(slot);
        return false;
    }
    for (size_t i = 0; i < traffic->capacity; i++) {
        if (traffic->slot[i] != NULL) {
            slot[position(slot, capacity, traffic->slot[i]->ack.device_id)] = traffic->slot[i];
        }
    }
    free(traffic->slot);
    traffic->slot = slot;
    traffic->capacity = capacity;
    return true;
}

/// @return NULL  no memory.
static struct entry *get(struct device_traffic *traffic, const char *device_id)
{
    if (!make_room(traffic)) {
        return NULL;
    }
    struct entry **slot = &traffic->slot[position(traffic->slot, traffic->capacity, device_id)];
    if (*slot == NULL) {
        struct entry *entry = calloc(1, sizeof *entry);
        if (entry == NULL || !device_id_parse(device_id, strlen(device_id), entry->ack.device_id)) {
            free(entry);
            return NULL;
        }
        *slot = entry;
        traffic->count++;
    }
    return *slot;
}

static bool take_token(struct bucket *bucket, uint64_t per_s, uint64_t now_ms)
{
    const uint64_t full = per_s * BURST_SECONDS * MILLI;
    // One thousandth of a message comes back per millisecond and message a second.
    const uint64_t back = (now_ms - bucket->filled_ms) * per_s;
    bucket->tokens_milli = !bucket->filled_before || bucket->tokens_milli + back > full
                               ? full
                               : bucket->tokens_milli + back;
    bucket->filled_ms = now_ms;
    bucket->filled_before = true;
    const bool taken = bucket->tokens_milli >= MILLI;
    bucket->tokens_milli -= taken ? MILLI : 0;
    return taken;
}

bool device_traffic_take(struct device_traffic *traffic, const char *device_id, uint64_t now_ms)
{
    (void)pthread_mutex_lock(&traffic->mutex);
    struct entry *entry = get(traffic, device_id);
    const bool taken =
        entry != NULL && take_token(&entry->messages, traffic->messages_per_s, now_ms);
    (void)pthread_mutex_unlock(&traffic->mutex);
    return taken;
}

bool device_traffic_take_result(struct device_traffic *traffic, const char *device_id,
                                uint64_t now_ms)
{
    (void)pthread_mutex_lock(&traffic->mutex);
    struct entry *entry = get(traffic, device_id);
    const bool taken =
        entry != NULL && take_token(&entry->results, DEVICE_TRAFFIC_RESULTS_PER_S, now_ms);
    (void)pthread_mutex_unlock(&traffic->mutex);
    return taken;
}

bool device_traffic_may_log(struct device_traffic *traffic, const char *device_id, uint64_t now_ms,
                            unsigned *suppressed)
{
    (void)pthread_mutex_lock(&traffic->mutex);
    struct entry *entry = get(traffic, device_id);
    bool may = false;
    *suppressed = 0;
    if (entry != NULL) {
        may = !entry->logged_before || now_ms - entry->logged_ms >= DEVICE_TRAFFIC_LOG_MS;
        if (may) {
            *suppressed = entry->suppressed;
            entry->suppressed = 0;
            entry->logged_before = true;
            entry->logged_ms = now_ms;
        } else {
            entry->suppressed++;
        }
    }
    (void)pthread_mutex_unlock(&traffic->mutex);
    return may;
}

bool device_traffic_note_ack(struct device_traffic *traffic, const struct device_ack *ack)
{
    (void)pthread_mutex_lock(&traffic->mutex);
    struct entry *entry = get(traffic, ack->device_id);
    const bool first = traffic->waiting_count == 0;
    if (entry != NULL) {
        const bool stale = entry->ack_waits && entry->ack.watermark > ack->watermark &&
                           memcmp(entry->ack.journal_id, ack->journal_id, JOURNAL_ID_SIZE) == 0;
        if (!stale) {
            entry->ack = *ack;
        }
        if (!entry->ack_waits) {
            entry->ack_waits = true;
            traffic->waiting[traffic->waiting_count++] = entry;
        }
    }
    (void)pthread_mutex_unlock(&traffic->mutex);
    return first;
}

bool device_traffic_take_ack(struct device_traffic *traffic, uint64_t now_ms, size_t *cursor,
                             struct device_ack *ack, uint64_t *wait_ms)
{
    bool found = false;
    (void)pthread_mutex_lock(&traffic->mutex);
    if (*cursor == 0) {
        *wait_ms = UINT64_MAX;
    }
    while (*cursor < traffic->waiting_count && !found) {
        struct entry *entry = traffic->waiting[*cursor];
        const uint64_t since_ms = now_ms - entry->ack_sent_ms;
        if (entry->ack_sent_before && since_ms < DEVICE_TRAFFIC_ACK_MS) {
            const uint64_t left_ms = DEVICE_TRAFFIC_ACK_MS - since_ms;
            *wait_ms = left_ms < *wait_ms ? left_ms : *wait_ms;
            (*cursor)++;
            continue;
        }
        found = true;
        *ack = entry->ack;
        entry->ack_waits = false;
        entry->ack_sent_before = true;
        entry->ack_sent_ms = now_ms;
        traffic->waiting[*cursor] = traffic->waiting[--traffic->waiting_count];
    }
    (void)pthread_mutex_unlock(&traffic->mutex);
    return found;
}
