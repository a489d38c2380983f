// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard_inbox.h"

enum { MANY = 500 };

struct fixture {
    char folder[64];
    char path[96];
    struct guard_inbox *inbox;
    pthread_t thread;
    unsigned taken; ///< Of the inbox's thread until it has ended.
    uint64_t sum;
};

static void take(void *ctx, const struct guard_report *report)
{
    struct fixture *f = ctx;
    f->taken++;
    f->sum += report->at_s;
    if (report->at_s == MANY) {
        guard_inbox_stop(f->inbox);
    }
}

static void *run(void *ctx)
{
    struct fixture *f = ctx;
    guard_inbox_run(f->inbox);
    return NULL;
}

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    (void)snprintf(f.folder, sizeof f.folder, "/tmp/guard_inbox.XXXXXX");
    if (mkdtemp(f.folder) == NULL) {
        return -1;
    }
    (void)snprintf(f.path, sizeof f.path, "%s/reports", f.folder);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    guard_inbox_close(f->inbox);
    return rmdir(f->folder); // Fails when the socket was left there.
}

static enum status open_inbox(struct fixture *f)
{
    const struct guard_inbox_options options = { .path = f->path, .take = take, .ctx = f };
    return guard_inbox_open(&options, &f->inbox);
}

/// Sends with waiting, as the guard does not.
static void send_text(const struct fixture *f, const char *text, size_t size)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", f->path);
    const int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(sender >= 0);
    assert_int_equal(
        sendto(sender, text, size, 0, (const struct sockaddr *)&address, sizeof address), size);
    (void)close(sender);
}

static void send_report(const struct fixture *f, uint64_t number)
{
    const struct guard_report report = { .name = "meter-1", .at_s = number };
    char text[GUARD_REPORT_SIZE];
    size_t size = 0;
    assert_int_equal(guard_report_encode(&report, text, sizeof text, &size), STATUS_OK);
    send_text(f, text, size);
}

static void takes_every_report_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    static char large[4 * GUARD_REPORT_SIZE];
    uint64_t sum = 0;
    assert_int_equal(open_inbox(f), STATUS_OK);
    assert_int_equal(pthread_create(&f->thread, NULL, run, f), 0);
    for (uint64_t i = 1; i <= MANY; i++) {
        if (i % 100 == 0) {
            send_text(f, "{}", 2);
            send_text(f, "", 0);
            send_text(f, large, sizeof large);
        }
        send_report(f, i);
        sum += i;
    }
    assert_int_equal(pthread_join(f->thread, NULL), 0);
    assert_int_equal(f->taken, MANY);
    assert_int_equal(f->sum, sum);
}

static void takes_the_place_of_a_socket_that_was_left(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct stat facts;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", f->path);
    const int left = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(left, (const struct sockaddr *)&address, sizeof address), 0);
    (void)close(left);
    assert_int_equal(open_inbox(f), STATUS_OK);
    assert_int_equal(stat(f->path, &facts), 0);
    assert_int_equal(facts.st_mode & 07 /* others */, 0);
    guard_inbox_stop(f->inbox);
    guard_inbox_run(f->inbox); // Returns, since it was stopped before.
}

static void says_when_there_can_be_no_socket(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_int_equal(open_inbox(f), STATUS_IO);
    assert_null(f->inbox);
    assert_int_equal(rmdir(f->path), 0);
    char path[200];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    const struct guard_inbox_options options = { .path = path };
    assert_int_equal(guard_inbox_open(&options, &f->inbox), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_every_report_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_the_place_of_a_socket_that_was_left, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(says_when_there_can_be_no_socket, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("guard_inbox", tests, NULL, NULL);
}
