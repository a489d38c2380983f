// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "byte_queue.h"

static bool offer(struct byte_queue *queue, uint32_t number, size_t body_size)
{
    uint8_t body[512];
    memset(body, (int)(number & 0xFF), sizeof body);
    return byte_queue_offer(queue, &number, sizeof number, body, body_size);
}

static void expect(struct byte_queue *queue, uint32_t number, size_t body_size)
{
    size_t size = 0;
    const uint8_t *message = byte_queue_take(queue, 0, &size);
    uint32_t found;
    assert_non_null(message);
    assert_int_equal(size, sizeof found + body_size);
    memcpy(&found, message, sizeof found);
    assert_int_equal(found, number);
    for (size_t i = 0; i < body_size; i++) {
        assert_int_equal(message[sizeof found + i], number & 0xFF);
    }
}

static void hands_over_in_order_round_and_round(void **state)
{
    (void)state;
    struct byte_queue *queue = byte_queue_open(1000);
    uint32_t next_in = 0;
    uint32_t next_out = 0;
    for (int round = 0; round < 500; round++) {
        while (offer(queue, next_in, next_in * 7 % 200)) {
            next_in++;
        }
        const uint32_t left = (uint32_t)round % 3;
        while (next_in - next_out > left) {
            expect(queue, next_out, next_out * 7 % 200);
            next_out++;
        }
        byte_queue_release(queue);
    }
    assert_true(next_out > 1000);
    byte_queue_close(queue);
}

static void keeps_a_message_in_place_until_its_release(void **state)
{
    (void)state;
    struct byte_queue *queue = byte_queue_open(256);
    size_t size = 0;
    assert_true(offer(queue, 1, 100));
    assert_true(offer(queue, 2, 60));
    const uint8_t *message = byte_queue_take(queue, 0, &size);
    assert_false(byte_queue_has_room(queue, 100));
    assert_false(offer(queue, 3, 100));
    assert_int_equal(message[4], 1);
    byte_queue_release(queue);
    assert_true(offer(queue, 3, 90));
    expect(queue, 2, 60);
    expect(queue, 3, 90);
    byte_queue_close(queue);
}

static void refuses_what_never_fits(void **state)
{
    (void)state;
    struct byte_queue *queue = byte_queue_open(64);
    assert_false(offer(queue, 1, 100));
    assert_true(offer(queue, 1, 20));
    byte_queue_close(queue);
}

static void gives_up_waiting_when_stopped_but_not_what_waits(void **state)
{
    (void)state;
    struct byte_queue *queue = byte_queue_open(256);
    size_t size = 0;
    assert_true(offer(queue, 1, 10));
    byte_queue_stop(queue);
    expect(queue, 1, 10);
    assert_null(byte_queue_take(queue, UINT64_MAX, &size));
    byte_queue_close(queue);
}

enum { MESSAGES = 20000 };

static void gathering_ends_with_enough_bytes_or_at_the_deadline(void **state)
{
    (void)state;
    const uint8_t body[64] = { 0 };
    size_t size = 0;
    struct byte_queue *queue = byte_queue_open(4096);
    byte_queue_gather(queue, 64, 0); // The time is over already.
    assert_null(byte_queue_take(queue, 0, &size));
    assert_true(byte_queue_offer(queue, body, sizeof body, NULL, 0));
    byte_queue_gather(queue, 64, UINT64_MAX);
    assert_non_null(byte_queue_take(queue, 0, &size));
    byte_queue_release(queue);
    // More than a quarter of the queue is never waited for: it could not come before a release.
    for (int i = 0; i < 16; i++) {
        assert_true(byte_queue_offer(queue, body, sizeof body, NULL, 0));
    }
    byte_queue_gather(queue, SIZE_MAX, UINT64_MAX);
    byte_queue_stop(queue);
    byte_queue_gather(queue, SIZE_MAX, UINT64_MAX);
    byte_queue_close(queue);
}

static void *produce(void *ctx)
{
    for (uint32_t i = 0; i < MESSAGES;) {
        i += offer(ctx, i, i % 100) ? 1 : 0;
    }
    byte_queue_stop(ctx);
    return NULL;
}

static void loses_nothing_between_two_threads(void **state)
{
    (void)state;
    struct byte_queue *queue = byte_queue_open(4096);
    pthread_t producer;
    assert_int_equal(pthread_create(&producer, NULL, produce, queue), 0);
    uint32_t next = 0;
    size_t size = 0;
    const uint8_t *message;
    while ((message = byte_queue_take(queue, UINT64_MAX, &size)) != NULL) {
        uint32_t found;
        memcpy(&found, message, sizeof found);
        assert_int_equal(found, next);
        assert_int_equal(size, sizeof found + next % 100);
        next++;
        byte_queue_release(queue);
    }
    assert_int_equal(next, MESSAGES);
    assert_int_equal(pthread_join(producer, NULL), 0);
    byte_queue_close(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_over_in_order_round_and_round),
        cmocka_unit_test(keeps_a_message_in_place_until_its_release),
        cmocka_unit_test(refuses_what_never_fits),
        cmocka_unit_test(gives_up_waiting_when_stopped_but_not_what_waits),
        cmocka_unit_test(gathering_ends_with_enough_bytes_or_at_the_deadline),
        cmocka_unit_test(loses_nothing_between_two_threads),
    };
    return cmocka_run_group_tests_name("byte_queue", tests, NULL, NULL);
}
