// SPDX-License-Identifier: MIT
#pragma once

/// A keystore in a store of small values, for a chip without a secure element: keys are bytes under
/// lasting names, and arithmetic is software or the chip's accelerator.
///
/// Keys are as safe as the values are. With an ESP32's flash encryption and encrypted NVS whoever
/// reads the flash from outside learns nothing; without them everything. So no capability is
/// claimed. A key that was erased may stay in the flash until its sector is, as old values do.
///
/// A cut leaves every slot and secret as it was or as it was to be.

#include "crypto.h"
#include "key_value.h"
#include "keystore.h"
#include "status.h"

enum { KEYSTORE_VALUES_PRIVATE_SIZE = 32 };

/// Makes P-256 keys and signs with them. Private keys are big-endian, in [1, n - 1].
struct keystore_values_maker {
    /// @return STATUS_IO  the library failed.
    MUST_CHECK enum status (*generate)(void *ctx, uint8_t private_key[KEYSTORE_VALUES_PRIVATE_SIZE],
                                       uint8_t public_key[KEYSTORE_PUBLIC_SIZE]);

    /// @return STATUS_CORRUPT  it is no private key;  STATUS_IO  the library failed.
    MUST_CHECK enum status (*sign)(void *ctx,
                                   const uint8_t private_key[KEYSTORE_VALUES_PRIVATE_SIZE],
                                   const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                                   uint8_t signature[KEYSTORE_SIGNATURE_SIZE]);
    void *ctx;
};

/// The caller's; its fields are the store's own.
struct keystore_values {
    struct keystore keystore;
    const struct key_value *values;
    const struct crypto *crypto;
    const struct keystore_values_maker *maker;
};

/// Binds the store to what it works with, all of which outlives it.
void keystore_values_init(struct keystore_values *store, const struct key_value *values,
                          const struct crypto *crypto, const struct keystore_values_maker *maker);

/// The table of the store; it lives as long as the store does.
const struct keystore *keystore_values_table(const struct keystore_values *store);
