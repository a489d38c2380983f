// SPDX-License-Identifier: MIT
#include "guard_inbox.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct guard_inbox {
    struct guard_inbox_options options;
    struct sockaddr_un address;
    int socket;
    int wake; ///< Readable once the inbox is to stop.
};

static enum status open_socket(struct guard_inbox *inbox)
{
    inbox->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    inbox->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (inbox->socket < 0 || inbox->wake < 0 ||
        (unlink(inbox->address.sun_path) != 0 && errno != ENOENT)) {
        return STATUS_IO;
    }
    // The mode of a socket in the file system comes from the descriptor it is bound with.
    if (fchmod(inbox->socket, S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) != 0 ||
        bind(inbox->socket, (const struct sockaddr *)&inbox->address, sizeof inbox->address) != 0) {
        return STATUS_IO;
    }
    return STATUS_OK;
}

enum status guard_inbox_open(const struct guard_inbox_options *options, struct guard_inbox **inbox)
{
    *inbox = NULL;
    const size_t size = strlen(options->path) + 1;
    struct guard_inbox *made = calloc(1, sizeof *made);
    if (made == NULL || size > sizeof made->address.sun_path) {
        free(made);
        return STATUS_INVALID;
    }
    made->options = *options;
    made->address.sun_family = AF_UNIX;
    memcpy(made->address.sun_path, options->path, size);
    made->socket = -1;
    made->wake = -1;
    const enum status status = open_socket(made);
    if (status != STATUS_OK) {
        const int cause = errno;
        guard_inbox_close(made);
        errno = cause;
        return status;
    }
    *inbox = made;
    return STATUS_OK;
}

static void take_all(struct guard_inbox *inbox)
{
    char text[GUARD_REPORT_SIZE];
    struct guard_report report;

    for (;;) {
        const ssize_t size = recv(inbox->socket, text, sizeof text, MSG_TRUNC);
        if (size < 0) {
            return;
        }
        if ((size_t)size <= sizeof text &&
            guard_report_decode(text, (size_t)size, &report) == STATUS_OK) {
            inbox->options.take(inbox->options.ctx, &report);
        }
    }
}

void guard_inbox_run(struct guard_inbox *inbox)
{
    struct pollfd waits[] = { { .fd = inbox->socket, .events = POLLIN },
                              { .fd = inbox->wake, .events = POLLIN } };
    for (;;) {
        const int ready = poll(waits, 2, -1);
        if (ready < 0 && errno != EINTR) {
            return;
        }
        if (ready > 0 && waits[1].revents != 0) {
            return;
        }
        take_all(inbox);
    }
}

void guard_inbox_stop(struct guard_inbox *inbox)
{
    (void)eventfd_write(inbox->wake, 1);
}

void guard_inbox_close(struct guard_inbox *inbox)
{
    if (inbox == NULL) {
        return;
    }
    if (inbox->socket >= 0) {
        (void)close(inbox->socket);
        (void)unlink(inbox->address.sun_path);
    }
    if (inbox->wake >= 0) {
        (void)close(inbox->wake);
    }
    free(inbox);
}
