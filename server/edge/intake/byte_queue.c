// SPDX-License-Identifier: MIT
#include "byte_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ALIGNMENT = 16, HEADER_SIZE = 16 };

/// Stands before every message. A `span` without a message marks the unused end of the memory.
struct header {
    size_t span; ///< Header, message and padding.
    size_t size; ///< SIZE_MAX: skip to the front.
};

struct byte_queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty;
    uint8_t *memory;
    size_t capacity;
    size_t used; ///< Bytes between `released` and `offered`, going round.
    size_t released;
    size_t taken;
    size_t offered;
    size_t waiting; ///< Bytes between `taken` and `offered`.
    size_t wanted;  ///< The consumer sleeps until so many bytes wait; 0: it does not sleep.
    bool stopped;
};

struct byte_queue *byte_queue_open(size_t capacity)
{
    struct byte_queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL) {
        return NULL;
    }
    queue->capacity = capacity / ALIGNMENT * ALIGNMENT;
    queue->memory = malloc(queue->capacity);
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&queue->mutex, NULL);
    (void)pthread_cond_init(&queue->not_empty, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (queue->memory == NULL) {
        byte_queue_close(queue);
        return NULL;
    }
    return queue;
}

void byte_queue_close(struct byte_queue *queue)
{
    if (queue != NULL) {
        (void)pthread_cond_destroy(&queue->not_empty);
        (void)pthread_mutex_destroy(&queue->mutex);
        free(queue->memory);
        free(queue);
    }
}

static size_t span_of(size_t size)
{
    return HEADER_SIZE + (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/// Where a message of `span` bytes can go; `*skipped` is what stays unused at the end. The mutex is
/// held. @return SIZE_MAX  nowhere.
static size_t place(const struct byte_queue *queue, size_t span, size_t *skipped)
{
    const size_t at_end = queue->capacity - queue->offered;
    *skipped = 0;
    if (span <= at_end) {
        return queue->used + span <= queue->capacity ? queue->offered : SIZE_MAX;
    }
    *skipped = at_end;
    return queue->used + at_end + span <= queue->capacity ? 0 : SIZE_MAX;
}

bool byte_queue_has_room(struct byte_queue *queue, size_t size)
{
    size_t skipped;
    (void)pthread_mutex_lock(&queue->mutex);
    const bool has_room = place(queue, span_of(size), &skipped) != SIZE_MAX;
    (void)pthread_mutex_unlock(&queue->mutex);
    return has_room;
}

static void put_header(struct byte_queue *queue, size_t at, size_t span, size_t size)
{
    const struct header header = { .span = span, .size = size };
    memcpy(&queue->memory[at], &header, sizeof header);
}

bool byte_queue_offer(struct byte_queue *queue, const void *head, size_t head_size,
                      const void *body, size_t body_size)
{
    const size_t span = span_of(head_size + body_size);
    size_t skipped;
    (void)pthread_mutex_lock(&queue->mutex);
    const size_t at = place(queue, span, &skipped);
    if (at != SIZE_MAX) {
        if (skipped > 0) {
            put_header(queue, queue->offered, skipped, SIZE_MAX);
        }
        put_header(queue, at, span, head_size + body_size);
        memcpy(&queue->memory[at + HEADER_SIZE], head, head_size);
        if (body_size > 0) {
            memcpy(&queue->memory[at + HEADER_SIZE + head_size], body, body_size);
        }
        queue->offered = at + span == queue->capacity ? 0 : at + span;
        queue->used += skipped + span;
        queue->waiting += skipped + span;
        if (queue->wanted > 0 && queue->waiting >= queue->wanted) {
            (void)pthread_cond_signal(&queue->not_empty);
        }
    }
    (void)pthread_mutex_unlock(&queue->mutex);
    return at != SIZE_MAX;
}

/// Waits until `wanted` bytes wait. The mutex is held.
static void wait_for_bytes(struct byte_queue *queue, size_t wanted, uint64_t deadline_ms)
{
    const struct timespec deadline = { .tv_sec = (time_t)(deadline_ms / 1000),
                                       .tv_nsec = (long)(deadline_ms % 1000) * 1000000 };
    queue->wanted = wanted;
    int result = 0;
    while (queue->waiting < wanted && !queue->stopped && result == 0) {
        result = deadline_ms == UINT64_MAX
                     ? pthread_cond_wait(&queue->not_empty, &queue->mutex)
                     : pthread_cond_timedwait(&queue->not_empty, &queue->mutex, &deadline);
    }
    queue->wanted = 0;
}

void byte_queue_gather(struct byte_queue *queue, size_t wanted, uint64_t deadline_ms)
{
    (void)pthread_mutex_lock(&queue->mutex);
    wait_for_bytes(queue, wanted < queue->capacity / 4 ? wanted : queue->capacity / 4, deadline_ms);
    (void)pthread_mutex_unlock(&queue->mutex);
}

const void *byte_queue_take(struct byte_queue *queue, uint64_t deadline_ms, size_t *size)
{
    const void *message = NULL;
    (void)pthread_mutex_lock(&queue->mutex);
    wait_for_bytes(queue, 1, deadline_ms);
    while (queue->waiting > 0 && message == NULL) {
        struct header header;
        memcpy(&header, &queue->memory[queue->taken], sizeof header);
        if (header.size != SIZE_MAX) {
            message = &queue->memory[queue->taken + HEADER_SIZE];
            *size = header.size;
        }
        queue->taken += header.span;
        queue->taken = queue->taken == queue->capacity ? 0 : queue->taken;
        queue->waiting -= header.span;
    }
    (void)pthread_mutex_unlock(&queue->mutex);
    return message;
}

void byte_queue_release(struct byte_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    queue->used = queue->waiting;
    queue->released = queue->taken;
    if (queue->used == 0) {
        queue->released = 0;
        queue->taken = 0;
        queue->offered = 0;
    }
    (void)pthread_mutex_unlock(&queue->mutex);
}

void byte_queue_stop(struct byte_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    queue->stopped = true;
    (void)pthread_cond_broadcast(&queue->not_empty);
    (void)pthread_mutex_unlock(&queue->mutex);
}

bool byte_queue_is_stopped(struct byte_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    const bool stopped = queue->stopped;
    (void)pthread_mutex_unlock(&queue->mutex);
    return stopped;
}
