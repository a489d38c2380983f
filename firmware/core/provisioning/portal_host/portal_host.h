// SPDX-License-Identifier: MIT
#pragma once

/// What the set-up portal asks of the device: which networks are near, take these credentials, how
/// far are you. The provisioner implements it; no call waits for the air.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "wifi.h"

enum {
    PORTAL_DEVICE_ID_LIMIT = 32, ///< Characters, each a letter, a digit, '_' or '-'.
    PORTAL_TOKEN_LIMIT = 432,    ///< Printable ASCII without spaces; what one stored value holds.
    PORTAL_BEARER_LIMIT = 1024,
    PORTAL_ORIGIN_LIMIT = 128
};

/// What a person or an application sent. Everything is checked: sizes, alphabets, and that the
/// password is empty, a passphrase of 8 to 63 printable ASCII characters, or 64 hexadecimal digits.
///
/// Whoever keeps one wipes it after use; the portal wipes its own copy.
struct portal_submission {
    struct wifi_credentials wifi;
    char device_id[PORTAL_DEVICE_ID_LIMIT + 1]; ///< Empty: the sender did not say.
    char token[PORTAL_TOKEN_LIMIT + 1];         ///< For enrolment; empty: change the network alone.
    char bearer[PORTAL_BEARER_LIMIT + 1];       ///< The user's; empty: none. Never stored.
};

enum portal_progress {
    PORTAL_PROVISIONING, ///< Waiting for credentials, or trying them.
    PORTAL_CONNECTED,    ///< The network took the device and gave it an address.
    PORTAL_DISCONNECTED  ///< Credentials are kept, but there is no connection.
};

struct portal_status {
    enum portal_progress progress;
    char address[WIFI_ADDRESS_SIZE]; ///< In the user's network; empty: none.
    const char *state;               ///< The state machine's, such as "WIFI_CONNECTING"; static.

    /// Why the last attempt failed, as one word of [a-z_], static; NULL: it did not. The page has
    /// sentences for what goes wrong with a network, a server and a token, shows other words as
    /// they are, and takes those that end in "_unreachable" or "_busy" for something that may still
    /// end well.
    const char *reason;
};

struct portal_facts {
    char device_id[PORTAL_DEVICE_ID_LIMIT + 1]; ///< Its own name, if it has one.
    char address[WIFI_ADDRESS_SIZE];            ///< Of the hotspot, such as "192.168.4.1".
    uint16_t port;                              ///< Of the portal, 80 on a device.
    bool is_open;         ///< The set-up window is open: credentials are taken.
    uint32_t closes_in_s; ///< Until it closes by itself; 0 when it is closed.
    bool is_hotspot_safe; ///< The hotspot asks for this device's own password (WPA2 or better).
    bool are_plain_taken; ///< Setting `allow_plain`: credentials are taken unsealed there.

    /// The one foreign origin whose pages may call the portal, such as "http://localhost:3000"; "*"
    /// for any, "" for none.
    char origin[PORTAL_ORIGIN_LIMIT + 1];
};

struct portal_host {
    /// Copies the networks of the last scan, strongest first, and with `refresh` begins another
    /// scan, of which a later call has the result. `*is_cached` tells that the list is of an
    /// earlier scan, or that one is under way.
    ///
    /// @return how many.
    size_t (*networks)(void *ctx, bool refresh, struct wifi_network *networks, size_t capacity,
                       bool *is_cached);

    /// Takes credentials and begins to try them.
    ///
    /// @return STATUS_BUSY     an attempt is under way;
    ///         STATUS_MISSING  the set-up window is closed;
    ///         STATUS_INVALID  they are for another device;
    ///         STATUS_IO       they could not be kept. Unless STATUS_OK nothing has changed.
    MUST_CHECK enum status (*submit)(void *ctx, const struct portal_submission *submission);

    void (*status)(void *ctx, struct portal_status *status);

    void (*facts)(void *ctx, struct portal_facts *facts);

    /// Tells the host that somebody failed to prove himself, so that too many of these close the
    /// window.
    void (*failed)(void *ctx);

    void *ctx;
};
