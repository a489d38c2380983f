// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared_map.h"

enum { SIZE = 8192 };

static char path[64];

static int name_a_file(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/dev/shm/ohm-test-map-%d", (int)getpid());
    unlink(path);
    return 0;
}

static int remove_the_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void what_a_killed_process_stored_is_there_for_the_next(void **state)
{
    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        void *memory = NULL;
        if (shared_map_open(path, SIZE, &memory) != STATUS_OK) {
            _exit(1);
        }
        memcpy((char *)memory + 5000, "left behind", sizeof "left behind");
        kill(getpid(), SIGKILL);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result));

    void *memory = NULL;
    assert_int_equal(shared_map_open(path, SIZE, &memory), STATUS_OK);
    assert_string_equal((char *)memory + 5000, "left behind");
    assert_int_equal(((char *)memory)[0], 0);
    shared_map_close(memory, SIZE);
}

static void a_file_that_is_not_in_memory_is_refused(void **state)
{
    (void)state;
    void *memory = NULL;
    // A regular file that anybody may open for writing and that lies on no tmpfs, on any machine.
    assert_int_equal(shared_map_open("/proc/self/comm", SIZE, &memory), STATUS_INVALID);
    assert_null(memory);
    assert_int_equal(shared_map_open("/dev/shm", SIZE, &memory), STATUS_IO);
    assert_int_equal(shared_map_open("/dev/shm/no/such/folder", SIZE, &memory), STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_killed_process_stored_is_there_for_the_next,
                                        name_a_file, remove_the_file),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_in_memory_is_refused, name_a_file,
                                        remove_the_file),
    };
    return cmocka_run_group_tests_name("shared_map", tests, NULL, NULL);
}
