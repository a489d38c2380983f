// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "restart_note.h"
#include "retained_file.h"

static void a_note_outlives_a_killed_process(void **state)
{
    (void)state;
    char path[64];
    (void)snprintf(path, sizeof path, "/dev/shm/ohm-test-retained-%d", (int)getpid());
    unlink(path);

    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct retained_memory *memory = NULL;
        if (retained_file_open(path, &memory) == STATUS_OK) {
            restart_note_add(memory, BUTTON_ACTION_FACTORY_RESET);
            kill(getpid(), SIGKILL);
        }
        _exit(1);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result));

    struct retained_memory *memory = NULL;
    assert_int_equal(retained_file_open(path, &memory), STATUS_OK);
    assert_true(restart_note_holds(memory, BUTTON_ACTION_FACTORY_RESET));
    assert_false(restart_note_holds(memory, BUTTON_ACTION_WIFI_RESET));
    retained_file_close(memory);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_note_outlives_a_killed_process) };
    return cmocka_run_group_tests_name("retained_file", tests, NULL, NULL);
}
