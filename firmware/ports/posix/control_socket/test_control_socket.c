// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "control_socket.h"

static char path[64];

static void echo(void *ctx, const char *line, char *reply, size_t capacity)
{
    (void)ctx;
    (void)snprintf(reply, capacity, "<%s>", line);
}

static const struct control_handler handler = { .answer = echo };

static int dial(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int peer = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(peer, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(peer);
        return -1;
    }
    return peer;
}

static void expect(int peer, const char *answer)
{
    char text[512];
    size_t size = 0;
    while (size < strlen(answer)) {
        const ssize_t got = recv(peer, text + size, sizeof text - size - 1, 0);
        assert_true(got > 0);
        size += (size_t)got;
    }
    text[size] = '\0';
    assert_string_equal(text, answer);
}

static void answers_every_line_however_it_is_cut(void **state)
{
    (void)state;
    struct control_socket *control = NULL;

    assert_int_equal(control_socket_open(path, &handler, &control), STATUS_OK);
    const int peer = dial();
    assert_int_equal(send(peer, "status\nrelay", 12, 0), 12);
    expect(peer, "<status>\n");
    assert_int_equal(send(peer, " 3 on\n\n", 7, 0), 7);
    expect(peer, "<relay 3 on>\n<>\n");
    (void)close(peer);

    const int next = dial();
    assert_int_equal(send(next, "x\n", 2, 0), 2);
    expect(next, "<x>\n");
    (void)close(next);
    control_socket_close(control);
    assert_int_equal(dial(), -1);
}

static void hangs_up_on_a_line_without_end(void **state)
{
    (void)state;
    struct control_socket *control = NULL;
    char flood[CONTROL_SOCKET_LINE];

    memset(flood, 'x', sizeof flood);
    assert_int_equal(control_socket_open(path, &handler, &control), STATUS_OK);
    const int peer = dial();
    assert_int_equal(send(peer, flood, sizeof flood, 0), sizeof flood);
    assert_true(recv(peer, flood, sizeof flood, 0) <= 0);
    (void)close(peer);
    control_socket_close(control);
}

static void replaces_a_dead_socket_but_not_a_living_one(void **state)
{
    (void)state;
    struct control_socket *control = NULL;
    struct control_socket *second = NULL;
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(dead, (const struct sockaddr *)&address, sizeof address), 0);
    (void)close(dead);

    assert_int_equal(control_socket_open(path, &handler, &control), STATUS_OK);
    assert_int_equal(control_socket_open(path, &handler, &second), STATUS_BUSY);
    control_socket_close(control);
    control_socket_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_every_line_however_it_is_cut),
        cmocka_unit_test(hangs_up_on_a_line_without_end),
        cmocka_unit_test(replaces_a_dead_socket_but_not_a_living_one),
    };
    (void)snprintf(path, sizeof path, "/tmp/ohm-test-control-%d", (int)getpid());
    return cmocka_run_group_tests_name("control_socket", tests, NULL, NULL);
}
