// SPDX-License-Identifier: MIT
#pragma once

/// How this device gets onto a network and gets its identity: keystore, radio, portal, HTTPS, and
/// the provisioner that leads them. All of it belongs to the communication task; the portal's
/// server has a task of its own, and a lock keeps the two apart.

#include <sdkconfig.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "attester.h"
#include "clock.h"
#include "crypto.h"
#include "csr.h"
#include "entropy.h"
#include "fleet_client.h"
#include "hotspot_identity.h"
#include "i2c_bus.h"
#include "key_value.h"
#include "keystore_atecc.h"
#include "keystore_values.h"
#include "name_server.h"
#include "pairing_session.h"
#include "portal.h"
#include "portal_server.h"
#include "provisioner.h"
#include "rtos_lock.h"
#include "settings.h"
#include "shared_keystore.h"
#include "status_led.h"

#if CONFIG_OHM_NETWORK_OPENETH
#include "emulated_ethernet.h"
#else
#include "station_radio.h"
#endif

/// What it works with. All of it outlives it.
struct meter_setup_parts {
    const struct settings *settings;
    const struct crypto *crypto;
    const struct clock *clock;
    const struct entropy *entropy;
    const struct key_value *values;
};

/// Owned by the caller; use it only through the functions below.
struct meter_setup {
    struct meter_setup_parts parts;
    struct keystore_values_maker maker;
    struct keystore_values keys;
    struct i2c_bus bus;
    struct keystore_atecc chip;
    struct rtos_lock keys_mutex;
    struct shared_keystore shared; ///< TLS signs in tasks of its own.
    struct keystore shared_table;
    const struct keystore *keystore; ///< For everybody.
    struct hotspot_identity hotspot;
    struct csr_signer signer;
    struct csr_encoder csr;
#if CONFIG_OHM_NETWORK_OPENETH
    struct emulated_ethernet radio;
#else
    struct station_radio radio;
#endif
    struct wifi wifi;
    struct fleet_client client;
    struct http_client http;
    struct provisioner provisioner;
    struct pairing_session pairing;
    struct portal_host host;
    struct portal portal;
    struct portal_server server;
    struct name_server names;
    struct rtos_lock mutex;
    struct lock lock;
    bool was_ready;        ///< An identity has been there since boot.
    unsigned shown_number; ///< Of the identity that sessions were told of.
    _Atomic bool window_wanted;
    _Atomic bool is_open; ///< The set-up window, for other tasks.
};

/// Opens the keystore. At the first start it makes the secret behind the device's label and prints
/// the label on the console, once.
MUST_CHECK enum status meter_setup_open_keys(struct meter_setup *setup,
                                             const struct meter_setup_parts *parts);

/// Its kind in a word, for the device's report on itself.
const char *meter_setup_keystore_kind(void);

/// Starts the network, and builds the rest. `attester` may be NULL.
MUST_CHECK enum status meter_setup_open(struct meter_setup *setup, const struct attester *attester);

/// Does what is due. @return whether an MQTT session may be sought: an identity is there, or was.
bool meter_setup_step(struct meter_setup *setup);

/// Whether another identity or network is there since the last call.
bool meter_setup_has_changed(struct meter_setup *setup);

/// What the next MQTT connection shows and trusts, for broker_session.
enum status meter_setup_identity(void *setup, struct keystore_tls_options *identity);

/// The slot whose certificate is in force. @return false  there is none.
bool meter_setup_slot(const struct meter_setup *setup, enum keystore_slot *slot);

/// The MQTT session has come up, or ended or never come up.
void meter_setup_tell(struct meter_setup *setup, bool online);

enum status_led_pattern meter_setup_pattern(const struct meter_setup *setup);

/// The authority's certificates that this image was built with, as PEM; "" without any.
const char *meter_setup_authority(void);
