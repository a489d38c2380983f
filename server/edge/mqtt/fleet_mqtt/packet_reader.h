// SPDX-License-Identifier: MIT
#pragma once

/// Reads the broker's packets many at a time. Each is a TLS record of its own; read one by one it
/// costs two reads of the socket, a poll and a wake-up, together more than all work on it.

#include <stdbool.h>

#include "intake.h"

struct mosquitto;

struct packet_reader {
    struct mosquitto *mosquitto;
    bool busy;    ///< The last round read several packets.
    bool starved; ///< The last read wanted more than the socket had.
};

/// Begins with a connection that was just made.
void packet_reader_attach(struct packet_reader *reader, struct mosquitto *mosquitto);

/// Tells whether bytes wait that the socket will not tell of again, since TLS has read them ahead.
bool packet_reader_holds(const struct packet_reader *reader);

/// Reads packets until the socket is empty, the intake full, or others should get their turn.
/// errno must be left 0 by the callback that takes them.
///
/// @return a mosquitto code.
int packet_reader_read(struct packet_reader *reader, struct intake *intake);

/// After a round that read several packets, lets more arrive for a millisecond. `descriptor` ends
/// the pause when it becomes readable.
void packet_reader_pause(struct packet_reader *reader, int descriptor);
