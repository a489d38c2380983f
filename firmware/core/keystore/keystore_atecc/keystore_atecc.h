// SPDX-License-Identifier: MIT
#pragma once

/// A keystore in an ATECC608A-TNGTLS: private keys are made in the chip and cannot leave it.
///
///     birth        chip slot 0, made by Microchip and fixed
///     identity A   chip slot 2
///     identity B   chip slot 3
///     attest       chip slot 4
///
/// The chip's slot 1 signs internal messages of the chip's own format only, so it cannot sign our
/// reports; attest is an ordinary key, and KEYSTORE_SIGNS_OWN_STATE is not claimed.
///
/// What the chip has no room for is kept outside. Certificates, and which slots are in use, are in
/// `values` under lasting names. The chip cannot empty a slot, so a slot is erased by making a key
/// in it that nobody uses. Secrets are in `secrets`, another keystore: a TNGTLS part knows no
/// HKDF over a secret of ours. They are as safe as that store is, not as the chip.
///
/// A cut during generate() or erase() leaves the old key or the new one, known for what it is; or
/// an empty slot, if it caught the chip at writing. A chip whose key is not the one noted down
/// (another chip, say) is STATUS_CORRUPT.

#include "atecc_link.h"
#include "key_value.h"
#include "keystore.h"
#include "status.h"

/// The caller's; its fields are the store's own.
struct keystore_atecc {
    struct keystore keystore;
    struct atecc_link link;
    const struct key_value *values;
    const struct keystore *secrets;
};

/// What the store works with; all but the structure itself outlives it.
struct keystore_atecc_parts {
    const struct i2c *i2c;
    uint8_t address; ///< Of 7 bits: ATECC_LINK_ADDRESS.
    const struct key_value *values;
    const struct keystore *secrets; ///< NULL: there are no secrets, such calls are STATUS_INVALID.
};

/// Looks at the chip and opens the store.
///
/// @return STATUS_IO       no chip answers, or none that can be understood;
///         STATUS_INVALID  it is no ATECC608A, it is not locked, or its slots are not as above.
MUST_CHECK enum status keystore_atecc_open(struct keystore_atecc *store,
                                           const struct keystore_atecc_parts *parts);

/// The table of the store; it lives as long as the store does.
const struct keystore *keystore_atecc_table(const struct keystore_atecc *store);
