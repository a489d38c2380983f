// SPDX-License-Identifier: MIT
#pragma once

/// The hotspot's name and password, out of the possession secret that only this device has. There
/// is no password that two devices share, and none to fall back to.

#include "keystore.h"
#include "pairing_code.h"
#include "status.h"

struct hotspot_identity {
    char name[PAIRING_HOTSPOT_NAME_SIZE];
    char password[PAIRING_PASSWORD_SIZE]; ///< To be wiped by whoever holds it.
};

/// @return STATUS_MISSING  the keystore has no possession secret, so there is no hotspot to open;
///         else as the keystore says. Unless STATUS_OK, `identity` is empty.
MUST_CHECK enum status hotspot_identity_derive(const struct keystore *keystore, const char *prefix,
                                               struct hotspot_identity *identity);
