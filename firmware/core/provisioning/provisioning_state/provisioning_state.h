// SPDX-License-Identifier: MIT
#pragma once

/// Where a device stands on its way from the factory to the fleet.
///
///     INIT ─► CHECK_PROVISIONING ─► AP_MODE ◄────────── refused ──────────┐
///                      │               │ submitted                        │
///                      └───────────► WIFI_CONNECTING ─► WIFI_CONNECTED    │
///                                      ▲                     ▼            │
///                                      │ Wi-Fi down   CHECK_CERTIFICATES ─┴─ SUBMIT_CSR
///                                      │                     ▼                   ▼
///                                      └─────────── MQTT_CONNECTING ◄────────────┘
///                                                            ▲▼
///                                                      MQTT_CONNECTED
///
/// The state is never stored. What is stored are facts (provisioning_facts.h), and a boot finds its
/// way back through the same states from them.

enum provisioning_state {
    PROVISIONING_INIT,               ///< Storage has not been read.
    PROVISIONING_CHECK_PROVISIONING, ///< Looks for credentials and for a right to enrol.
    PROVISIONING_AP_MODE,            ///< Waits for a person.
    PROVISIONING_WIFI_CONNECTING,
    PROVISIONING_WIFI_CONNECTED,     ///< There is an address.
    PROVISIONING_CHECK_CERTIFICATES, ///< Looks for a certificate in force.
    PROVISIONING_SUBMIT_CSR,         ///< Asks the server for one.
    PROVISIONING_MQTT_CONNECTING,
    PROVISIONING_MQTT_CONNECTED,
    PROVISIONING_STATE_COUNT
};

enum provisioning_event {
    PROVISIONING_STARTED,       ///< Storage has been read.
    PROVISIONING_BARE,          ///< Without a person the device can go nowhere.
    PROVISIONING_FURNISHED,     ///< There are credentials, and a certificate or a right to one.
    PROVISIONING_SUBMITTED,     ///< A person gave credentials.
    PROVISIONING_WIFI_UP,       ///< The network gave an address.
    PROVISIONING_WIFI_DOWN,     ///< No connection, or the end of one; to be tried again.
    PROVISIONING_WIFI_REFUSED,  ///< Credentials that never worked did not work.
    PROVISIONING_NETWORK_READY, ///< What was to be kept of the credentials is kept.
    PROVISIONING_CERTIFIED,     ///< A certificate in force is there.
    PROVISIONING_UNCERTIFIED,   ///< None is, or it has expired.
    PROVISIONING_DENIED,        ///< The server will never give one; a person has to help.
    PROVISIONING_MQTT_UP,       ///< A session with the broker is up.
    PROVISIONING_MQTT_DOWN,     ///< It is not, or no longer.
    PROVISIONING_EVENT_COUNT
};

/// The whole behaviour: where `event` leads from `state`. What has no meaning in a state leaves it
/// as it is.
enum provisioning_state provisioning_next(enum provisioning_state state,
                                          enum provisioning_event event);

/// The name as it is reported, such as "AP_MODE"; static, never NULL.
const char *provisioning_state_name(enum provisioning_state state);
