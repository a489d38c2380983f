// SPDX-License-Identifier: MIT
#include "host_lock.h"

static void acquire(void *ctx)
{
    struct host_lock *lock = ctx;
    (void)pthread_mutex_lock(&lock->mutex);
}

static bool try_acquire(void *ctx)
{
    struct host_lock *lock = ctx;
    return pthread_mutex_trylock(&lock->mutex) == 0;
}

static void release(void *ctx)
{
    struct host_lock *lock = ctx;
    (void)pthread_mutex_unlock(&lock->mutex);
}

enum status host_lock_init(struct host_lock *lock)
{
    pthread_mutexattr_t attributes;

    if (pthread_mutexattr_init(&attributes) != 0) {
        return STATUS_IO;
    }
    (void)pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    const int failed = pthread_mutex_init(&lock->mutex, &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    return failed == 0 ? STATUS_OK : STATUS_IO;
}

struct lock host_lock_seam(struct host_lock *lock)
{
    return (struct lock){
        .acquire = acquire, .try_acquire = try_acquire, .release = release, .ctx = lock
    };
}
