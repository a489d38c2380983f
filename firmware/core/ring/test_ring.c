// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ring.h"

enum { CAPACITY = 4, PASSED = 200000 };

static void refuses_a_capacity_that_is_no_power_of_two(void **state)
{
    (void)state;
    struct ring ring;
    uint32_t slots[6];
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], 6), STATUS_INVALID);
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], 0), STATUS_INVALID);
    assert_int_equal(ring_init(&ring, slots, 0, 4), STATUS_INVALID);
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], 4), STATUS_OK);
}

static void keeps_order_and_says_when_it_is_full_or_empty(void **state)
{
    (void)state;
    struct ring ring;
    uint32_t slots[CAPACITY];
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], CAPACITY), STATUS_OK);
    // Close to the wrap of the counters, where careless arithmetic breaks.
    atomic_store(&ring.put, UINT32_MAX - 5u);
    atomic_store(&ring.taken, UINT32_MAX - 5u);

    uint32_t written = 0;
    uint32_t read = 0;
    for (unsigned round = 0; round < 10; round++) {
        assert_null(ring_peek(&ring));
        for (unsigned n = 0; n < CAPACITY; n++) {
            uint32_t *slot = ring_claim(&ring);
            assert_non_null(slot);
            *slot = written++;
            ring_publish(&ring);
        }
        assert_null(ring_claim(&ring));
        assert_int_equal(ring_count(&ring), CAPACITY);
        for (unsigned n = 0; n < CAPACITY; n++) {
            const uint32_t *slot = ring_peek(&ring);
            assert_non_null(slot);
            assert_int_equal(*slot, read++);
            ring_release(&ring);
        }
    }
}

static void lets_the_producer_fill_one_slot_ahead(void **state)
{
    (void)state;
    struct ring ring;
    uint32_t slots[2];
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], 2), STATUS_OK);
    atomic_store(&ring.put, UINT32_MAX);
    atomic_store(&ring.taken, UINT32_MAX);
    uint32_t *first = ring_claim(&ring);
    uint32_t *second = ring_claim_second(&ring);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    assert_null(ring_peek(&ring));
    ring_publish(&ring);
    assert_ptr_equal(ring_claim(&ring), second);
    assert_null(ring_claim_second(&ring));
    assert_ptr_equal(ring_peek(&ring), first);
    ring_release(&ring);
    assert_ptr_equal(ring_claim_second(&ring), first);
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], 1), STATUS_OK);
    assert_non_null(ring_claim(&ring));
    assert_null(ring_claim_second(&ring));
}

static void *produce(void *argument)
{
    struct ring *ring = argument;
    for (uint32_t n = 0; n < PASSED; n++) {
        uint32_t *slot = ring_claim(ring);
        while (slot == NULL) {
            sched_yield();
            slot = ring_claim(ring);
        }
        slot[0] = n;
        slot[1] = ~n;
        ring_publish(ring);
    }
    return NULL;
}

static void passes_everything_between_two_threads_whole_and_in_order(void **state)
{
    (void)state;
    static struct ring ring;
    static uint32_t slots[CAPACITY][2];
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], CAPACITY), STATUS_OK);
    pthread_t producer;
    assert_int_equal(pthread_create(&producer, NULL, produce, &ring), 0);
    uint32_t wrong = 0;
    for (uint32_t n = 0; n < PASSED; n++) {
        const uint32_t *slot = ring_peek(&ring);
        while (slot == NULL) {
            sched_yield();
            slot = ring_peek(&ring);
        }
        wrong += (slot[0] != n || slot[1] != ~n);
        ring_release(&ring);
    }
    pthread_join(producer, NULL);
    assert_int_equal(wrong, 0);
    assert_int_equal(ring_count(&ring), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_capacity_that_is_no_power_of_two),
        cmocka_unit_test(lets_the_producer_fill_one_slot_ahead),
        cmocka_unit_test(keeps_order_and_says_when_it_is_full_or_empty),
        cmocka_unit_test(passes_everything_between_two_threads_whole_and_in_order),
    };
    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
