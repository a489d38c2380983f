// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard_outbox.h"

struct fixture {
    char folder[64];
    char path[96];
    int receiver;
    struct guard_outbox outbox;
};

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.receiver = -1;
    (void)snprintf(f.folder, sizeof f.folder, "/tmp/guard_outbox.XXXXXX");
    if (mkdtemp(f.folder) == NULL) {
        return -1;
    }
    (void)snprintf(f.path, sizeof f.path, "%s/reports", f.folder);
    assert_true(guard_outbox_open(&f.outbox, f.path));
    *state = &f;
    return 0;
}

static void stop_listening(struct fixture *f)
{
    (void)close(f->receiver);
    f->receiver = -1;
    (void)unlink(f->path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    guard_outbox_close(&f->outbox);
    stop_listening(f);
    return rmdir(f->folder);
}

static void listen_now(struct fixture *f)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", f->path);
    f->receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(f->receiver, (const struct sockaddr *)&address, sizeof address), 0);
}

static void add(struct fixture *f, uint64_t number)
{
    const struct guard_report report = { .name = "meter-1", .at_s = number };
    guard_outbox_add(&f->outbox, &report);
}

/// The next report that has come. @return false  none has.
static bool receive(struct fixture *f, struct guard_report *report)
{
    char text[GUARD_REPORT_SIZE];
    const ssize_t size = recv(f->receiver, text, sizeof text, 0);
    if (size < 0) {
        return false;
    }
    assert_int_equal(guard_report_decode(text, (size_t)size, report), STATUS_OK);
    return true;
}

/// Takes all there is and counts it; the numbers go on from `next`.
static uint64_t drain(struct fixture *f, uint64_t next, uint64_t *lost)
{
    struct guard_report report;
    bool any = true;
    while (any) {
        guard_outbox_flush(&f->outbox);
        any = false;
        while (receive(f, &report)) {
            assert_int_equal(report.at_s, next);
            *lost = report.lost;
            next++;
            any = true;
        }
    }
    return next;
}

static void brings_reports_in_order(void **state)
{
    struct fixture *f = *state;
    uint64_t lost = 0;
    listen_now(f);
    for (uint64_t i = 0; i < 1000; i++) {
        add(f, i); // More than a socket queues.
        guard_outbox_flush(&f->outbox);
    }
    assert_int_equal(drain(f, 0, &lost), 1000);
    assert_int_equal(lost, 0);
}

static void keeps_the_newest_while_nobody_listens_and_counts_the_rest(void **state)
{
    struct fixture *f = *state;
    uint64_t lost = 0;
    for (uint64_t i = 0; i < GUARD_OUTBOX_COUNT + 10; i++) {
        add(f, i);
        guard_outbox_flush(&f->outbox);
    }
    listen_now(f);
    assert_int_equal(drain(f, 10, &lost), GUARD_OUTBOX_COUNT + 10);
    assert_int_equal(lost, 10);
    stop_listening(f);
    add(f, 7);
    guard_outbox_flush(&f->outbox);
    listen_now(f);
    assert_int_equal(drain(f, 7, &lost), 8);
}

static void is_silent_when_nobody_wants_reports(void **state)
{
    struct fixture *f = *state;
    static struct guard_outbox silent;
    char path[200];
    (void)f;
    assert_true(guard_outbox_open(&silent, NULL));
    const struct guard_report report = { .name = "meter-1" };
    guard_outbox_add(&silent, &report);
    guard_outbox_flush(&silent);
    guard_outbox_close(&silent);
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_false(guard_outbox_open(&silent, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(brings_reports_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_the_newest_while_nobody_listens_and_counts_the_rest,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_silent_when_nobody_wants_reports, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("guard_outbox", tests, NULL, NULL);
}
