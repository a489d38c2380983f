// SPDX-License-Identifier: MIT
#include "outbox.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct outbox {
    pthread_mutex_t mutex;
    int descriptor;
    size_t first;
    size_t count;
    struct outbox_message message[OUTBOX_LIMIT];
};

struct outbox *outbox_open(void)
{
    struct outbox *outbox = calloc(1, sizeof *outbox);
    if (outbox == NULL) {
        return NULL;
    }
    outbox->descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    (void)pthread_mutex_init(&outbox->mutex, NULL);
    if (outbox->descriptor < 0) {
        outbox_close(outbox);
        return NULL;
    }
    return outbox;
}

void outbox_close(struct outbox *outbox)
{
    if (outbox != NULL) {
        if (outbox->descriptor >= 0) {
            (void)close(outbox->descriptor);
        }
        (void)pthread_mutex_destroy(&outbox->mutex);
        free(outbox);
    }
}

void outbox_wake(struct outbox *outbox)
{
    const uint64_t one = 1;
    // A full counter means that the reader has not woken yet, which is just as well.
    const ssize_t written = write(outbox->descriptor, &one, sizeof one);
    (void)written;
}

enum status outbox_put(struct outbox *outbox, const struct outbox_message *message)
{
    (void)pthread_mutex_lock(&outbox->mutex);
    const bool full = outbox->count == OUTBOX_LIMIT;
    if (!full) {
        outbox->message[(outbox->first + outbox->count++) % OUTBOX_LIMIT] = *message;
    }
    (void)pthread_mutex_unlock(&outbox->mutex);
    outbox_wake(outbox);
    return full ? STATUS_FULL : STATUS_OK;
}

bool outbox_take(struct outbox *outbox, struct outbox_message *message)
{
    (void)pthread_mutex_lock(&outbox->mutex);
    const bool found = outbox->count > 0;
    if (found) {
        *message = outbox->message[outbox->first];
        outbox->first = (outbox->first + 1) % OUTBOX_LIMIT;
        outbox->count--;
    }
    (void)pthread_mutex_unlock(&outbox->mutex);
    return found;
}

int outbox_descriptor(const struct outbox *outbox)
{
    return outbox->descriptor;
}

void outbox_drain(struct outbox *outbox)
{
    uint64_t count;
    const ssize_t size = read(outbox->descriptor, &count, sizeof count);
    (void)size;
}
