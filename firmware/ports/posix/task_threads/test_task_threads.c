// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "task_threads.h"

struct seen {
    char name[16];
    bool takes_signals;
    int policy;
    int priority;
    pthread_mutex_t gate;
};

static void look_around(void *ctx)
{
    struct seen *seen = ctx;
    struct sched_param param;
    sigset_t blocked;

    (void)pthread_mutex_lock(&seen->gate);
    (void)pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    seen->takes_signals = !sigismember(&blocked, SIGTERM);
    (void)pthread_getschedparam(pthread_self(), &seen->policy, &param);
    seen->priority = param.sched_priority;
}

static void run_one(struct seen *seen, bool real_time, struct task_thread *thread)
{
    const struct task_entry entry = {
        .name = "button", .priority = 24, .stack_size = 4096, .run = look_around, .ctx = seen
    };
    *seen = (struct seen){ .name = "" };
    (void)pthread_mutex_init(&seen->gate, NULL);
    (void)pthread_mutex_lock(&seen->gate);
    assert_int_equal(task_thread_start(thread, &entry, real_time), STATUS_OK);
    (void)pthread_mutex_unlock(&seen->gate);
    task_thread_join(thread);
}

static void names_its_threads_and_keeps_signals_away(void **state)
{
    (void)state;
    struct task_thread thread;
    struct seen seen;

    run_one(&seen, false, &thread);
    assert_string_equal(seen.name, "button");
    assert_false(seen.takes_signals);
    assert_int_equal(seen.policy, SCHED_OTHER);
}

static void says_truly_whether_the_priority_was_granted(void **state)
{
    (void)state;
    struct task_thread thread;
    struct seen seen;

    run_one(&seen, true, &thread);
    assert_int_equal(thread.has_priority, seen.policy == SCHED_FIFO);
    assert_int_equal(seen.priority, thread.has_priority ? 24 : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_its_threads_and_keeps_signals_away),
        cmocka_unit_test(says_truly_whether_the_priority_was_granted),
    };
    return cmocka_run_group_tests_name("task_threads", tests, NULL, NULL);
}
