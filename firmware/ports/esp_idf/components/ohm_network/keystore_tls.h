// SPDX-License-Identifier: MIT
#pragma once

/// Mutual TLS by esp-tls with a key that stays in the keystore, and one authority alone.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_tls.h with esp_tls_mbedtls.c (set_client_config()), and Mbed
/// TLS 3.6, mbedtls/ssl.h, mbedtls/pk.h and pk_wrap.h, whose folder ESP-IDF makes public.
///
/// esp-tls takes a client's key as text, from its own secure element component or from a
/// peripheral, none of which is the keystore. But it hands the connection's mbedtls_ssl_config to
/// the function that attaches a certificate bundle, before anything is sent. That function is ours:
/// it sets the authority, the certificate, and a key whose signing function asks the keystore. It
/// works for a key in NVS and for one in an ATECC608A, and no key is ever a buffer of TLS. Needs
/// CONFIG_MBEDTLS_CERTIFICATE_BUNDLE, of which no certificate is used.
///
/// A function that attaches has no context of its own, so there is one per use, and a place for
/// what it attaches. The handshake runs in the task of the MQTT or HTTP client: `keystore` must be
/// safe to call from there.
///
/// Dates of certificates are looked at once the system's clock was set, with
/// CONFIG_MBEDTLS_HAVE_TIME_DATE.
///
/// It fails closed: where something is missing, no authority is set, and the handshake ends.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"
#include "keystore.h"
#include "status.h"

enum keystore_tls_use { KEYSTORE_TLS_BROKER, KEYSTORE_TLS_SERVER, KEYSTORE_TLS_USES };

struct keystore_tls_options {
    const char *authority; ///< PEM, of one certificate or several; outlives its use.
    const struct keystore *keystore;
    bool with_certificate;   ///< Shows the certificate in `slot`.
    enum keystore_slot slot; ///< Whose.
};

/// Reads what the connections of `use` are to show and to trust, from now on. None of that use is
/// under way.
///
/// @return STATUS_MISSING  the slot has no certificate or no key;
///         STATUS_CORRUPT  the authority or the certificate is none, or the slot's key is not that
///                         of its certificate;
///         STATUS_FULL     no memory;  STATUS_IO  the keystore fails. Unless STATUS_OK the use
///                         trusts nobody.
MUST_CHECK enum status keystore_tls_prepare(enum keystore_tls_use use,
                                            const struct keystore_tls_options *options);

/// Frees what was prepared; connections of `use` fail until it is prepared again.
void keystore_tls_release(enum keystore_tls_use use);

/// For `crt_bundle_attach` of esp-mqtt and of esp_http_client.
esp_err_t keystore_tls_attach_broker(void *config);
esp_err_t keystore_tls_attach_server(void *config);
