// SPDX-License-Identifier: MIT
#pragma once

/// What a pairing session stands on, made of memory, for tests: a keystore with a possession
/// secret, a key-value store that survives "power cuts", and numbers that only look random.

#include <stdbool.h>

#include "crypto.h"
#include "entropy.h"
#include "key_value.h"
#include "keystore.h"
#include "pairing_session.h"

enum { PAIRING_RIG_NEVER = -1 };

struct pairing_rig {
    const struct crypto *crypto;
    struct keystore keystore;
    struct entropy entropy;
    struct key_value key_value;
    struct pairing_session_needs needs;
    uint8_t secret[PAIRING_SECRET_SIZE];
    bool has_secret;
    uint64_t random;

    uint8_t failures; ///< As on the disk.
    bool has_failures;
    unsigned writes;
    int writes_left; ///< Then the store fails; PAIRING_RIG_NEVER.
};

/// The secret is 0, 1, 2, … 15 and the device "meter-1". `crypto` must outlive the rig, which must
/// not be moved.
void pairing_rig_init(struct pairing_rig *rig, const struct crypto *crypto);
