// SPDX-License-Identifier: MIT
#pragma once

/// The i2c seam on a simulated bus behind a socket of the local machine, so that a simulated chip
/// lives on while the device is killed.
///
/// The socket keeps messages apart (SOCK_SEQPACKET). A request is 'W', the address and the bytes to
/// write; or 'R', the address, and how many bytes are wanted in two bytes, the high one first. The
/// answer is 1 and the bytes that were read, or 0 alone where no chip acknowledged. Time on the bus
/// is that of the machine.

#include "i2c.h"
#include "status.h"

enum {
    I2C_SOCKET_LIMIT = 256,  ///< Bytes of a transfer.
    I2C_SOCKET_WAIT_S = 2,   ///< For an answer; after that the bus hangs.
    I2C_SOCKET_HEAD_SIZE = 2 ///< Of a request, before its bytes.
};

struct i2c_socket;

/// @return STATUS_MISSING  nobody listens there;  STATUS_IO  the system refused.
MUST_CHECK enum status i2c_socket_open(const char *path, struct i2c_socket **bus);

/// The bus, which lives until i2c_socket_close(). Besides what i2c.h says: a message of no bytes,
/// or of more than I2C_SOCKET_LIMIT, is STATUS_INVALID.
struct i2c i2c_socket_seam(struct i2c_socket *bus);

/// NULL is fine.
void i2c_socket_close(struct i2c_socket *bus);
