// SPDX-License-Identifier: MIT
#include "stream_hub.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet_json.h"

enum { MESSAGE_CAPACITY = 16384, HEAD_CAPACITY = 32 };

/// The text of one event, shared by the queues it stands in; freed with the last of them.
struct message {
    unsigned references; ///< Under the hub's lock.
    size_t size;
    char text[];
};

struct stream_subscriber {
    struct stream_subscriber *next;
    struct message *queue[STREAM_HUB_QUEUE];
    size_t first; ///< Index of the oldest message.
    size_t count;
    size_t offset; ///< Bytes of the oldest one that have been read.
    int64_t sent_ms;
    struct stream_waker waker;
    bool sleeping;
    bool over;
    char device_id[DEVICE_ID_SIZE]; ///< Empty: all.
    char owner[STREAM_HUB_OWNER_SIZE];
};

struct stream_hub {
    pthread_mutex_t lock;
    struct stream_subscriber *subscribers;
    atomic_size_t subscriber_count; ///< Changed under the lock, looked at without.
    uint64_t published;
    uint64_t dropped;
    bool shut;
};

static void release(struct message *message)
{
    message->references--;
    if (message->references == 0) {
        free(message);
    }
}

static void clear_queue(struct stream_subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->count; i++) {
        release(subscriber->queue[(subscriber->first + i) % STREAM_HUB_QUEUE]);
    }
    subscriber->count = 0;
    subscriber->offset = 0;
}

static void wake(struct stream_subscriber *subscriber)
{
    if (subscriber->sleeping) {
        subscriber->sleeping = false;
        subscriber->waker.wake(subscriber->waker.ctx);
    }
}

static void end(struct stream_subscriber *subscriber)
{
    subscriber->over = true;
    clear_queue(subscriber);
    wake(subscriber);
}

static void enqueue(struct stream_hub *hub, struct stream_subscriber *subscriber,
                    struct message *message)
{
    if (subscriber->over) {
        return;
    }
    if (subscriber->count == STREAM_HUB_QUEUE) {
        hub->dropped++;
        end(subscriber);
        return;
    }
    subscriber->queue[(subscriber->first + subscriber->count) % STREAM_HUB_QUEUE] = message;
    subscriber->count++;
    message->references++;
    wake(subscriber);
}

/// A message with one reference, which the caller holds; NULL without memory.
static struct message *make_message(const char *head, const char *text, size_t size,
                                    const char *tail)
{
    const size_t head_size = strlen(head);
    const size_t tail_size = strlen(tail);
    struct message *message = malloc(sizeof *message + head_size + size + tail_size);
    if (message != NULL) {
        message->references = 1;
        message->size = head_size + size + tail_size;
        memcpy(message->text, head, head_size);
        memcpy(message->text + head_size, text, size);
        memcpy(message->text + head_size + size, tail, tail_size);
    }
    return message;
}

static bool somebody_listens(struct stream_hub *hub)
{
    return atomic_load_explicit(&hub->subscriber_count, memory_order_relaxed) > 0;
}

/// Ends the document in `writer` and offers it to whoever listens to the device.
static void publish(struct stream_hub *hub, const char *event, const char *device_id,
                    struct json_writer *writer)
{
    char head[HEAD_CAPACITY];
    size_t size = 0;
    if (json_writer_finish(writer, &size) != STATUS_OK) {
        return;
    }
    (void)snprintf(head, sizeof head, "event: %s\ndata: ", event);
    struct message *message = make_message(head, writer->out, size, "\n\n");
    if (message == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&hub->lock);
    hub->published++;
    for (struct stream_subscriber *s = hub->subscribers; s != NULL; s = s->next) {
        if (s->device_id[0] == '\0' || strcmp(s->device_id, device_id) == 0) {
            enqueue(hub, s, message);
        }
    }
    release(message);
    (void)pthread_mutex_unlock(&hub->lock);
}

static void take_reading(void *ctx, const struct stored_reading *reading)
{
    char text[MESSAGE_CAPACITY];
    struct json_writer writer;
    if (somebody_listens(ctx)) {
        json_writer_init(&writer, text, sizeof text);
        fleet_json_reading(&writer, NULL, reading);
        publish(ctx, "reading", reading->device_id, &writer);
    }
}

static void take_finding(void *ctx, const struct stored_finding *finding)
{
    char text[MESSAGE_CAPACITY];
    struct json_writer writer;
    if (somebody_listens(ctx)) {
        json_writer_init(&writer, text, sizeof text);
        fleet_json_finding(&writer, NULL, finding);
        publish(ctx, finding->record.kind == RECORD_KIND_EVENT ? "power_event" : "spectrum",
                finding->device_id, &writer);
    }
}

static void take_relay(void *ctx, const char *device_id, uint8_t relay_mask, int64_t time_ms)
{
    char text[MESSAGE_CAPACITY];
    struct json_writer writer;
    if (somebody_listens(ctx)) {
        json_writer_init(&writer, text, sizeof text);
        fleet_json_relay(&writer, device_id, relay_mask, time_ms);
        publish(ctx, "relay", device_id, &writer);
    }
}

static void take_device(void *ctx, const struct device_view *device)
{
    char text[MESSAGE_CAPACITY];
    struct json_writer writer;
    if (somebody_listens(ctx)) {
        json_writer_init(&writer, text, sizeof text);
        fleet_json_device(&writer, NULL, device);
        publish(ctx, "device", device->device_id, &writer);
    }
}

