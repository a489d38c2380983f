// SPDX-License-Identifier: MIT
#pragma once

/// The machine as the fleet sees it: clocks, randomness, the log and systemd.

#include "fleet_host.h"
#include "fleet_log.h"

struct fleet_host daemon_host(void);

/// Lines go to standard error with time and level; under systemd (JOURNAL_STREAM is set) with the
/// level as a prefix that the journal understands, and without the time.
struct fleet_log daemon_log(void);

/// Tells systemd (sd_notify protocol) when it waits for it; else does nothing.
void daemon_notify(const char *state);
