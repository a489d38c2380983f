// SPDX-License-Identifier: MIT
#include "rtos_lock.h"

static void acquire(void *ctx)
{
    const struct rtos_lock *lock = ctx;
    (void)xSemaphoreTake(lock->mutex, portMAX_DELAY);
}

static bool try_acquire(void *ctx)
{
    const struct rtos_lock *lock = ctx;
    return xSemaphoreTake(lock->mutex, 0) == pdTRUE;
}

static void release(void *ctx)
{
    const struct rtos_lock *lock = ctx;
    (void)xSemaphoreGive(lock->mutex);
}

struct lock rtos_lock_init(struct rtos_lock *lock)
{
    lock->mutex = xSemaphoreCreateMutexStatic(&lock->storage);
    return (struct lock){
        .acquire = acquire, .try_acquire = try_acquire, .release = release, .ctx = lock
    };
}
