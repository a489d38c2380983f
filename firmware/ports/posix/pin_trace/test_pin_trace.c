// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pin_trace.h"

enum { WRITERS = 3, EDGES = 15000 };

static char path[64];

static int open_new(void **state)
{
    (void)snprintf(path, sizeof path, "/dev/shm/ohm-test-trace-%d", (int)getpid());
    unlink(path);
    struct pin_trace *trace = NULL;
    const enum status status = pin_trace_open(path, &trace);
    *state = trace;
    return status == STATUS_OK ? 0 : -1;
}

static int close_and_remove(void **state)
{
    pin_trace_close(*state);
    unlink(path);
    return 0;
}

static void keeps_edges_in_order_with_their_times(void **state)
{
    struct pin_trace *trace = *state;
    pin_trace_record(trace, PIN_TRACE_LED, true);
    pin_trace_record(trace, PIN_TRACE_RELAY + 7, true);
    pin_trace_record(trace, PIN_TRACE_LED, false);
    assert_int_equal(pin_trace_count(trace), 3);

    static const struct pin_trace_edge EXPECTED[] = { { 0, PIN_TRACE_LED, true },
                                                      { 0, PIN_TRACE_RELAY + 7, true },
                                                      { 0, PIN_TRACE_LED, false } };
    uint64_t before_ns = 1;
    for (unsigned i = 0; i < 3; i++) {
        struct pin_trace_edge edge;
        assert_int_equal(pin_trace_read(trace, i, &edge), STATUS_OK);
        assert_int_equal(edge.signal, EXPECTED[i].signal);
        assert_int_equal(edge.level, EXPECTED[i].level);
        assert_true(edge.time_ns >= before_ns);
        before_ns = edge.time_ns;
    }
    struct pin_trace_edge edge;
    assert_int_equal(pin_trace_read(trace, 3, &edge), STATUS_MISSING);
}

static void goes_on_where_a_killed_process_stopped(void **state)
{
    const struct pin_trace *trace = *state;
    for (unsigned round = 1; round <= 3; round++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct pin_trace *own = NULL;
            if (pin_trace_open(path, &own) == STATUS_OK) {
                pin_trace_record(own, PIN_TRACE_POWER, true);
                kill(getpid(), SIGKILL);
            }
            _exit(1);
        }
        int result = 0;
        assert_int_equal(waitpid(child, &result, 0), child);
        assert_true(WIFSIGNALED(result));
        assert_int_equal(pin_trace_count(trace), round);
    }
}

static void the_oldest_edges_give_way(void **state)
{
    struct pin_trace *trace = *state;
    struct pin_trace_edge edge;
    for (unsigned i = 0; i < PIN_TRACE_CAPACITY + 10; i++) {
        pin_trace_record(trace, i % 16, i % 3 == 0);
    }
    assert_int_equal(pin_trace_read(trace, 9, &edge), STATUS_MISSING);
    for (unsigned i = 10; i < PIN_TRACE_CAPACITY + 10; i++) {
        assert_int_equal(pin_trace_read(trace, i, &edge), STATUS_OK);
        assert_int_equal(edge.signal, i % 16);
        assert_int_equal(edge.level, i % 3 == 0);
    }
}

static void *record_many(void *trace)
{
    for (unsigned i = 0; i < EDGES; i++) {
        pin_trace_record(trace, PIN_TRACE_BUTTON, i % 2 == 0);
    }
    return NULL;
}

static void several_threads_lose_no_edge(void **state)
{
    struct pin_trace *trace = *state;
    pthread_t threads[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, record_many, trace), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(pin_trace_count(trace), WRITERS * EDGES);
    unsigned pressed = 0;
    for (unsigned i = 0; i < WRITERS * EDGES; i++) {
        struct pin_trace_edge edge;
        assert_int_equal(pin_trace_read(trace, i, &edge), STATUS_OK);
        pressed += edge.level;
    }
    assert_int_equal(pressed, WRITERS * EDGES / 2);
}

static void nothing_happens_without_a_trace(void **state)
{
    (void)state;
    pin_trace_record(NULL, PIN_TRACE_LED, true);
    pin_trace_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_edges_in_order_with_their_times, open_new,
                                        close_and_remove),
        cmocka_unit_test_setup_teardown(goes_on_where_a_killed_process_stopped, open_new,
                                        close_and_remove),
        cmocka_unit_test_setup_teardown(the_oldest_edges_give_way, open_new, close_and_remove),
        cmocka_unit_test_setup_teardown(several_threads_lose_no_edge, open_new, close_and_remove),
        cmocka_unit_test(nothing_happens_without_a_trace),
    };
    return cmocka_run_group_tests_name("pin_trace", tests, NULL, NULL);
}
