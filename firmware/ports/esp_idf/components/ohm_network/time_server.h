// SPDX-License-Identifier: MIT
#pragma once

/// The time from SNTP, for the core's clock.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_netif_sntp.h and esp_sntp.h; the Programming Guide's "System
/// Time". SNTP says nothing about how good a server is: what is told as uncertainty is half of the
/// longest round trip that lwIP waits for, and the crystal's drift since then.

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

enum {
    TIME_SERVER_JUMP_MS = 1500, ///< Half of SNTP_RECV_TIMEOUT's default of 3 s.
    TIME_SERVER_DRIFT_PPM = 50  ///< Of a crystal, with age and temperature.
};

/// Asks `server` for the time from now on, and again every hour or so. Once, with the network's
/// stack up; `server` stays alive.
///
/// @return STATUS_IO  the driver refuses.
MUST_CHECK enum status time_server_start(const char *server);

/// utc_ms() of struct clock; `ctx` is not looked at.
bool time_server_utc_ms(void *ctx, int64_t *utc_ms, uint32_t *uncertainty_ms);
