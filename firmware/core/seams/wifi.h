// SPDX-License-Identifier: MIT
#pragma once

/// The radio: a hotspot for setting up, and a station on the user's network.
///
/// No call waits for the air: each starts something, and an event tells how it went. Hotspot and
/// station may be up together, so that a phone sees how the attempt ended.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum {
    WIFI_SSID_LIMIT = 32,     ///< Bytes, of any value (IEEE 802.11-2020 clause 9.4.2.2).
    WIFI_PASSWORD_LEAST = 8,  ///< Characters of a WPA passphrase; 0 for an open network.
    WIFI_PASSWORD_LIMIT = 64, ///< 63, or 64 hexadecimal digits of the key itself.
    WIFI_NETWORK_LIMIT = 20,
    WIFI_ADDRESS_SIZE = 46 ///< An IPv4 or IPv6 address as text, with its 0.
};

struct wifi_network {
    uint8_t ssid[WIFI_SSID_LIMIT];
    uint8_t ssid_size; ///< 0: the network hides its name.
    uint8_t channel;
    int8_t rssi_dbm;
    bool secure;
};

struct wifi_credentials {
    uint8_t ssid[WIFI_SSID_LIMIT];
    uint8_t ssid_size;
    char password[WIFI_PASSWORD_LIMIT + 1]; ///< Empty: an open network.
};

/// Why a connection failed or ended.
enum wifi_reason {
    WIFI_REASON_NONE,
    WIFI_REASON_AUTH_FAILED, ///< The password is not the network's, as far as one can tell.
    WIFI_REASON_NOT_FOUND,   ///< No network of this name is in reach.
    WIFI_REASON_NO_ADDRESS,  ///< DHCP did not answer.
    WIFI_REASON_LOST,        ///< The access point went away.
    WIFI_REASON_RADIO        ///< The radio itself failed.
};

enum wifi_event_kind {
    WIFI_EVENT_SCANNED,   ///< networks() has a new list.
    WIFI_EVENT_CONNECTED, ///< There is an address.
    WIFI_EVENT_FAILED,    ///< The attempt ended; `reason` says why.
    WIFI_EVENT_LOST       ///< The connection ended; `reason` says why.
};

struct wifi_event {
    enum wifi_event_kind kind;
    enum wifi_reason reason;
    char address[WIFI_ADDRESS_SIZE]; ///< On WIFI_EVENT_CONNECTED.
};

struct wifi {
    /// Opens the hotspot with WPA2 or better. @return STATUS_INVALID  the password is too short.
    MUST_CHECK enum status (*open_hotspot)(void *ctx, const char *ssid, const char *password);

    void (*close_hotspot)(void *ctx);

    /// Begins to look for networks. @return STATUS_BUSY  a scan or an attempt is under way.
    MUST_CHECK enum status (*scan)(void *ctx);

    /// Copies the networks of the last scan, strongest first. @return how many.
    size_t (*networks)(void *ctx, struct wifi_network *networks, size_t capacity);

    /// Begins to connect; what was connected before is left.
    MUST_CHECK enum status (*connect)(void *ctx, const struct wifi_credentials *credentials);

    void (*disconnect)(void *ctx);

    /// Takes the oldest event. @return STATUS_MISSING  nothing has happened.
    MUST_CHECK enum status (*next_event)(void *ctx, struct wifi_event *event);

    void *ctx;
};
