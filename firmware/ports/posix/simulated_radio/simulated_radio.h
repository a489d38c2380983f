// SPDX-License-Identifier: MIT
#pragma once

/// The wifi seam over a script of the air: networks that come and go, wrong passwords, slow DHCP.
///
/// It has no clock: simulated_radio_advance() tells it the time, and the same times give the same
/// events. Attempts go as on a real radio: the name is looked for during one scan, then comes the
/// handshake, then DHCP. Not thread-safe.

#include <stdbool.h>
#include <stdint.h>

#include "radio_script.h"
#include "status.h"
#include "wifi.h"

enum {
    SIMULATED_RADIO_EVENTS = 8,
    SIMULATED_RADIO_DHCP_LIMIT_MS = 20000 ///< After which an attempt ends without an address.
};

enum simulated_radio_station {
    SIMULATED_RADIO_IDLE,
    SIMULATED_RADIO_SEEKING,
    SIMULATED_RADIO_JOINING,
    SIMULATED_RADIO_ASKING, ///< For an address.
    SIMULATED_RADIO_CONNECTED
};

/// Owned by the caller. Use it only through the functions below.
struct simulated_radio {
    struct radio_script script; ///< As the air is now.
    uint64_t now_ms;
    unsigned changes_done;
    enum simulated_radio_station station;
    struct wifi_credentials credentials;
    uint8_t network;  ///< That is being joined.
    uint64_t next_ms; ///< When the present part of the attempt ends.
    bool is_scanning;
    uint64_t scan_end_ms;
    struct wifi_network found[WIFI_NETWORK_LIMIT];
    unsigned found_count;
    bool hotspot;
    char hotspot_ssid[WIFI_SSID_LIMIT + 1];
    struct wifi_event events[SIMULATED_RADIO_EVENTS];
    unsigned event_count;
};

/// Begins at time 0 with a copy of `script`.
void simulated_radio_init(struct simulated_radio *radio, const struct radio_script *script);

/// Lets time pass until `now_ms`; what has happened by then waits in next_event().
void simulated_radio_advance(struct simulated_radio *radio, uint64_t now_ms);

/// The seam on `radio`, which must outlive it.
struct wifi simulated_radio_seam(struct simulated_radio *radio);

/// Whether the hotspot is open.
bool simulated_radio_has_hotspot(const struct simulated_radio *radio);
