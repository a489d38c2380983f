// SPDX-License-Identifier: MIT
#include "packet_reader.h"

#include <errno.h>
#include <mosquitto.h>
#include <openssl/ssl.h>
#include <poll.h>

enum { READ_AHEAD_SIZE = 65536, ROUND_PACKETS = 256, PAUSE_MS = 1 };

void packet_reader_attach(struct packet_reader *reader, struct mosquitto *mosquitto)
{
    SSL *tls = mosquitto_ssl_get(mosquitto);
    *reader = (struct packet_reader){ .mosquitto = mosquitto };
    if (tls != NULL) {
        SSL_set_read_ahead(tls, 1);
        SSL_set_default_read_buffer_len(tls, READ_AHEAD_SIZE);
    }
}

bool packet_reader_holds(const struct packet_reader *reader)
{
    const SSL *tls = mosquitto_ssl_get(reader->mosquitto);
    return !reader->starved && tls != NULL && SSL_has_pending(tls) == 1;
}

int packet_reader_read(struct packet_reader *reader, struct intake *intake)
{
    int code = MOSQ_ERR_SUCCESS;
    bool more = true;
    for (int i = 0; more && i < ROUND_PACKETS; i++) {
        errno = 0;
        code = mosquitto_loop_read(reader->mosquitto, 1); // One packet a call.
        // What TLS still holds then is a part of a record; the rest of it wakes us.
        reader->starved = errno == EAGAIN;
        reader->busy = i > 1;
        more = code == MOSQ_ERR_SUCCESS && packet_reader_holds(reader) &&
               intake_has_room(intake, BATCH_SIZE_LIMIT);
    }
    return code;
}

void packet_reader_pause(struct packet_reader *reader, int descriptor)
{
    struct pollfd wait = { .fd = descriptor, .events = POLLIN };
    if (reader->busy) {
        (void)poll(&wait, 1, PAUSE_MS);
    }
    reader->busy = false;
}
