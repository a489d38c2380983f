// SPDX-License-Identifier: MIT
#pragma once

/// The sockets of many devices, served as they have something to do.

#include <stdbool.h>
#include <stdint.h>

#include "fleet_device.h"
#include "status.h"

/// Use it only through the functions below.
struct fleet_sockets {
    struct fleet_device *devices;
    bool *wants_write;
    int poll;
};

/// Watches none yet. `devices` are the caller's, `count` of them, and outlive it.
///
/// @return STATUS_FULL  there is no memory or no file left.
MUST_CHECK enum status fleet_sockets_open(struct fleet_sockets *sockets,
                                          struct fleet_device *devices, unsigned count);

/// Frees it. One that was not opened must be all zero.
void fleet_sockets_close(struct fleet_sockets *sockets);

/// Watches a device that has just begun a session. It is forgotten when its socket is closed.
MUST_CHECK enum status fleet_sockets_add(struct fleet_sockets *sockets, unsigned index);

/// To be called after a device was told to send something.
void fleet_sockets_follow(struct fleet_sockets *sockets, unsigned index);

/// Serves every socket that has something, waiting at most `wait_ms`.
void fleet_sockets_serve(struct fleet_sockets *sockets, int wait_ms);

/// Microseconds on the monotonic clock that devices are served by.
uint64_t fleet_sockets_now_us(void);
