// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relay_mailbox.h"

enum { ROUNDS = 200000 };

static struct relay_mailbox mailbox;

static int empty(void **state)
{
    (void)state;
    relay_mailbox_init(&mailbox);
    return 0;
}

static enum status post(uint32_t id)
{
    return relay_mailbox_post(&mailbox, &(struct relay_request){ .id = id, .source = ~id });
}

static void an_empty_mailbox_has_nothing_for_anybody(void **state)
{
    (void)state;
    struct relay_request request = { .id = 77 };
    struct relay_result result = { .id = 77 };
    assert_false(relay_mailbox_next_request(&mailbox, &request));
    assert_false(relay_mailbox_take_result(&mailbox, &result));
    assert_int_equal(request.id, 77);
    assert_int_equal(result.id, 77);
}

static void a_request_stays_until_it_is_answered(void **state)
{
    (void)state;
    struct relay_request request;
    struct relay_result result;
    assert_int_equal(post(5), STATUS_OK);
    assert_true(relay_mailbox_next_request(&mailbox, &request));
    assert_true(relay_mailbox_next_request(&mailbox, &request));
    assert_int_equal(request.id, 5);
    assert_false(relay_mailbox_take_result(&mailbox, &result));
    relay_mailbox_answer(&mailbox, &(struct relay_result){ .id = 5, .mask = 0x55 });
    assert_false(relay_mailbox_next_request(&mailbox, &request));
    assert_true(relay_mailbox_take_result(&mailbox, &result));
    assert_int_equal(result.mask, 0x55);
    assert_false(relay_mailbox_take_result(&mailbox, &result));
}

static void is_full_until_results_are_taken(void **state)
{
    (void)state;
    struct relay_request request;
    struct relay_result result;
    for (uint32_t id = 0; id < RELAY_MAILBOX_CAPACITY; id++) {
        assert_int_equal(post(id), STATUS_OK);
    }
    assert_int_equal(post(100), STATUS_FULL);
    for (uint32_t id = 0; id < RELAY_MAILBOX_CAPACITY; id++) {
        assert_true(relay_mailbox_next_request(&mailbox, &request));
        relay_mailbox_answer(&mailbox, &(struct relay_result){ .id = request.id });
    }
    assert_int_equal(post(100), STATUS_FULL); // Or a result would have nowhere to go.
    assert_true(relay_mailbox_take_result(&mailbox, &result));
    assert_int_equal(result.id, 0);
    assert_int_equal(post(100), STATUS_OK);
}

static void order_survives_the_wrap_of_the_indices(void **state)
{
    (void)state;
    mailbox.posted = mailbox.answered = mailbox.taken = UINT32_MAX - 2;
    struct relay_request request;
    struct relay_result result;
    for (uint32_t id = 0; id < 3 * RELAY_MAILBOX_CAPACITY; id++) {
        assert_int_equal(post(id), STATUS_OK);
        assert_true(relay_mailbox_next_request(&mailbox, &request));
        assert_int_equal(request.id, id);
        relay_mailbox_answer(&mailbox, &(struct relay_result){ .id = id });
        assert_true(relay_mailbox_take_result(&mailbox, &result));
        assert_int_equal(result.id, id);
    }
}

/// What the request carries is derived from its id, so a torn slot shows.
static void *answer_all(void *arg)
{
    unsigned long *torn = arg;
    struct relay_request request;
    for (uint32_t id = 0; id < ROUNDS;) {
        if (!relay_mailbox_next_request(&mailbox, &request)) {
            sched_yield();
            continue;
        }
        *torn += request.id != id || request.source != ~id || request.mask != (uint8_t)(id * 7u);
        relay_mailbox_answer(&mailbox, &(struct relay_result){ .id = request.id,
                                                               .source = request.source,
                                                               .mask = request.mask });
        id++;
    }
    return NULL;
}

static void two_threads_lose_double_and_tear_nothing(void **state)
{
    (void)state;
    pthread_t thread;
    unsigned long torn_requests = 0;
    unsigned long torn_results = 0;
    uint32_t posted = 0;
    uint32_t taken = 0;

    assert_int_equal(pthread_create(&thread, NULL, answer_all, &torn_requests), 0);
    while (taken < ROUNDS) {
        const struct relay_request request = { .id = posted,
                                               .source = ~posted,
                                               .mask = (uint8_t)(posted * 7u) };
        const bool went = posted < ROUNDS && relay_mailbox_post(&mailbox, &request) == STATUS_OK;
        posted += went ? 1 : 0;
        struct relay_result result;
        const bool came = relay_mailbox_take_result(&mailbox, &result);
        if (came) {
            torn_results += result.id != taken || result.source != ~taken ||
                            result.mask != (uint8_t)(taken * 7u);
            taken++;
        }
        if (!went && !came) {
            sched_yield();
        }
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(posted, ROUNDS);
    assert_int_equal(torn_requests, 0);
    assert_int_equal(torn_results, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_mailbox_has_nothing_for_anybody, empty),
        cmocka_unit_test_setup(a_request_stays_until_it_is_answered, empty),
        cmocka_unit_test_setup(is_full_until_results_are_taken, empty),
        cmocka_unit_test_setup(order_survives_the_wrap_of_the_indices, empty),
        cmocka_unit_test_setup(two_threads_lose_double_and_tear_nothing, empty),
    };
    return cmocka_run_group_tests_name("relay_mailbox", tests, NULL, NULL);
}
