// SPDX-License-Identifier: MIT
#include "task_threads.h"

#include <sched.h>
#include <signal.h>

enum { LEAST_STACK_SIZE = 256 * 1024 };

static void *run(void *argument)
{
    const struct task_entry *entry = argument;
    entry->run(entry->ctx);
    return NULL;
}

enum status task_thread_start(struct task_thread *thread, const struct task_entry *entry,
                              bool real_time)
{
    const struct sched_param param = { .sched_priority = entry->priority };
    const size_t stack_size =
        entry->stack_size > LEAST_STACK_SIZE ? entry->stack_size : LEAST_STACK_SIZE;
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;

    if (pthread_attr_init(&attributes) != 0) {
        return STATUS_IO;
    }
    (void)pthread_attr_setstacksize(&attributes, stack_size);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    *thread = (struct task_thread){ .entry = entry };
    const int failed = pthread_create(&thread->thread, &attributes, run, (void *)(size_t)entry);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    if (failed != 0) {
        return STATUS_IO;
    }
    (void)pthread_setname_np(thread->thread, entry->name);
    thread->has_priority =
        real_time && pthread_setschedparam(thread->thread, SCHED_FIFO, &param) == 0;
    return STATUS_OK;
}

void task_thread_join(struct task_thread *thread)
{
    (void)pthread_join(thread->thread, NULL);
}
