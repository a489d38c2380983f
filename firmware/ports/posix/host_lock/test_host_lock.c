// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host_lock.h"

enum { ROUNDS = 20000 };

struct shared {
    struct lock lock;
    unsigned count;
};

static void *count_up(void *argument)
{
    struct shared *shared = argument;
    for (unsigned i = 0; i < ROUNDS; i++) {
        shared->lock.acquire(shared->lock.ctx);
        shared->count++;
        shared->lock.release(shared->lock.ctx);
    }
    return NULL;
}

static void lets_one_task_in_at_a_time(void **state)
{
    (void)state;
    struct host_lock host;
    pthread_t other;

    assert_int_equal(host_lock_init(&host), STATUS_OK);
    struct shared shared = { .lock = host_lock_seam(&host) };
    assert_int_equal(pthread_create(&other, NULL, count_up, &shared), 0);
    (void)count_up(&shared);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_int_equal(shared.count, 2 * ROUNDS);
}

static void *try_it(void *argument)
{
    struct shared *shared = argument;
    shared->count = shared->lock.try_acquire(shared->lock.ctx) ? 1 : 0;
    if (shared->count == 1) {
        shared->lock.release(shared->lock.ctx);
    }
    return NULL;
}

static void says_at_once_when_it_is_taken(void **state)
{
    (void)state;
    struct host_lock host;
    pthread_t other;

    assert_int_equal(host_lock_init(&host), STATUS_OK);
    struct shared shared = { .lock = host_lock_seam(&host), .count = 7 };
    shared.lock.acquire(shared.lock.ctx);
    assert_int_equal(pthread_create(&other, NULL, try_it, &shared), 0);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_int_equal(shared.count, 0);
    shared.lock.release(shared.lock.ctx);
    assert_int_equal(pthread_create(&other, NULL, try_it, &shared), 0);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_int_equal(shared.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_one_task_in_at_a_time),
        cmocka_unit_test(says_at_once_when_it_is_taken),
    };
    return cmocka_run_group_tests_name("host_lock", tests, NULL, NULL);
}
