// SPDX-License-Identifier: MIT
#pragma once

/// The certificates with which ohmd meets the broker, looked at before they are needed:
/// libmosquitto finds out about a broken one only when it connects, and then says no more than "TLS
/// error".

#include <stddef.h>

#include "status.h"

struct broker_identity {
    const char *ca_file;
    const char *certificate_file;
    const char *key_file;
};

/// Checks that all three can be read, are what they should be and fit together, that our own
/// certificate comes from the authority, and that today is within its days.
///
/// @return STATUS_INVALID  `error` is a sentence that names the file, the cause and what to do.
MUST_CHECK enum status broker_identity_check(const struct broker_identity *identity, char *error,
                                             size_t error_size);
