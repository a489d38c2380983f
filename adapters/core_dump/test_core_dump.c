// SPDX-License-Identifier: MIT

/// What the kernel says of a process that died, with and without the call.

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core_dump.h"
#include "test_folder.h"

static char folder[] = "/tmp/core-dump-XXXXXX";

/// A child with the highest limit that it may have dies by SIGABRT. @return its wait status.
static int die(bool forbid)
{
    const pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = { 0, 0 };
        if (chdir(folder) != 0 || getrlimit(RLIMIT_CORE, &limit) != 0) {
            _exit(1);
        }
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_CORE, &limit) != 0 || (forbid && !core_dump_forbid())) {
            _exit(1);
        }
        (void)signal(SIGABRT, SIG_DFL);
        abort();
    }
    int status = 0;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return status;
}

static void a_dead_process_leaves_no_core(void **state)
{
    (void)state;
    assert_false(WCOREDUMP(die(true)));
}

static void without_the_call_it_would(void **state)
{
    (void)state;
    if (!WCOREDUMP(die(false))) {
        print_message("this machine keeps no core files at all, so their absence shows nothing\n");
        skip();
    }
}

static void the_limit_cannot_be_raised_again_by_mistake(void **state)
{
    struct rlimit limit = { 1, 1 };
    (void)state;
    assert_true(core_dump_forbid());
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 0);
    assert_int_equal(limit.rlim_max, 0);
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_process_leaves_no_core),
        cmocka_unit_test(without_the_call_it_would),
        cmocka_unit_test(the_limit_cannot_be_raised_again_by_mistake),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
