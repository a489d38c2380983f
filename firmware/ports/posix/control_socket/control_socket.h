// SPDX-License-Identifier: MIT
#pragma once

/// A Unix socket that takes one line and answers one line: a finger on a simulated device.
///
/// One thread serves one peer at a time, so it works while every other task hangs. A line is at
/// most CONTROL_SOCKET_LINE bytes long; only the owner of the process may connect.

#include <stddef.h>

#include "status.h"

enum { CONTROL_SOCKET_LINE = 256 };

struct control_socket;

/// Answers `line`, which has no line end, with text of less than `capacity` bytes. Called from the
/// socket's thread; it may take its time.
struct control_handler {
    void (*answer)(void *ctx, const char *line, char *reply, size_t capacity);
    void *ctx;
};

/// Listens at `path`, which is at most 100 bytes long; a socket left there by a process that is
/// gone is replaced.
///
/// @return STATUS_INVALID  the path is too long;
///         STATUS_BUSY     somebody listens there;
///         STATUS_IO       the socket cannot be made; errno tells why.
MUST_CHECK enum status control_socket_open(const char *path, const struct control_handler *handler,
                                           struct control_socket **socket);

/// Stops listening and removes the socket. NULL is fine.
void control_socket_close(struct control_socket *socket);
