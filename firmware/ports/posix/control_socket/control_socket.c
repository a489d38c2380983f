// SPDX-License-Identifier: MIT
#include "control_socket.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATH_LIMIT = 100 };

struct control_socket {
    struct control_handler handler;
    struct sockaddr_un address;
    pthread_t thread;
    int listener;
    int stop; ///< Readable once the thread is to end.
};

/// Waits until `fd` is readable. @return false  it is time to stop.
static bool wait_readable(const struct control_socket *control, int fd)
{
    struct pollfd fds[2] = { { .fd = control->stop, .events = POLLIN },
                             { .fd = fd, .events = POLLIN } };
    while (poll(fds, 2, -1) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return (fds[0].revents & POLLIN) == 0;
}

static bool answer(const struct control_socket *control, int peer, const char *line)
{
    char reply[CONTROL_SOCKET_LINE + 1] = "";

    control->handler.answer(control->handler.ctx, line, reply, CONTROL_SOCKET_LINE);
    const size_t size = strlen(reply);
    reply[size] = '\n';
    return send(peer, reply, size + 1, MSG_NOSIGNAL) == (ssize_t)size + 1;
}

/// Serves one peer until it leaves, sends too long a line, or it is time to stop.
static void serve(const struct control_socket *control, int peer)
{
    char line[CONTROL_SOCKET_LINE + 1];
    size_t size = 0;

    while (size < CONTROL_SOCKET_LINE && wait_readable(control, peer)) {
        const ssize_t got = recv(peer, line + size, CONTROL_SOCKET_LINE - size, 0);
        if (got <= 0) {
            return;
        }
        size += (size_t)got;
        char *end = memchr(line, '\n', size);
        while (end != NULL) {
            *end = '\0';
            if (!answer(control, peer, line)) {
                return;
            }
            const size_t used = (size_t)(end - line) + 1;
            size -= used;
            memmove(line, line + used, size);
            end = memchr(line, '\n', size);
        }
    }
}

static void *run(void *argument)
{
    struct control_socket *control = argument;

    while (wait_readable(control, control->listener)) {
        const int peer = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
        if (peer >= 0) {
            serve(control, peer);
            (void)close(peer);
        }
    }
    return NULL;
}

/// Tells whether a living process listens at the address.
static bool is_taken(const struct sockaddr_un *address)
{
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool taken =
        probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof *address) == 0;
    if (probe >= 0) {
        (void)close(probe);
    }
    return taken;
}

static enum status listen_there(struct control_socket *control)
{
    if (is_taken(&control->address)) {
        return STATUS_BUSY;
    }
    (void)unlink(control->address.sun_path);
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (control->listener < 0 ||
        bind(control->listener, (const struct sockaddr *)&control->address,
             sizeof control->address) != 0 ||
        chmod(control->address.sun_path, S_IRUSR | S_IWUSR) != 0 ||
        listen(control->listener, 4) != 0) {
        return STATUS_IO;
    }
    return STATUS_OK;
}

static void release(struct control_socket *control)
{
    if (control->listener >= 0) {
        (void)close(control->listener);
    }
    if (control->stop >= 0) {
        (void)close(control->stop);
    }
    free(control);
}

enum status control_socket_open(const char *path, const struct control_handler *handler,
                                struct control_socket **socket)
{
    struct control_socket *made = calloc(1, sizeof *made);

    if (made == NULL || strlen(path) > PATH_LIMIT) {
        free(made);
        return STATUS_INVALID;
    }
    made->handler = *handler;
    made->listener = -1;
    made->address.sun_family = AF_UNIX;
    (void)snprintf(made->address.sun_path, sizeof made->address.sun_path, "%s", path);
    made->stop = eventfd(0, EFD_CLOEXEC);
    enum status status = made->stop < 0 ? STATUS_IO : listen_there(made);
    if (status == STATUS_OK && pthread_create(&made->thread, NULL, run, made) != 0) {
        status = STATUS_IO;
    }
    if (status != STATUS_OK) {
        release(made);
        return status;
    }
    *socket = made;
    return STATUS_OK;
}

void control_socket_close(struct control_socket *socket)
{
    const uint64_t one = 1;

    if (socket == NULL) {
        return;
    }
    (void)!write(socket->stop, &one, sizeof one);
    (void)pthread_join(socket->thread, NULL);
    (void)unlink(socket->address.sun_path);
    release(socket);
}
