// SPDX-License-Identifier: MIT
#include "batch_tails.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct batch_tails {
    pthread_mutex_t mutex;
    struct batch_tail **slot; ///< Hash table by journal_no; capacity a power of two.
    size_t capacity;
    size_t count;
};

struct batch_tails *batch_tails_open(void)
{
    struct batch_tails *tails = calloc(1, sizeof *tails);
    if (tails != NULL && pthread_mutex_init(&tails->mutex, NULL) != 0) {
        free(tails);
        return NULL;
    }
    return tails;
}

static void free_slots(struct batch_tails *tails)
{
    for (size_t i = 0; i < tails->capacity; i++) {
        if (tails->slot[i] != NULL) {
            free(tails->slot[i]->entry);
            free(tails->slot[i]);
        }
    }
    free(tails->slot);
    tails->slot = NULL;
    tails->capacity = 0;
    tails->count = 0;
}

void batch_tails_close(struct batch_tails *tails)
{
    if (tails != NULL) {
        free_slots(tails);
        (void)pthread_mutex_destroy(&tails->mutex);
        free(tails);
    }
}

void batch_tails_clear(struct batch_tails *tails)
{
    (void)pthread_mutex_lock(&tails->mutex);
    free_slots(tails);
    (void)pthread_mutex_unlock(&tails->mutex);
}

static size_t position(struct batch_tail *const *slot, size_t capacity, int64_t journal_no)
{
    size_t at = (size_t)((uint64_t)journal_no * 0x9E3779B97F4A7C15u >> 32) & (capacity - 1);
    while (slot[at] != NULL && slot[at]->journal_no != journal_no) {
        at = (at + 1) & (capacity - 1);
    }
    return at;
}

static bool make_room(struct batch_tails *tails)
{
    if (tails->count * 2 < tails->capacity) {
        return true;
    }
    const size_t capacity = tails->capacity == 0 ? 16 : tails->capacity * 2;
    struct batch_tail **slot = calloc(capacity, sizeof *slot);
    if (slot == NULL) {
        return false;
    }
    for (size_t i = 0; i < tails->capacity; i++) {
        if (tails->slot[i] != NULL) {
            slot[position(slot, capacity, tails->slot[i]->journal_no)] = tails->slot[i];
        }
    }
    free(tails->slot);
    tails->slot = slot;
    tails->capacity = capacity;
    return true;
}

static struct batch_tail *get(struct batch_tails *tails, int64_t journal_no)
{
    if (!make_room(tails)) {
        return NULL;
    }
    struct batch_tail **slot = &tails->slot[position(tails->slot, tails->capacity, journal_no)];
    if (*slot == NULL) {
        *slot = calloc(1, sizeof **slot);
        if (*slot != NULL) {
            (*slot)->journal_no = journal_no;
            tails->count++;
        }
    }
    return *slot;
}

struct batch_tail *batch_tails_get(struct batch_tails *tails, int64_t journal_no)
{
    (void)pthread_mutex_lock(&tails->mutex);
    struct batch_tail *tail = get(tails, journal_no);
    (void)pthread_mutex_unlock(&tails->mutex);
    return tail;
}

enum status batch_tails_append(struct batch_tails *tails, struct batch_tail *tail,
                               const struct batch_tail_entry *entry)
{
    enum status status = STATUS_OK;
    (void)pthread_mutex_lock(&tails->mutex);
    if (tail->count == tail->capacity) {
        const size_t capacity = tail->capacity == 0 ? 8 : tail->capacity * 2;
        struct batch_tail_entry *grown = realloc(tail->entry, capacity * sizeof *grown);
        if (grown != NULL) {
            tail->entry = grown;
            tail->capacity = capacity;
        } else {
            status = STATUS_FULL;
        }
    }
    if (status == STATUS_OK) {
        tail->entry[tail->count++] = *entry;
    }
    (void)pthread_mutex_unlock(&tails->mutex);
    return status;
}

void batch_tails_committed(struct batch_tails *tails)
{
    (void)pthread_mutex_lock(&tails->mutex);
    for (size_t i = 0; i < tails->capacity; i++) {
        struct batch_tail *tail = tails->slot[i];
        if (tail == NULL) {
            continue;
        }
        tail->dirty = false;
        if (tail->run_count > 0) {
            tail->count -= tail->run_count;
            memmove(tail->entry, &tail->entry[tail->run_count],
                    tail->count * sizeof tail->entry[0]);
            tail->run_count = 0;
        }
    }
    (void)pthread_mutex_unlock(&tails->mutex);
}

enum status batch_tails_each(struct batch_tails *tails,
                             enum status (*visit)(void *ctx, struct batch_tail *tail), void *ctx)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < tails->capacity && status == STATUS_OK; i++) {
        if (tails->slot[i] != NULL) {
            status = visit(ctx, tails->slot[i]);
        }
    }
    return status;
}

enum status batch_tails_copy(struct batch_tails *tails, int64_t journal_no, int64_t **batch_no,
                             size_t *count)
{
    enum status status = STATUS_OK;
    *batch_no = NULL;
    *count = 0;
    (void)pthread_mutex_lock(&tails->mutex);
    const struct batch_tail *tail =
        tails->capacity > 0 ? tails->slot[position(tails->slot, tails->capacity, journal_no)]
                            : NULL;
    if (tail != NULL && tail->count > 0) {
        *batch_no = malloc(tail->count * sizeof **batch_no);
        status = *batch_no != NULL ? STATUS_OK : STATUS_FULL;
        for (size_t i = 0; i < tail->count && status == STATUS_OK; i++) {
            (*batch_no)[(*count)++] = tail->entry[i].batch_no;
        }
    }
    (void)pthread_mutex_unlock(&tails->mutex);
    return status;
}
