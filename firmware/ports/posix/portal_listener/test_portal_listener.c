// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_portal_host.h"
#include "portal_listener.h"

enum { ROOM = 64 * 1024, STEPS = 200 };

struct fixture {
    struct fake_portal_host fake;
    struct portal portal;
    struct portal_listener *listener;
    uint64_t now_ms;
    char answer[ROOM];
    size_t size;
    bool has_ended; ///< The listener closed the connection.
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .now_ms = 1000 };
    fake_portal_host_init(&f.fake);
    portal_init(&f.portal, &f.fake.host, NULL);
    if (portal_listener_open("127.0.0.1", 0, &f.portal, &f.listener) != STATUS_OK) {
        return -1;
    }
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    const struct fixture *f = *state;
    portal_listener_close(f->listener);
    return 0;
}

static int open_connection(struct fixture *f)
{
    const struct sockaddr_in where = { .sin_family = AF_INET,
                                       .sin_port = htons(portal_listener_port(f->listener)),
                                       .sin_addr = { htonl(INADDR_LOOPBACK) } };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&where, sizeof where), 0);
    f->size = 0;
    f->answer[0] = '\0';
    f->has_ended = false;
    return fd;
}

static void step(struct fixture *f)
{
    portal_listener_step(f->listener, f->now_ms, 1);
}

/// Sends what the listener takes, stepping it, and gives up when it closes the connection.
static void send_bytes(struct fixture *f, int fd, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (unsigned i = 0; size > 0 && i < 100000; i++) {
        const ssize_t sent = send(fd, at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && i > 0 && !f->has_ended) {
            step(f);
        }
        at += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
    }
}

static void send_text(struct fixture *f, int fd, const char *text)
{
    send_bytes(f, fd, text, strlen(text));
}

/// Takes what there is. @return whether there is nothing more now.
static bool take(struct fixture *f, int fd)
{
    const ssize_t size =
        recv(fd, f->answer + f->size, sizeof f->answer - 1 - f->size, MSG_DONTWAIT);
    f->has_ended = f->has_ended || size == 0 || (size < 0 && errno != EAGAIN);
    f->size += size > 0 ? (size_t)size : 0;
    f->answer[f->size] = '\0';
    return size <= 0;
}

static void read_to_end(struct fixture *f, int fd)
{
    for (unsigned i = 0; i < STEPS && !f->has_ended; i++) {
        step(f);
        (void)take(f, fd);
    }
    (void)close(fd);
}

static void ask(struct fixture *f, const char *request)
{
    const int fd = open_connection(f);
    send_text(f, fd, request);
    read_to_end(f, fd);
}

static unsigned count_of(const struct fixture *f, const char *text)
{
    unsigned count = 0;
    for (const char *at = strstr(f->answer, text); at != NULL; at = strstr(at + 1, text)) {
        count++;
    }
    return count;
}

static void carries_requests_and_replies(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_true(f->has_ended);
    assert_memory_equal(f->answer, "HTTP/1.1 200 OK\r\n", 17);
    assert_non_null(strstr(f->answer, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(
        f->answer, "\r\n\r\n{\"status\":\"provisioning\",\"ip\":\"\",\"state\":\"AP_MODE\"}"));
    ask(f, "GET /local-wifi?refresh=true HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_non_null(strstr(f->answer, "\"count\":2"));
    assert_int_equal(f->fake.scans, 1);
    ask(f, "POST /save HTTP/1.1\r\nHost: 127.0.0.1\r\n"
           "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 27\r\n\r\n"
           "ssid=home&password=12345678");
    assert_memory_equal(f->answer, "HTTP/1.1 303 ", 13);
    assert_non_null(strstr(f->answer, "Location: http://192.168.4.1/progress\r\n"));
    assert_string_equal(f->fake.last.wifi.password, "12345678");
}

static void takes_a_body_in_pieces_and_in_chunks(void **state)
{
    struct fixture *f = *state;
    const int fd = open_connection(f);
    const char request[] = "POST /save HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 27\r\n"
                           "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
                           "ssid=home&password=12345678";
    for (size_t i = 0; i < strlen(request); i++) {
        send_bytes(f, fd, request + i, 1);
        step(f);
    }
    read_to_end(f, fd);
    assert_memory_equal(f->answer, "HTTP/1.1 303 ", 13);
    ask(f, "POST /save HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
           "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
           "a\r\nssid=home&p\r\n11\r\nassword=12345678\r\n0\r\n\r\n");
    assert_true(f->has_ended);
    ask(f, "POST /save HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
           "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
           "b\r\nssid=home&p\r\n10\r\nassword=12345678\r\n0\r\n\r\n");
    assert_memory_equal(f->answer, "HTTP/1.1 303 ", 13);
    assert_int_equal(f->fake.submissions, 2);
}

