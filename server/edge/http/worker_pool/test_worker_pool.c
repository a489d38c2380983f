// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker_pool.h"

enum { JOBS = 5000 };

struct counting_job {
    struct worker_job job;
    atomic_uint runs;
};

static void count_run(struct worker_job *job)
{
    ((struct counting_job *)job)->runs++;
}

static void runs_every_job_once_before_it_stops(void **state)
{
    (void)state;
    static struct counting_job jobs[JOBS];
    struct worker_pool *pool = worker_pool_open(3);
    assert_non_null(pool);
    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i].job.run = count_run;
        assert_int_equal(worker_pool_submit(pool, &jobs[i].job), STATUS_OK);
    }
    worker_pool_stop(pool);
    for (unsigned i = 0; i < JOBS; i++) {
        assert_int_equal(jobs[i].runs, 1);
    }
    assert_int_equal(worker_pool_submit(pool, &jobs[0].job), STATUS_BUSY);
    worker_pool_close(pool);
    assert_int_equal(jobs[0].runs, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(runs_every_job_once_before_it_stops) };
    return cmocka_run_group_tests_name("worker_pool", tests, NULL, NULL);
}
