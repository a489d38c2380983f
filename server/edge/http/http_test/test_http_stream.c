// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_test_client.h"

static struct http_test_bed bed;
static struct http_client client;

static int open_and_sign_in(void **state)
{
    const struct http_server_config config = { 0 };
    (void)state;
    bed_open(&bed, &config);
    client_open(&client, &bed, false);
    return client_sign_in(&client, bed.password) == 200 ? 0 : -1;
}

static int close_bed(void **state)
{
    (void)state;
    client_close(&client);
    bed_close(&bed);
    return 0;
}

/// Opens a stream over plain HTTP and reads until its greeting has come.
static int open_stream(const char *path, int receive_buffer)
{
    struct sockaddr_in where = { .sin_family = AF_INET,
                                 .sin_port = htons(http_server_local_port(bed.server)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct timeval patience = { .tv_sec = 5 };
    char text[4096];
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (receive_buffer > 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof where), 0);
    const int size =
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n",
                 path, client.cookie);
    assert_int_equal(send(fd, text, (size_t)size, MSG_NOSIGNAL), size);
    size_t held = 0;
    do {
        const ssize_t got = recv(fd, text + held, sizeof text - held - 1, 0);
        assert_true(got > 0);
        held += (size_t)got;
        text[held] = '\0';
    } while (strstr(text, "retry: 2000") == NULL);
    assert_non_null(strstr(text, "HTTP/1.1 200"));
    assert_non_null(strstr(text, "Content-Type: text/event-stream"));
    return fd;
}

/// Reads until `wanted` has come; everything read is in `text`.
static bool read_until(int fd, const char *wanted, char *text, size_t capacity)
{
    size_t held = 0;
    text[0] = '\0';
    while (strstr(text, wanted) == NULL) {
        const ssize_t got = recv(fd, text + held, capacity - held - 1, 0);
        if (got <= 0) {
            return false;
        }
        held += (size_t)got;
        text[held] = '\0';
    }
    return true;
}

static char text[262144];

/// Reads what is left until the last chunk has come (RFC 9112 section 7.1), with which a stream
/// ends.
static bool comes_to_its_end(int fd)
{
    static const char LAST[] = "0\r\n\r\n";
    const size_t size = sizeof LAST - 1;
    size_t held = 0;
    for (;;) {
        const ssize_t got = recv(fd, text + held, sizeof text - held, 0);
        if (got <= 0) {
            return false;
        }
        held += (size_t)got;
        if (held >= size) {
            memmove(text, text + held - size, size);
            held = size;
            if (memcmp(text, LAST, size) == 0) {
                return true;
            }
        }
    }
}

static void events_reach_the_browser_at_once(void **state)
{
    (void)state;
    const int all = open_stream("/v1/stream", 0);
    const int one = open_stream("/v1/stream?device=quiet", 0);
    const struct stored_reading reading = bed_reading(42);
    device_registry_report_reading(bed.fleet.devices, &reading, false);
    assert_true(read_until(all, "\"seq\":42,", text, sizeof text));
    assert_non_null(strstr(text, "event: reading\ndata: {\"device_id\":\"meter-1\""));
    assert_int_equal(device_registry_report_relays(bed.fleet.devices, BED_DEVICE, 0xAA), STATUS_OK);
    assert_true(read_until(all, "event: relay\n", text, sizeof text));
    assert_int_equal(client_send(&client, "POST", "/v1/devices/" BED_DEVICE "/command",
                                 "{\"command\":\"set_relays\",\"mask\":1}"),
                     200);
    assert_true(read_until(all, "event: command\n", text, sizeof text));
    assert_int_equal(device_registry_report_relays(bed.fleet.devices, "quiet", 1), STATUS_OK);
    assert_true(read_until(one, "\"device_id\":\"quiet\"", text, sizeof text));
    assert_null(strstr(text, "meter-1"));
    (void)close(all);
    (void)close(one);
}

static void a_silent_stream_is_kept_alive(void **state)
{
    (void)state;
    const int fd = open_stream("/v1/stream", 0);
    bed_skip_ms(&bed, STREAM_HUB_SILENCE_MS);
    assert_true(read_until(fd, ": still here\n\n", text, sizeof text));
    (void)close(fd);
}

static void signing_out_ends_the_stream(void **state)
{
    (void)state;
    const int fd = open_stream("/v1/stream", 0);
    assert_int_equal(client_send(&client, "POST", "/v1/auth/logout", NULL), 204);
    assert_true(comes_to_its_end(fd));
    (void)close(fd);
}

static void an_open_stream_keeps_its_session_alive(void **state)
{
    (void)state;
    const int fd = open_stream("/v1/stream", 0);
    for (unsigned i = 0; i < 3; i++) {
        bed_skip_ms(&bed, ACCOUNTS_IDLE_MS - 10000);
        assert_true(read_until(fd, ": still here\n\n", text, sizeof text));
    }
    assert_int_equal(client_send(&client, "GET", "/v1/auth/session", NULL), 200);
    bed_skip_ms(&bed, ACCOUNTS_ABSOLUTE_MS);
    assert_true(comes_to_its_end(fd));
    (void)close(fd);
}

static void a_slow_reader_is_dropped_and_the_others_notice_nothing(void **state)
{
    (void)state;
    const int slow = open_stream("/v1/stream", 2048);
    const int quick = open_stream("/v1/stream", 0);
    uint64_t seq = 1000;
    while (stream_hub_counts(bed.hub).dropped == 0) {
        for (unsigned i = 0; i < 50; i++) {
            const struct stored_reading reading = bed_reading(++seq);
            device_registry_report_reading(bed.fleet.devices, &reading, false);
        }
        char last[64];
        (void)snprintf(last, sizeof last, "\"seq\":%llu,", (unsigned long long)seq);
        assert_true(read_until(quick, last, text, sizeof text));
        assert_true(seq < 100000);
    }
    assert_int_equal(client_send(&client, "GET", "/v1/system", NULL), 200);
    assert_non_null(strstr(client.body, "\"stream_subscribers_dropped\":1"));
    assert_true(comes_to_its_end(slow));
    (void)close(slow);
    (void)close(quick);
}

static void wrong_questions_get_no_stream(void **state)
{
    (void)state;
    assert_int_equal(client_send(&client, "GET", "/v1/stream?device=nobody", NULL), 404);
    assert_int_equal(client_send(&client, "GET", "/v1/stream?x=1", NULL), 400);
    client.cookie[0] = '\0';
    assert_int_equal(client_send(&client, "GET", "/v1/stream", NULL), 401);
}

int main(void)
{
#define SIGNED_IN(name) cmocka_unit_test_setup_teardown(name, open_and_sign_in, close_bed)
    const struct CMUnitTest tests[] = {
        SIGNED_IN(events_reach_the_browser_at_once),
        SIGNED_IN(a_silent_stream_is_kept_alive),
        SIGNED_IN(signing_out_ends_the_stream),
        SIGNED_IN(an_open_stream_keeps_its_session_alive),
        SIGNED_IN(a_slow_reader_is_dropped_and_the_others_notice_nothing),
        SIGNED_IN(wrong_questions_get_no_stream),
    };
    return cmocka_run_group_tests_name("http_stream", tests, NULL, NULL);
}
