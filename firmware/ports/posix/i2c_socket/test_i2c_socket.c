// SPDX-License-Identifier: MIT
#include <pthread.h>
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

#include "i2c_socket.h"

/// The other end: hears one request after another, and says what it was told to say.
struct far_end {
    int listener;
    pthread_t thread;
    uint8_t request[1024];
    ssize_t request_size;
    uint8_t answer[1024];
    size_t answer_size; ///< 0: it hangs up instead.
};

static char folder[] = "/tmp/i2c_socket.XXXXXX";
static char path[64];

static void *serve(void *ctx)
{
    struct far_end *far = ctx;
    const int fd = accept(far->listener, NULL, NULL);
    far->request_size = recv(fd, far->request, sizeof far->request, 0);
    if (far->answer_size != 0) {
        (void)!send(fd, far->answer, far->answer_size, MSG_NOSIGNAL);
    }
    (void)close(fd);
    return NULL;
}

static struct i2c_socket *begin(struct far_end *far)
{
    struct sockaddr_un where = { .sun_family = AF_UNIX };
    struct i2c_socket *bus = NULL;
    (void)snprintf(where.sun_path, sizeof where.sun_path, "%s", path);
    (void)unlink(path);
    far->listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    assert_int_equal(bind(far->listener, (const struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(listen(far->listener, 1), 0);
    assert_int_equal(pthread_create(&far->thread, NULL, serve, far), 0);
    assert_int_equal(i2c_socket_open(path, &bus), STATUS_OK);
    return bus;
}

static void end(struct far_end *far, struct i2c_socket *bus)
{
    i2c_socket_close(bus);
    assert_int_equal(pthread_join(far->thread, NULL), 0);
    (void)close(far->listener);
}

static void carries_a_write(void **state)
{
    (void)state;
    struct far_end far = { .answer = { 1 }, .answer_size = 1 };
    struct i2c_socket *bus = begin(&far);
    const struct i2c seam = i2c_socket_seam(bus);
    assert_int_equal(seam.write(seam.ctx, 0x35, (const uint8_t *)"abc", 3), STATUS_OK);
    end(&far, bus);
    assert_int_equal(far.request_size, 5);
    assert_memory_equal(far.request,
                        "W\x35"
                        "abc",
                        5);
}

static void carries_a_read(void **state)
{
    (void)state;
    struct far_end far = { .answer = { 1, 'x', 'y' }, .answer_size = 3 };
    struct i2c_socket *bus = begin(&far);
    const struct i2c seam = i2c_socket_seam(bus);
    uint8_t bytes[2];
    assert_int_equal(seam.read(seam.ctx, 0x35, bytes, sizeof bytes), STATUS_OK);
    end(&far, bus);
    assert_memory_equal(bytes, "xy", 2);
    assert_int_equal(far.request_size, 4);
    assert_memory_equal(far.request, "R\x35\x00\x02", 4);
}

static void whatever_is_no_whole_answer_is_an_error(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 2, 4, 300 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct far_end far = { .answer = { 1 }, .answer_size = sizes[i] };
        struct i2c_socket *bus = begin(&far);
        const struct i2c seam = i2c_socket_seam(bus);
        uint8_t bytes[2] = { 7, 7 };
        assert_int_equal(seam.read(seam.ctx, 0x35, bytes, sizeof bytes), STATUS_IO);
        assert_memory_equal(bytes, "\x07\x07", 2);
        end(&far, bus);
    }
    struct far_end deaf = { .answer = { 0 }, .answer_size = 1 };
    struct i2c_socket *bus = begin(&deaf);
    const struct i2c seam = i2c_socket_seam(bus);
    assert_int_equal(seam.write(seam.ctx, 0, (const uint8_t *)"", 1), STATUS_IO);
    end(&deaf, bus);
}

static void refuses_transfers_of_impossible_sizes(void **state)
{
    (void)state;
    static uint8_t bytes[I2C_SOCKET_LIMIT + 1];
    struct far_end far = { .answer_size = 0 };
    struct i2c_socket *bus = begin(&far);
    const struct i2c seam = i2c_socket_seam(bus);
    assert_int_equal(seam.write(seam.ctx, 1, bytes, 0), STATUS_INVALID);
    assert_int_equal(seam.write(seam.ctx, 1, bytes, sizeof bytes), STATUS_INVALID);
    assert_int_equal(seam.read(seam.ctx, 1, bytes, 0), STATUS_INVALID);
    assert_int_equal(seam.read(seam.ctx, 1, bytes, sizeof bytes), STATUS_INVALID);
    end(&far, bus);
    assert_int_equal(far.request_size, 0);
}

static void says_when_nobody_listens(void **state)
{
    (void)state;
    struct i2c_socket *none = NULL;
    (void)unlink(path);
    assert_int_equal(i2c_socket_open(path, &none), STATUS_MISSING);
    assert_null(none);
}

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    (void)snprintf(path, sizeof path, "%s/bus", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_a_write),
        cmocka_unit_test(carries_a_read),
        cmocka_unit_test(whatever_is_no_whole_answer_is_an_error),
        cmocka_unit_test(refuses_transfers_of_impossible_sizes),
        cmocka_unit_test(says_when_nobody_listens),
    };
    const int failed = cmocka_run_group_tests_name("i2c_socket", tests, NULL, NULL);
    (void)unlink(path);
    (void)rmdir(folder);
    return failed;
}
