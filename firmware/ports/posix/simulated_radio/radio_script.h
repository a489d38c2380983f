// SPDX-License-Identifier: MIT
#pragma once

/// What the air looks like to a simulated radio, and how it changes. One line says one thing; '#'
/// begins a comment. Times are milliseconds of simulated time.
///
///     scan_ms 1200
///     network "home" channel 6 rssi -48 password "correct horse" join_ms 900 dhcp_ms 400
///     network "caf\xC3\xA9" channel 11 rssi -70
///     at 20000 off "home"
///     at 30000 on "home"
///     at 40000 password "home" "another one"
///     at 50000 dhcp_ms "home" never
///     at 60000 rssi "home" -80
///
/// A network without a password is open. In quotes, \" is a quote, \\ a backslash, and \xHH a byte.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "wifi.h"

enum {
    RADIO_SCRIPT_NETWORKS = WIFI_NETWORK_LIMIT,
    RADIO_SCRIPT_CHANGES = 64,
    RADIO_SCRIPT_LINE_LIMIT = 512,
    RADIO_SCRIPT_TIME_LIMIT_MS = 1000000000,
    RADIO_SCRIPT_SCAN_MS = 1500, ///< Unless the script says otherwise, here and below.
    RADIO_SCRIPT_JOIN_MS = 1000,
    RADIO_SCRIPT_DHCP_MS = 500
};

struct radio_network {
    uint8_t ssid[WIFI_SSID_LIMIT];
    uint8_t ssid_size;
    uint8_t channel;
    int8_t rssi_dbm;
    bool is_on;
    char password[WIFI_PASSWORD_LIMIT + 1];
    uint32_t join_ms; ///< From the first frame to the end of the handshake.
    uint32_t dhcp_ms; ///< From there to an address.
    bool never_dhcp;
};

enum radio_change_kind {
    RADIO_CHANGE_OFF,
    RADIO_CHANGE_ON,
    RADIO_CHANGE_PASSWORD,
    RADIO_CHANGE_DHCP,
    RADIO_CHANGE_RSSI
};

/// What happens to one network at one time.
struct radio_change {
    uint64_t at_ms;
    enum radio_change_kind kind;
    uint8_t network;            ///< Its index.
    struct radio_network after; ///< Only what `kind` says counts.
};

struct radio_script {
    uint32_t scan_ms;
    struct radio_network networks[RADIO_SCRIPT_NETWORKS];
    unsigned network_count;
    struct radio_change changes[RADIO_SCRIPT_CHANGES];
    unsigned change_count;
};

/// A script without networks.
void radio_script_init(struct radio_script *script);

/// Reads one line, with or without its line feed.
///
/// @return NULL, or what is wrong in a few words; static. The script is unchanged then.
const char *radio_script_line(struct radio_script *script, const char *line);

/// Reads a file. On failure `fault` says in a sentence what is wrong in which line.
///
/// @return STATUS_IO  it cannot be read;  STATUS_CORRUPT  it is no script.
MUST_CHECK enum status radio_script_load(struct radio_script *script, const char *path, char *fault,
                                         size_t capacity);
