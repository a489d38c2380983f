// SPDX-License-Identifier: MIT
#pragma once

/// Who a device is on the network, and whom it believes: one certificate, its key, one authority.
///
/// The context that comes out speaks TLS 1.2 and newer, verifies the peer's chain and name, and
/// trusts no authority but the given one. The key is a file's, or a keystore's, which signs and
/// gives it to nobody, OpenSSL included.

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "keystore.h"
#include "status.h"

enum { TLS_IDENTITY_FAULT_SIZE = 256 };

struct tls_identity_files {
    const char *ca;   ///< PEM, one or more certificates.
    const char *cert; ///< PEM, the device's own first.
    const char *key;  ///< PEM.
};

/// Makes a client context for a connection to `host`, a name or an address. Free it with
/// SSL_CTX_free().
///
/// On failure `fault` says in a sentence what is wrong with which file and what to do.
///
/// @return STATUS_MISSING  a file cannot be opened;
///         STATUS_CORRUPT  a file is not what it should be, or key and certificate do not fit;
///         STATUS_INVALID  the certificate has expired or is not valid yet, by the host's clock;
///         STATUS_IO       OpenSSL failed.
MUST_CHECK enum status tls_identity_open(const struct tls_identity_files *files, const char *host,
                                         SSL_CTX **context, char fault[TLS_IDENTITY_FAULT_SIZE]);

/// An identity in a keystore. The keystore outlives the context and every connection made with it,
/// and only one thread uses it at a time: a handshake signs in the thread that drives it.
struct tls_identity_slot {
    const struct keystore
        *keystore; ///< NULL: nobody in particular; the server is checked all the same.
    enum keystore_slot slot;
    const char *ca; ///< PEM, one or more certificates.
};

/// As tls_identity_open(), with the certificate and the key of a slot.
///
/// @return STATUS_MISSING  the authority cannot be opened, or the slot has no key or certificate;
///         else as tls_identity_open(), or as the keystore says.
MUST_CHECK enum status tls_identity_open_slot(const struct tls_identity_slot *identity,
                                              const char *host, SSL_CTX **context,
                                              char fault[TLS_IDENTITY_FAULT_SIZE]);

/// Shows the slot's certificate with a context that somebody else made, as libcurl does, and signs
/// with the slot's key. `identity->ca` is not used.
MUST_CHECK enum status tls_identity_use_slot(SSL_CTX *context,
                                             const struct tls_identity_slot *identity,
                                             char fault[TLS_IDENTITY_FAULT_SIZE]);
