// SPDX-License-Identifier: MIT
#pragma once

/// Fans the fleet's events out to live streams (server-sent events, HTML standard section 9.2).
///
/// One event is turned into text once and shared by all subscribers. Each has a queue of
/// STREAM_HUB_QUEUE events; one whose queue is full is dropped and counted, so a slow reader costs
/// the others nothing. Any thread may call any function.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fleet_events.h"
#include "status.h"

enum {
    STREAM_HUB_QUEUE = 1024,       ///< Events waiting for one subscriber.
    STREAM_HUB_SUBSCRIBERS = 512,  ///< Most streams at one time.
    STREAM_HUB_SILENCE_MS = 15000, ///< Then a comment is sent.
    STREAM_HUB_OWNER_SIZE = 65,    ///< Names whose stream it is, for stream_hub_tick().
};

struct stream_hub;
struct stream_subscriber;

struct stream_hub_counts {
    uint64_t published;   ///< Events offered since the start.
    uint64_t dropped;     ///< Subscribers dropped because they were slow.
    uint64_t subscribers; ///< Open now.
};

/// What the hub needs from its transport.
struct stream_waker {
    /// Called when there is something to read after stream_hub_read() returned 0, once each time.
    /// Must not block and must not call the hub.
    void (*wake)(void *ctx);
    void *ctx;
};

/// @return NULL  no memory.
struct stream_hub *stream_hub_open(void);

/// Frees the hub; every subscriber must have left. NULL is fine.
void stream_hub_close(struct stream_hub *hub);

/// The hub as the listener of the fleet's events; valid as long as the hub.
struct fleet_events stream_hub_events(struct stream_hub *hub);

/// Adds a subscriber for one device, or for all when `device_id` is NULL.
///
/// @param owner  whose stream it is, given back to stream_hub_tick()'s question.
/// @return STATUS_FULL  there are STREAM_HUB_SUBSCRIBERS already, or the hub is shut; STATUS_IO  no
///         memory.
MUST_CHECK enum status stream_hub_subscribe(struct stream_hub *hub, const char *device_id,
                                            const char *owner, int64_t now_ms,
                                            struct stream_subscriber **out);

/// Removes a subscriber and frees it. The waker is not called any more.
void stream_hub_leave(struct stream_hub *hub, struct stream_subscriber *subscriber);

/// Copies waiting bytes, at most `capacity`.
///
/// @return how many; 0: none now, `sleep` was called under the hub's lock and the waker will be
///         called when there are some; -1: the stream is over.
ssize_t stream_hub_read(struct stream_hub *hub, struct stream_subscriber *subscriber, char *out,
                        size_t capacity, const struct stream_waker *waker,
                        void (*sleep)(void *ctx));

/// Sends comments to streams that were silent for STREAM_HUB_SILENCE_MS (any monotonic clock), and
/// ends those whose owner `may_stay` no longer grants. Call it about once a second.
void stream_hub_tick(struct stream_hub *hub, int64_t now_ms,
                     bool (*may_stay)(void *ctx, const char *owner), void *ctx);

/// Ends every stream and takes no new ones.
void stream_hub_shut(struct stream_hub *hub);

struct stream_hub_counts stream_hub_counts(struct stream_hub *hub);
