// SPDX-License-Identifier: MIT
#include "identity_publisher.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "identity_file.h"

enum { FIRST_COUNT = 256, PATH_SIZE = 1024 };

struct identity_publisher {
    struct identity_publisher_options options;
    char path[PATH_SIZE];
    uint8_t *data; ///< Of the writing thread alone.
    size_t capacity;
    bool failing; ///< The last writing failed, which the log knows.
    pthread_mutex_t mutex;
    pthread_cond_t wanted_more;
    pthread_cond_t wrote;
    uint64_t wanted;   ///< Counts calls of publish.
    uint64_t begun;    ///< What `wanted` was when the last writing began.
    uint64_t finished; ///< The same of the last writing that ended,
    enum status last;  ///< and how it ended.
    bool stopping;
    pthread_t thread;
    bool runs;
};

static enum status add(void *to, const struct identity_entry *entry)
{
    return identity_list_add(to, entry);
}

/// Makes room for `count` certificates.
static enum status grow(struct identity_publisher *publisher, size_t count)
{
    const size_t capacity = identity_list_size(count);
    uint8_t *data = capacity > 0 ? realloc(publisher->data, capacity) : NULL;
    if (data == NULL) {
        return STATUS_FULL;
    }
    publisher->data = data;
    publisher->capacity = capacity;
    return STATUS_OK;
}

static enum status collect(struct identity_publisher *publisher, size_t *size)
{
    const struct identity_publisher_options *options = &publisher->options;
    size_t room = (publisher->capacity - identity_list_size(0)) / IDENTITY_RECORD_SIZE;
    for (;;) {
        struct identity_list_writer writer;
        const int64_t now_ms = options->host->utc_ms(options->host->ctx);
        enum status status = identity_list_begin(&writer, publisher->data, publisher->capacity,
                                                 now_ms > 0 ? (uint64_t)now_ms / 1000 : 0);
        if (status == STATUS_OK) {
            status = options->source.each(options->source.ctx, add, &writer);
        }
        if (status == STATUS_OK) {
            return identity_list_end(&writer, options->crypto, size);
        }
        if (status != STATUS_FULL || room == IDENTITY_LIST_LIMIT) {
            return status;
        }
        room = room > IDENTITY_LIST_LIMIT / 2 ? IDENTITY_LIST_LIMIT : room * 2;
        status = grow(publisher, room);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

static void tell(struct identity_publisher *publisher, enum status status, int cause)
{
    const struct fleet_log *log = publisher->options.log;
    if (status == STATUS_OK) {
        if (publisher->failing) {
            fleet_log_line(log, FLEET_LOG_INFO, "%s: written again", publisher->path);
        }
    } else if (status == STATUS_IO) {
        fleet_log_line(log, FLEET_LOG_ERROR,
                       "%s: cannot be written: %s; the broker goes by the old list of certificates",
                       publisher->path, strerror(cause));
    } else {
        fleet_log_line(log, FLEET_LOG_ERROR,
                       "%s: the list of certificates cannot be made: %s; the broker goes by the "
                       "old one",
                       publisher->path, status_name(status));
    }
    publisher->failing = status != STATUS_OK;
}

static enum status write_list(struct identity_publisher *publisher)
{
    size_t size = 0;
    errno = 0;
    enum status status = collect(publisher, &size);
    if (status == STATUS_OK) {
        status = identity_file_replace(publisher->path, publisher->data, size);
    }
    tell(publisher, status, errno);
    return status;
}

/// Waits for a change, for the end of the rest, or for the end. Called with the mutex held.
static void rest(struct identity_publisher *publisher)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += publisher->options.rest_ms / 1000;
    until.tv_nsec += (long)(publisher->options.rest_ms % 1000) * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    int result = 0;
    while (!publisher->stopping && publisher->wanted == publisher->begun && result == 0) {
        result = pthread_cond_timedwait(&publisher->wanted_more, &publisher->mutex, &until);
    }
}

static void *run(void *ctx)
{
    struct identity_publisher *publisher = ctx;
    (void)pthread_mutex_lock(&publisher->mutex);
    for (;;) {
        rest(publisher);
        if (publisher->stopping) {
            break;
        }
        publisher->begun = publisher->wanted;
        (void)pthread_mutex_unlock(&publisher->mutex);
        const enum status status = write_list(publisher);
        (void)pthread_mutex_lock(&publisher->mutex);
        publisher->finished = publisher->begun;
        publisher->last = status;
        (void)pthread_cond_broadcast(&publisher->wrote);
    }
    (void)pthread_cond_broadcast(&publisher->wrote);
    (void)pthread_mutex_unlock(&publisher->mutex);
    return NULL;
}

static struct identity_publisher *new_publisher(const struct identity_publisher_options *options)
{
    struct identity_publisher *publisher = calloc(1, sizeof *publisher);
    if (publisher == NULL) {
        return NULL;
    }
    publisher->options = *options;
    if (publisher->options.rest_ms == 0) {
        publisher->options.rest_ms = IDENTITY_PUBLISHER_REST_MS;
    }
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&publisher->mutex, NULL);
    (void)pthread_cond_init(&publisher->wanted_more, &monotonic);
    (void)pthread_cond_init(&publisher->wrote, NULL);
    (void)pthread_condattr_destroy(&monotonic);
    return publisher;
}

enum status identity_publisher_open(const struct identity_publisher_options *options,
                                    struct identity_publisher **publisher)
{
    *publisher = NULL;
    const size_t path_size = strlen(options->path) + 1;
    if (path_size > PATH_SIZE) {
        return STATUS_INVALID;
    }
    struct identity_publisher *made = new_publisher(options);
    if (made == NULL) {
        return STATUS_FULL;
    }
    memcpy(made->path, options->path, path_size);
    enum status status = grow(made, FIRST_COUNT);
    if (status == STATUS_OK) {
        status = write_list(made);
    }
    if (status == STATUS_OK) {
        made->runs = pthread_create(&made->thread, NULL, run, made) == 0;
        status = made->runs ? STATUS_OK : STATUS_FULL;
    }
    if (status != STATUS_OK) {
        identity_publisher_close(made);
        return status;
    }
    *publisher = made;
    return STATUS_OK;
}

void identity_publisher_close(struct identity_publisher *publisher)
{
    if (publisher == NULL) {
        return;
    }
    if (publisher->runs) {
        (void)pthread_mutex_lock(&publisher->mutex);
        publisher->stopping = true;
        (void)pthread_cond_signal(&publisher->wanted_more);
        (void)pthread_mutex_unlock(&publisher->mutex);
        (void)pthread_join(publisher->thread, NULL);
    }
    (void)pthread_cond_destroy(&publisher->wrote);
    (void)pthread_cond_destroy(&publisher->wanted_more);
    (void)pthread_mutex_destroy(&publisher->mutex);
    free(publisher->data);
    free(publisher);
}

enum status identity_publisher_publish(struct identity_publisher *publisher)
{
    (void)pthread_mutex_lock(&publisher->mutex);
    publisher->wanted++;
    const uint64_t mine = publisher->wanted;
    (void)pthread_cond_signal(&publisher->wanted_more);
    while (publisher->finished < mine && !publisher->stopping) {
        (void)pthread_cond_wait(&publisher->wrote, &publisher->mutex);
    }
    // A later writing has everything that an earlier one had, so its word counts for both.
    const enum status status = publisher->finished >= mine ? publisher->last : STATUS_IO;
    (void)pthread_mutex_unlock(&publisher->mutex);
    return status;
}
