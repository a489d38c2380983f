// SPDX-License-Identifier: MIT
#pragma once

/// What the guard of the broker says to somebody who wants to speak, and why.

#include <stdbool.h>

enum guard_verdict {
    GUARD_ALLOWED,
    GUARD_NO_CERTIFICATE, ///< None was shown, or it cannot be read.
    GUARD_BAD_NAME,       ///< Not exactly one common name, or not 1 to 32 of [A-Za-z0-9_-].
    GUARD_OTHER_CLIENT,   ///< The client id that was claimed is not the common name.
    GUARD_OTHER_USER,     ///< The user name that was claimed is not the common name.
    GUARD_EXPIRED,        ///< The certificate's time is over.
    GUARD_LIST_MISSING,   ///< There is no list of certificates.
    GUARD_LIST_CORRUPT,   ///< There is one that cannot be trusted.
    GUARD_LIST_STALE,     ///< There is one, and ohmd has not renewed it for a day.
    GUARD_UNKNOWN,        ///< The list does not have the certificate, or has it for another name.
    GUARD_SUPERSEDED,     ///< The device has confirmed a newer certificate.
    GUARD_REVOKED,
    GUARD_VERDICT_COUNT,
};

/// The word for a verdict in reports and logs, such as "list_stale"; never NULL.
const char *guard_verdict_name(enum guard_verdict verdict);

/// Finds the verdict that is called `name`. @return false  none is; `*verdict` is untouched.
bool guard_verdict_parse(const char *name, enum guard_verdict *verdict);
