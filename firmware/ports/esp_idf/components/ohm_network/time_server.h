// SPDX-License-Identifier: MIT
#pragma once

/// The time from SNTP.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_netif_sntp.h and esp_sntp.h; the Programming Guide's "System
/// Time"; lwIP's sntp_opts.h: with SNTP_COMP_ROUNDTRIP at 0, as ESP-IDF has it, the answer is as
/// late as its packet was long under way. Nobody measures that; what is told as uncertainty is what
/// is allowed for it.

#include <stdint.h>

#include "status.h"

enum { TIME_SERVER_UNCERTAINTY_MS = 1000 };

/// Asks `server` for the time from now on, and again every hour or so; each answer goes to `tell`,
/// in the task of the network's stack. Once, with that stack up; `server` and `ctx` stay alive.
///
/// @return STATUS_IO  the driver refuses.
MUST_CHECK enum status
time_server_start(const char *server,
                  void (*tell)(void *ctx, int64_t utc_ms, uint32_t uncertainty_ms), void *ctx);
