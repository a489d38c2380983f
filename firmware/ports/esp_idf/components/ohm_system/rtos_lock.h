// SPDX-License-Identifier: MIT
#pragma once

/// The lock seam on a FreeRTOS mutex, which lends its holder the priority of who waits.

#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "lock.h"

/// Owned by the caller; use it only through the functions below.
struct rtos_lock {
    StaticSemaphore_t storage;
    SemaphoreHandle_t mutex;
};

/// Makes the lock, and the seam on it, which `lock` must outlive.
struct lock rtos_lock_init(struct rtos_lock *lock);
