// SPDX-License-Identifier: MIT

/// Whatever a peer sends, the socket hands over whole lines of bounded length and serves the next.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control_socket.h"

static char path[64];

static void answer(void *ctx, const char *line, char *reply, size_t capacity)
{
    (void)ctx;
    if (strlen(line) >= CONTROL_SOCKET_LINE || strchr(line, '\n') != NULL) {
        abort();
    }
    (void)snprintf(reply, capacity, "%s", line);
}

/// Opens the socket before the first input; it lives as long as the process.
static void open_once(void)
{
    static struct control_socket *control;
    const struct control_handler handler = { .answer = answer };

    if (control == NULL) {
        (void)snprintf(path, sizeof path, "/tmp/ohm-fuzz-%d.sock", (int)getpid());
        if (control_socket_open(path, &handler, &control) != STATUS_OK) {
            abort();
        }
    }
}

static void remove_socket(void)
{
    (void)unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char reply[512];

    if (path[0] == '\0') {
        open_once();
        (void)atexit(remove_socket);
    }
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer < 0 || connect(peer, (const struct sockaddr *)&address, sizeof address) != 0) {
        abort();
    }
    (void)!send(peer, data, size, MSG_NOSIGNAL);
    (void)shutdown(peer, SHUT_WR);
    while (read(peer, reply, sizeof reply) > 0) {
    }
    (void)close(peer);
    return 0;
}