static void sends_head_without_a_body(void **state)
{
    struct fixture *f = *state;
    ask(f, "HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_memory_equal(f->answer, "HTTP/1.1 200 OK\r\n", 17);
    assert_string_equal(f->answer + f->size - 4, "\r\n\r\n");
    assert_null(strstr(f->answer, "<html"));
}

static void serves_one_request_of_a_connection(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
           "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
           "POST /save HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_true(f->has_ended);
    assert_int_equal(count_of(f, "HTTP/1.1 "), 1);
    assert_non_null(strstr(f->answer, "Connection: close\r\n"));
}

static void refuses_a_body_above_the_limit_and_hangs_up_on_a_flood(void **state)
{
    struct fixture *f = *state;
    static char zeros[4096];
    int fd = open_connection(f);
    send_text(f, fd,
              "POST /provision HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4096\r\n"
              "Content-Type: application/json\r\n\r\n");
    send_bytes(f, fd, zeros, sizeof zeros);
    read_to_end(f, fd);
    assert_memory_equal(f->answer, "HTTP/1.1 413 ", 13);

    fd = open_connection(f);
    send_text(f, fd,
              "POST /provision HTTP/1.1\r\nHost: 127.0.0.1\r\n"
              "Content-Length: 1073741824\r\nContent-Type: application/json\r\n\r\n");
    unsigned sent = 0;
    while (sent < 1024 && !f->has_ended) {
        if (send(fd, zeros, sizeof zeros, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
            sent++;
        }
        step(f);
        (void)take(f, fd);
        f->has_ended = f->has_ended || send(fd, zeros, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0;
    }
    assert_true(f->has_ended);
    assert_true(sent < 512); // Of 262 144: two socket buffers and the flood limit.
    (void)close(fd);
    assert_int_equal(f->fake.submissions, 0);
    ask(f, "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_memory_equal(f->answer, "HTTP/1.1 200 OK\r\n", 17);
}

static void refuses_a_head_that_is_too_large(void **state)
{
    struct fixture *f = *state;
    static char letters[PORTAL_LISTENER_MEMORY];
    memset(letters, 'a', sizeof letters);
    int fd = open_connection(f);
    send_text(f, fd, "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ");
    send_bytes(f, fd, letters, sizeof letters);
    send_text(f, fd, "\r\n\r\n");
    read_to_end(f, fd);
    assert_true(f->has_ended);
    assert_int_equal(count_of(f, "200 OK"), 0);

    fd = open_connection(f);
    send_text(f, fd, "GET /status?");
    send_bytes(f, fd, letters, 1000);
    send_text(f, fd, " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    read_to_end(f, fd);
    assert_memory_equal(f->answer, "HTTP/1.1 404 ", 13);
}

/// A peer that sends a byte now and then is never silent, and never done.
static void hangs_up_on_a_peer_that_takes_its_time(void **state)
{
    struct fixture *f = *state;
    int fds[PORTAL_LISTENER_PER_PEER];
    for (unsigned i = 0; i < PORTAL_LISTENER_PER_PEER; i++) {
        fds[i] = open_connection(f);
        send_text(f, fds[i], "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
        step(f);
    }
    // Every place of this peer is taken, so one more is turned away.
    ask(f, "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_int_equal(count_of(f, "200 OK"), 0);

    const uint64_t end_ms = f->now_ms + PORTAL_LISTENER_TIME_MS;
    while (f->now_ms < end_ms) {
        f->now_ms += 1000;
        for (unsigned i = 0; i < PORTAL_LISTENER_PER_PEER; i++) {
            assert_int_equal(send(fds[i], "a", 1, MSG_NOSIGNAL), 1);
        }
        step(f);
    }
    f->has_ended = false;
    (void)take(f, fds[0]);
    assert_false(f->has_ended);
    f->now_ms++;
    for (unsigned i = 0; i < PORTAL_LISTENER_PER_PEER; i++) {
        f->has_ended = false;
        f->size = 0;
        read_to_end(f, fds[i]);
        assert_true(f->has_ended);
    }
    ask(f, "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_memory_equal(f->answer, "HTTP/1.1 200 OK\r\n", 17);
}

static void survives_what_is_not_http(void **state)
{
    struct fixture *f = *state;
    const char *const noise[] = { "\r\n\r\n\r\n",
                                  "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
                                  "GET\r\n\r\n",
                                  "GET / HTTP/9.9\r\n\r\n",
                                  "GET / HTTP/1.1\r\n\r\n", // No Host.
                                  "POST /save HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                                  "POST /save HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                                  "GET /status%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" };
    for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++) {
        const int fd = open_connection(f);
        send_text(f, fd, noise[i]);
        (void)shutdown(fd, SHUT_WR);
        for (unsigned k = 0; k < STEPS && !f->has_ended; k++) {
            step(f);
            (void)take(f, fd);
        }
        f->now_ms += PORTAL_LISTENER_TIME_MS + 1; // For empty lines the library waits on.
        read_to_end(f, fd);
        assert_true(f->has_ended);
        assert_int_equal(count_of(f, "200 OK"), 0);
    }
    ask(f, "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_memory_equal(f->answer, "HTTP/1.1 200 OK\r\n", 17);
}

static void says_why_it_cannot_listen(void **state)
{
    struct fixture *f = *state;
    struct portal_listener *other = NULL;
    assert_int_equal(portal_listener_open("localhost", 0, &f->portal, &other), STATUS_INVALID);
    assert_int_equal(
        portal_listener_open("127.0.0.1", portal_listener_port(f->listener), &f->portal, &other),
        STATUS_BUSY);
    assert_null(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(carries_requests_and_replies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_a_body_in_pieces_and_in_chunks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sends_head_without_a_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(serves_one_request_of_a_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_body_above_the_limit_and_hangs_up_on_a_flood,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_head_that_is_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hangs_up_on_a_peer_that_takes_its_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_what_is_not_http, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_why_it_cannot_listen, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("portal_listener", tests, NULL, NULL);
}
