// SPDX-License-Identifier: MIT
#pragma once

/// What both kinds of identity share.

#include "tls_identity.h"

/// The reason OpenSSL gives, and an empty queue of its errors.
const char *tls_identity_reason(void);

/// @return STATUS_MISSING  `path`, which is `what`, cannot be opened.
MUST_CHECK enum status tls_identity_check_readable(const char *path, const char *what, char *fault);

/// Trusts the authorities in the file.
MUST_CHECK enum status tls_identity_trust(SSL_CTX *context, const char *ca, char *fault);

/// Whether today is within the days of the context's certificate; `name` says which one it is.
MUST_CHECK enum status tls_identity_check_dates(const SSL_CTX *context, const char *name,
                                                char *fault);

/// A client's context that demands a chain to our authority and the name that was dialled; NULL
/// when OpenSSL failed.
SSL_CTX *tls_identity_new_context(const char *host, char *fault);
