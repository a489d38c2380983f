// SPDX-License-Identifier: MIT
#include "i2c_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { US_PER_S = 1000000, NS_PER_US = 1000, ACKNOWLEDGED = 1 };

struct i2c_socket {
    int fd;
};

enum status i2c_socket_open(const char *path, struct i2c_socket **out)
{
    const struct timeval wait = { .tv_sec = I2C_SOCKET_WAIT_S };
    struct sockaddr_un where = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof where.sun_path) {
        return STATUS_MISSING;
    }
    memcpy(where.sun_path, path, strlen(path));
    struct i2c_socket *bus = calloc(1, sizeof *bus);
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (bus == NULL || fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0 ||
        connect(fd, (const struct sockaddr *)&where, sizeof where) != 0) {
        const int cause = errno;
        free(bus);
        if (fd >= 0) {
            (void)close(fd);
        }
        return cause == ENOENT || cause == ECONNREFUSED ? STATUS_MISSING : STATUS_IO;
    }
    bus->fd = fd;
    *out = bus;
    return STATUS_OK;
}

/// Sends a request and takes `size` bytes of an answer.
static enum status ask(const struct i2c_socket *bus, const uint8_t *request, size_t request_size,
                       uint8_t *bytes, size_t size)
{
    uint8_t answer[1 + I2C_SOCKET_LIMIT + 1];

    if (send(bus->fd, request, request_size, MSG_NOSIGNAL) != (ssize_t)request_size) {
        return STATUS_IO;
    }
    const ssize_t received = recv(bus->fd, answer, sizeof answer, 0);
    if (received != (ssize_t)(1 + size) || answer[0] != ACKNOWLEDGED) {
        return STATUS_IO;
    }
    if (size != 0) {
        memcpy(bytes, answer + 1, size);
    }
    return STATUS_OK;
}

static enum status write_bytes(void *ctx, uint8_t address, const uint8_t *bytes, size_t size)
{
    uint8_t request[I2C_SOCKET_HEAD_SIZE + I2C_SOCKET_LIMIT] = { 'W', address };

    if (size == 0 || size > I2C_SOCKET_LIMIT) {
        return STATUS_INVALID;
    }
    memcpy(request + I2C_SOCKET_HEAD_SIZE, bytes, size);
    return ask(ctx, request, I2C_SOCKET_HEAD_SIZE + size, NULL, 0);
}

static enum status read_bytes(void *ctx, uint8_t address, uint8_t *bytes, size_t size)
{
    const uint8_t request[] = { 'R', address, (uint8_t)(size >> 8), (uint8_t)size };

    if (size == 0 || size > I2C_SOCKET_LIMIT) {
        return STATUS_INVALID;
    }
    return ask(ctx, request, sizeof request, bytes, size);
}

static void delay_us(void *ctx, uint32_t us)
{
    struct timespec left = { .tv_sec = us / US_PER_S, .tv_nsec = us % US_PER_S * NS_PER_US };
    (void)ctx;
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

struct i2c i2c_socket_seam(struct i2c_socket *bus)
{
    return (
        struct i2c){ .write = write_bytes, .read = read_bytes, .delay_us = delay_us, .ctx = bus };
}

void i2c_socket_close(struct i2c_socket *bus)
{
    if (bus != NULL) {
        (void)close(bus->fd);
        free(bus);
    }
}
