// SPDX-License-Identifier: MIT
#pragma once

/// How this meter gets onto a network and gets its identity, when the option `provisioning` says
/// so: keystore, radio, portal, HTTPS, and the provisioner that leads them.
///
/// All of it belongs to the communication thread, the keystore too, since TLS signs in it. Other
/// threads only leave wishes.

#include <stdatomic.h>
#include <stdbool.h>

#include "attester.h"
#include "clock.h"
#include "crypto.h"
#include "csr.h"
#include "curl_client.h"
#include "device_keystore.h"
#include "device_portal.h"
#include "entropy.h"
#include "host_log.h"
#include "hotspot_identity.h"
#include "key_value.h"
#include "nmcli_wifi.h"
#include "options.h"
#include "pairing_session.h"
#include "portal.h"
#include "provisioner.h"
#include "simulated_radio.h"
#include "status_led.h"
#include "tls_identity.h"

/// What it works with. All of it outlives it.
struct device_provisioning_parts {
    const struct options *options;
    const struct crypto *crypto;
    const struct clock *clock;
    const struct entropy *entropy;
    const struct key_value *values;
    struct host_log *log;
};

/// Owned by the caller. Use it only through the functions below, except for `is_on`.
struct device_provisioning {
    bool is_on;
    struct device_provisioning_parts parts;
    struct device_keystore keystore;
    struct csr_signer signer;
    struct csr_encoder csr;
    struct simulated_radio simulated;
    struct nmcli_wifi nmcli;
    struct wifi wifi;
    struct curl_client_options http_options;
    struct curl_client *http_client;
    struct http_client http;
    struct hotspot_identity hotspot;
    struct pairing_session pairing;
    struct portal_host host;
    struct portal portal;
    struct device_portal listeners;
    struct provisioner provisioner;
    bool was_ready;             ///< An identity has been there since boot.
    unsigned shown_number;      ///< Of the identity that sessions were told of.
    _Atomic bool window_wanted; ///< Somebody pressed the button.
    _Atomic bool is_open;       ///< The set-up window, for other threads.
};

/// Opens the keystore, if the options want provisioning; storage must be open. At the first start
/// it makes the secret behind the device's label and writes the label to a file.
///
/// @return what failed; `fault` says what and what to do.
MUST_CHECK enum status device_provisioning_open_keys(struct device_provisioning *provisioning,
                                                     const struct device_provisioning_parts *parts,
                                                     char fault[OPTIONS_FAULT_SIZE]);

/// Builds the rest. `attester` outlives it; NULL: the device reports nothing on itself.
MUST_CHECK enum status device_provisioning_open(struct device_provisioning *provisioning,
                                                const struct attester *attester,
                                                char fault[OPTIONS_FAULT_SIZE]);

/// Does what is due. @return whether an MQTT session may be sought: an identity is there, or was.
bool device_provisioning_step(struct device_provisioning *provisioning);

/// Whether another identity or network is there since the last call, so that a session may come up
/// that did not before.
bool device_provisioning_has_changed(struct device_provisioning *provisioning);

/// Makes the context of an MQTT connection, as mosquitto_session_options asks.
enum status device_provisioning_open_tls(void *ctx, SSL_CTX **context,
                                         char fault[TLS_IDENTITY_FAULT_SIZE]);

/// The MQTT session has come up, or ended or never come up.
void device_provisioning_tell(struct device_provisioning *provisioning, bool online);

enum status_led_pattern device_provisioning_pattern(const struct device_provisioning *provisioning);

/// The slot whose certificate is in force. @return false  there is none.
bool device_provisioning_identity(const struct device_provisioning *provisioning,
                                  enum keystore_slot *slot);

/// The keystore; communication's thread only.
const struct keystore *device_provisioning_keystore(const struct device_provisioning *provisioning);

/// Its kind in a word, such as "sealed_file".
const char *device_provisioning_keystore_kind(const struct device_provisioning *provisioning);

/// Closes what is open.
void device_provisioning_close(struct device_provisioning *provisioning);
