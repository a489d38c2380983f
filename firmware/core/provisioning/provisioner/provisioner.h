// SPDX-License-Identifier: MIT
#pragma once

/// Takes a device from the factory into the fleet and keeps it there: hotspot and portal, the
/// user's network, the certificate, and then leave for the MQTT session to connect.
///
///     portal ──portal_host──► provisioner ──► wifi, http_client, keystore
///                                 │  ▲
///                     identity slot  session up, down
///                                 ▼  │
///                             MQTT session
///
/// It knows events and time, and waits for nothing but local storage. Credentials that never worked
/// are tried for a minute; then the device returns to AP_MODE, or to the network that did work, and
/// says why at /status, also after it is back on that network. Credentials that have worked are
/// tried for ever, more and more seldom.
///
/// Set-up window: opens at boot while the device is unprovisioned, whenever it returns to AP_MODE,
/// and at provisioner_open_window(); closes as soon as the broker has taken the device, 15 minutes
/// after opening, and after PROVISIONER_FAILURE_LIMIT proofs that failed. That count survives a
/// restart, and only provisioner_open_window(), a person at the device, starts it anew.
///
/// Not thread-safe: the caller holds a lock where portal and task are two threads.

#include <stdbool.h>
#include <stdint.h>

#include "back_off.h"
#include "certificate_keeper.h"
#include "clock.h"
#include "entropy.h"
#include "http_client.h"
#include "key_value.h"
#include "keystore.h"
#include "portal_host.h"
#include "provisioning_facts.h"
#include "provisioning_state.h"
#include "status.h"
#include "wifi.h"

enum {
    PROVISIONER_TRY_MS = 60000, ///< Longest try of credentials.
    PROVISIONER_WINDOW_MS = 15 * 60 * 1000,
    PROVISIONER_FAILURE_LIMIT = 5,      ///< Failed proofs that close the window.
    PROVISIONER_SESSION_LIMIT = 3,      ///< Sessions that fail before a token is used again.
    PROVISIONER_WIFI_FIRST_MS = 1000,   ///< Wait after the first failed connection.
    PROVISIONER_WIFI_LIMIT_MS = 300000, ///< Longest wait between two.
    PROVISIONER_STORAGE_MS = 5000,      ///< Wait after storage or radio failed.
    PROVISIONER_SCAN_MS = 15000,        ///< Longest scan that is waited for.
    PROVISIONER_SLEEP_MS = 100          ///< Longest time between two steps.
};

/// What has happened, for a log.
enum provisioner_notice {
    PROVISIONER_STATE,   ///< `text` is the name of the new state.
    PROVISIONER_TROUBLE, ///< `text` is a reason in [a-z_].
    PROVISIONER_WINDOW   ///< `text` is "open" or "closed".
};

/// What the device is; strings outlive the provisioner.
struct provisioner_device {
    const char *device_id; ///< Its own name; empty: a person gives it one.
    const char *hotspot_ssid;
    const char *hotspot_password; ///< Of this device alone.
    const char *hotspot_address;
    uint16_t portal_port;
    bool allow_plain;          ///< Credentials are taken unsealed over the hotspot.
    const char *portal_origin; ///< As portal_facts.origin.
};

/// What the provisioner works with. All of it outlives the provisioner.
struct provisioner_parts {
    struct provisioner_device device;
    const struct key_value *values;
    const struct keystore *keystore;
    const struct wifi *wifi;
    const struct http_client *http;
    const struct csr_encoder *csr;
    const struct clock *clock;
    const struct entropy *entropy;
    const struct crypto *crypto;
    const struct attester *attester; ///< NULL: the device reports nothing on itself.
    enum enrolment_protocol protocol;
    void (*notice)(void *ctx, enum provisioner_notice notice, const char *text);
    void *ctx;
};

/// Owned by the caller. Use it only through the functions below.
struct provisioner {
    struct provisioner_parts parts;
    struct provisioning_facts facts;
    struct certificate_keeper keeper;
    enum provisioning_state state;
    const char *reason;   ///< Why the last attempt failed; NULL: it did not.
    bool has_fallen_back; ///< New credentials failed, and the network before is in use again.
    uint64_t now_ms;      ///< Of the last step.

    struct back_off wifi_back_off;
    bool is_trying; ///< wifi.connect() has been called, and no event has answered.
    uint64_t try_end_ms;
    uint64_t next_ms; ///< Nothing is tried before.
    char address[WIFI_ADDRESS_SIZE];

    bool is_window_open;
    bool is_hotspot_up;
    uint64_t window_end_ms;
    uint64_t hotspot_ms; ///< No new try to open the hotspot before.
    bool has_scanned;
    bool is_scanning;
    uint64_t scan_end_ms;

    unsigned failed_sessions; ///< Since the last one that was up.
    unsigned identity_number; ///< Counts the certificates in force since boot.
};

/// Binds the provisioner; it begins with the first step.
void provisioner_init(struct provisioner *provisioner, const struct provisioner_parts *parts);

/// Does what is due. Times are monotonic. @return how long the next step may be put off, in
/// milliseconds.
uint32_t provisioner_step(struct provisioner *provisioner, uint64_t now_ms);

enum provisioning_state provisioner_state(const struct provisioner *provisioner);

/// Tells whose certificate an MQTT session may show now, and a number that changes with it.
///
/// @return false  no session may be begun.
bool provisioner_identity(const struct provisioner *provisioner, enum keystore_slot *slot,
                          unsigned *number);

/// The device's name: as certified, as a person gave it, or its own.
const char *provisioner_device_id(const struct provisioner *provisioner);

/// The MQTT session has come up, or ended or never come up.
void provisioner_session_is_up(struct provisioner *provisioner);
void provisioner_session_is_down(struct provisioner *provisioner);

/// Somebody pressed the button: opens the window, and forgets failed proofs.
void provisioner_open_window(struct provisioner *provisioner);

/// What the portal asks, over a provisioner that must outlive it.
struct portal_host provisioner_portal_host(struct provisioner *provisioner);