static void take_command(void *ctx, const char *device_id, const struct command_result *result)
{
    char text[MESSAGE_CAPACITY];
    struct json_writer writer;
    if (somebody_listens(ctx)) {
        json_writer_init(&writer, text, sizeof text);
        fleet_json_command(&writer, device_id, result);
        publish(ctx, "command", device_id, &writer);
    }
}

struct stream_hub *stream_hub_open(void)
{
    struct stream_hub *hub = calloc(1, sizeof *hub);
    if (hub != NULL) {
        (void)pthread_mutex_init(&hub->lock, NULL);
    }
    return hub;
}

void stream_hub_close(struct stream_hub *hub)
{
    if (hub != NULL) {
        (void)pthread_mutex_destroy(&hub->lock);
        free(hub);
    }
}

struct fleet_events stream_hub_events(struct stream_hub *hub)
{
    return (struct fleet_events){
        .reading = take_reading,
        .finding = take_finding,
        .relay = take_relay,
        .device = take_device,
        .command = take_command,
        .ctx = hub,
    };
}

enum status stream_hub_subscribe(struct stream_hub *hub, const char *device_id, const char *owner,
                                 int64_t now_ms, struct stream_subscriber **out)
{
    static const char greeting[] = "retry: 2000\n\n";
    struct stream_subscriber *subscriber = calloc(1, sizeof *subscriber);
    struct message *message = make_message("", greeting, sizeof greeting - 1, "");
    enum status status = subscriber != NULL && message != NULL ? STATUS_OK : STATUS_IO;

    if (status == STATUS_OK) {
        (void)snprintf(subscriber->device_id, sizeof subscriber->device_id, "%s",
                       device_id != NULL ? device_id : "");
        (void)snprintf(subscriber->owner, sizeof subscriber->owner, "%s", owner);
        subscriber->sent_ms = now_ms;
        subscriber->queue[0] = message;
        subscriber->count = 1;
        (void)pthread_mutex_lock(&hub->lock);
        if (hub->shut || hub->subscriber_count >= STREAM_HUB_SUBSCRIBERS) {
            status = STATUS_FULL;
        } else {
            subscriber->next = hub->subscribers;
            hub->subscribers = subscriber;
            hub->subscriber_count++;
        }
        (void)pthread_mutex_unlock(&hub->lock);
    }
    if (status == STATUS_OK) {
        *out = subscriber;
    } else {
        free(subscriber);
        free(message);
    }
    return status;
}

void stream_hub_leave(struct stream_hub *hub, struct stream_subscriber *subscriber)
{
    (void)pthread_mutex_lock(&hub->lock);
    struct stream_subscriber **link = &hub->subscribers;
    while (*link != subscriber) {
        link = &(*link)->next;
    }
    *link = subscriber->next;
    hub->subscriber_count--;
    clear_queue(subscriber);
    (void)pthread_mutex_unlock(&hub->lock);
    free(subscriber);
}

static size_t copy_queue(struct stream_subscriber *subscriber, char *out, size_t capacity)
{
    size_t copied = 0;
    while (subscriber->count > 0 && copied < capacity) {
        struct message *message = subscriber->queue[subscriber->first];
        size_t size = message->size - subscriber->offset;
        size = size < capacity - copied ? size : capacity - copied;
        memcpy(out + copied, message->text + subscriber->offset, size);
        copied += size;
        subscriber->offset += size;
        if (subscriber->offset == message->size) {
            release(message);
            subscriber->first = (subscriber->first + 1) % STREAM_HUB_QUEUE;
            subscriber->count--;
            subscriber->offset = 0;
        }
    }
    return copied;
}

ssize_t stream_hub_read(struct stream_hub *hub, struct stream_subscriber *subscriber, char *out,
                        size_t capacity, const struct stream_waker *waker, void (*sleep)(void *ctx))
{
    (void)pthread_mutex_lock(&hub->lock);
    ssize_t result = subscriber->over ? -1 : (ssize_t)copy_queue(subscriber, out, capacity);
    if (result == 0) {
        subscriber->waker = *waker;
        subscriber->sleeping = true;
        sleep(waker->ctx);
    }
    (void)pthread_mutex_unlock(&hub->lock);
    return result;
}

void stream_hub_tick(struct stream_hub *hub, int64_t now_ms,
                     bool (*may_stay)(void *ctx, const char *owner), void *ctx)
{
    static const char comment[] = ": still here\n\n";
    struct message *message = make_message("", comment, sizeof comment - 1, "");
    if (message == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&hub->lock);
    for (struct stream_subscriber *s = hub->subscribers; s != NULL; s = s->next) {
        if (!s->over && !may_stay(ctx, s->owner)) {
            end(s);
        } else if (now_ms - s->sent_ms >= STREAM_HUB_SILENCE_MS) {
            s->sent_ms = now_ms;
            enqueue(hub, s, message);
        }
    }
    release(message);
    (void)pthread_mutex_unlock(&hub->lock);
}

void stream_hub_shut(struct stream_hub *hub)
{
    (void)pthread_mutex_lock(&hub->lock);
    hub->shut = true;
    for (struct stream_subscriber *s = hub->subscribers; s != NULL; s = s->next) {
        end(s);
    }
    (void)pthread_mutex_unlock(&hub->lock);
}

struct stream_hub_counts stream_hub_counts(struct stream_hub *hub)
{
    (void)pthread_mutex_lock(&hub->lock);
    const struct stream_hub_counts counts = {
        .published = hub->published,
        .dropped = hub->dropped,
        .subscribers = hub->subscriber_count,
    };
    (void)pthread_mutex_unlock(&hub->lock);
    return counts;
}
