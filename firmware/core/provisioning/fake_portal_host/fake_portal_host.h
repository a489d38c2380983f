// SPDX-License-Identifier: MIT
#pragma once

/// A device behind the portal that is made of variables, for tests: two networks in reach, an open
/// window, a safe hotspot at 192.168.4.1, plain credentials taken, no foreign origin.

#include "portal_host.h"

struct fake_portal_host {
    struct portal_host host;
    struct wifi_network networks[WIFI_NETWORK_LIMIT];
    size_t network_count;
    bool is_cached;
    unsigned scans; ///< How often a new scan was asked for.
    struct portal_status status;
    struct portal_facts facts;
    enum status answer; ///< What submit() says.
    unsigned submissions;
    struct portal_submission last;
    unsigned failures;
};

void fake_portal_host_init(struct fake_portal_host *fake);

/// Adds a network, as long as there is room.
void fake_portal_host_add(struct fake_portal_host *fake, const char *ssid, size_t size,
                          int rssi_dbm, unsigned channel, bool secure);
