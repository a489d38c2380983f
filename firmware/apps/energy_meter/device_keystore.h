// SPDX-License-Identifier: MIT
#pragma once

/// Where this device keeps its keys, as the option `keystore` says: in a sealed file, in a PKCS#11
/// token, or in an ATECC608A on an I2C bus.

#include "crypto.h"
#include "entropy.h"
#include "i2c_device.h"
#include "i2c_socket.h"
#include "key_value.h"
#include "keystore.h"
#include "keystore_atecc.h"
#include "keystore_file.h"
#include "options.h"

struct keystore_pkcs11;

/// What a keystore works with. All of it outlives it.
struct device_keystore_parts {
    const struct options *options;
    const struct crypto *crypto;
    const struct entropy *entropy;
    const struct key_value *values; ///< Keeps what a chip has no room for.
};

/// Owned by the caller. Use it only through the functions below.
struct device_keystore {
    const struct keystore *table;
    struct keystore_file *file; ///< Keys and secrets, or the secrets of whoever has a chip.
    struct keystore_pkcs11 *token;
    struct i2c_device *bus;
    struct i2c_socket *simulated_bus;
    struct i2c i2c;
    struct keystore_atecc chip;
};

/// Opens the keystore that the options name.
///
/// @return what failed; `fault` says what and what to do.
MUST_CHECK enum status device_keystore_open(struct device_keystore *store,
                                            const struct device_keystore_parts *parts,
                                            char fault[OPTIONS_FAULT_SIZE]);

/// Its kind in a word, for reports on the device.
const char *device_keystore_kind(const struct device_keystore *store);

/// Closes what is open.
void device_keystore_close(struct device_keystore *store);
