// SPDX-License-Identifier: MIT
#include "name_server.h"

#include <stdbool.h>
#include <string.h>

#include "captive_dns.h"
#include "lwip/sockets.h"

enum status name_server_open(struct name_server *server, esp_ip4_addr_t address)
{
    const struct sockaddr_in where = { .sin_family = AF_INET,
                                       .sin_port = htons(NAME_SERVER_PORT),
                                       .sin_addr = { .s_addr = address.addr } };

    if (server->socket != NAME_SERVER_CLOSED) {
        return STATUS_BUSY;
    }
    const int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    if (fd < 0) {
        return STATUS_IO;
    }
    if (bind(fd, (const struct sockaddr *)&where, sizeof where) != 0) {
        (void)close(fd);
        return STATUS_IO;
    }
    memcpy(server->address, &address.addr, sizeof server->address); // In network order.
    server->socket = fd;
    return STATUS_OK;
}

/// @return whether there was a message, good or bad.
static bool answer_one(const struct name_server *server)
{
    uint8_t query[CAPTIVE_DNS_SIZE_LIMIT + 1]; // One byte shows that a message is too long.
    uint8_t reply[CAPTIVE_DNS_SIZE_LIMIT];
    struct sockaddr_in peer = { .sin_port = 0 };
    socklen_t peer_size = sizeof peer;
    size_t size = 0;

    const ssize_t received = recvfrom(server->socket, query, sizeof query, MSG_DONTWAIT,
                                      (struct sockaddr *)&peer, &peer_size);
    if (received < 0) {
        return false;
    }
    if (captive_dns_answer(query, (size_t)received, server->address, reply, &size) == STATUS_OK) {
        // One that cannot be sent is lost, as messages may be: the phone asks again.
        (void)sendto(server->socket, reply, size, MSG_DONTWAIT, (const struct sockaddr *)&peer,
                     peer_size);
    }
    return true;
}

void name_server_step(const struct name_server *server)
{
    for (unsigned n = 0; n < NAME_SERVER_BURST && server->socket != NAME_SERVER_CLOSED; n++) {
        if (!answer_one(server)) {
            return;
        }
    }
}

void name_server_close(struct name_server *server)
{
    if (server->socket != NAME_SERVER_CLOSED) {
        (void)close(server->socket);
        server->socket = NAME_SERVER_CLOSED;
    }
}
