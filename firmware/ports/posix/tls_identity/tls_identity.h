// SPDX-License-Identifier: MIT
#pragma once

/// Who a device is on the network, and whom it believes: one certificate, its key, one authority.
///
/// The context that comes out speaks TLS 1.2 and newer, verifies the peer's chain and name, and
/// trusts no authority but the given one. This is the one place that reads a key; a keystore that
/// only signs takes its place later.

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

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
