// SPDX-License-Identifier: MIT
#pragma once

/// Messages from one thread to another, in a fixed number of bytes. One thread offers, one takes; a
/// message stays in place while it is worked on.
///
///     | taken, not released | waiting | free ... |   then wraps to the front
///
/// When it runs empty it starts at the front again, so a quiet queue touches little memory.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byte_queue;

/// @return NULL  no memory.
struct byte_queue *byte_queue_open(size_t capacity);
void byte_queue_close(struct byte_queue *queue);

/// Copies a message of two parts into the queue. @return false  there is no room.
bool byte_queue_offer(struct byte_queue *queue, const void *head, size_t head_size,
                      const void *body, size_t body_size);

/// Tells whether a message of `size` bytes would find room.
bool byte_queue_has_room(struct byte_queue *queue, size_t size);

/// Takes the next message, waiting for it until `deadline_ms` on CLOCK_MONOTONIC (UINT64_MAX: as
/// long as it takes). The message stays valid until byte_queue_release().
///
/// @return NULL  the time is over, or the queue is stopped and empty.
const void *byte_queue_take(struct byte_queue *queue, uint64_t deadline_ms, size_t *size);

/// Waits until `wanted` bytes wait in the queue, a quarter of it at most, or `deadline_ms` has
/// come, or the queue is stopped. A consumer that is woken for each message spends most of its time
/// on waking.
void byte_queue_gather(struct byte_queue *queue, size_t wanted, uint64_t deadline_ms);

/// Gives back the room of all messages taken so far.
void byte_queue_release(struct byte_queue *queue);

/// Ends the waiting for good; what waits in the queue can still be taken.
void byte_queue_stop(struct byte_queue *queue);
bool byte_queue_is_stopped(struct byte_queue *queue);
