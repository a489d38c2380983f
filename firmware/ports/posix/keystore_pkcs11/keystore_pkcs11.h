// SPDX-License-Identifier: MIT
#pragma once

/// A keystore in a PKCS#11 token: a smart card, a hardware module, or SoftHSM.
///
/// Keys are made in the token and cannot be taken out, by us as little as by anybody. Secrets are
/// data that the token gives to its user alone, since tokens know no HKDF; they are read for one
/// derivation and wiped. After a power cut during a change the old store is there or the new one.
///
/// The capability KEYSTORE_IN_HARDWARE is what the token says of itself.

#include "crypto.h"
#include "keystore.h"
#include "pkcs11_token.h"
#include "status.h"

struct keystore_pkcs11;

/// Opens the token. `crypto`, for HKDF, outlives the store.
///
/// @return as pkcs11_token_open(), which also writes `fault`;
///         STATUS_CORRUPT  the token has a certificate whose key is lost.
MUST_CHECK enum status keystore_pkcs11_open(struct keystore_pkcs11 **store,
                                            const struct pkcs11_token_options *options,
                                            const struct crypto *crypto,
                                            char fault[PKCS11_TOKEN_FAULT_SIZE]);

/// The table of the store; it lives until keystore_pkcs11_close().
const struct keystore *keystore_pkcs11_table(const struct keystore_pkcs11 *store);

/// Ends the session. NULL is fine.
void keystore_pkcs11_close(struct keystore_pkcs11 *store);
