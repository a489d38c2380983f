// SPDX-License-Identifier: MIT
#include "dns_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "captive_dns.h"

struct dns_listener {
    int fd;
    uint16_t port;
    uint8_t address[4];
};

static enum status open_socket(const struct sockaddr_in *where, int *out)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return STATUS_IO;
    }
    if (bind(fd, (const struct sockaddr *)where, sizeof *where) != 0) {
        const int cause = errno;
        (void)close(fd);
        errno = cause;
        return cause == EADDRINUSE ? STATUS_BUSY : STATUS_IO;
    }
    *out = fd;
    return STATUS_OK;
}

enum status dns_listener_open(const char *address, uint16_t port, struct dns_listener **out)
{
    struct sockaddr_in where = { .sin_family = AF_INET, .sin_port = htons(port) };
    socklen_t size = sizeof where;
    int fd = -1;

    if (inet_pton(AF_INET, address, &where.sin_addr) != 1) {
        return STATUS_INVALID;
    }
    const enum status status = open_socket(&where, &fd);
    if (status != STATUS_OK) {
        return status;
    }
    struct dns_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL || getsockname(fd, (struct sockaddr *)&where, &size) != 0) {
        free(listener);
        (void)close(fd);
        return STATUS_IO;
    }
    listener->fd = fd;
    listener->port = ntohs(where.sin_port);
    memcpy(listener->address, &where.sin_addr, sizeof listener->address);
    *out = listener;
    return STATUS_OK;
}

uint16_t dns_listener_port(const struct dns_listener *listener)
{
    return listener->port;
}

/// @return whether there was a message, good or bad.
static bool answer_one(const struct dns_listener *listener)
{
    uint8_t query[CAPTIVE_DNS_SIZE_LIMIT + 1]; // One byte shows that a message is too long.
    uint8_t reply[CAPTIVE_DNS_SIZE_LIMIT];
    struct sockaddr_in peer = { .sin_port = 0 };
    socklen_t peer_size = sizeof peer;
    size_t size = 0;

    const ssize_t received =
        recvfrom(listener->fd, query, sizeof query, 0, (struct sockaddr *)&peer, &peer_size);
    if (received < 0) {
        return errno != EAGAIN && errno != EWOULDBLOCK;
    }
    if (captive_dns_answer(query, (size_t)received, listener->address, reply, &size) == STATUS_OK) {
        // One that cannot be sent is lost, as messages may be: the phone asks again.
        (void)!sendto(listener->fd, reply, size, MSG_DONTROUTE | MSG_NOSIGNAL,
                      (const struct sockaddr *)&peer, peer_size);
    }
    return true;
}

void dns_listener_step(struct dns_listener *listener)
{
    for (unsigned i = 0; i < DNS_LISTENER_BURST && answer_one(listener); i++) {
    }
}

void dns_listener_close(struct dns_listener *listener)
{
    if (listener != NULL) {
        (void)close(listener->fd);
        free(listener);
    }
}
