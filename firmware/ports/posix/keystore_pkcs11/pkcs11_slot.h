// SPDX-License-Identifier: MIT
#pragma once

/// What a token holds for one slot of the keystore, and which of it counts.
///
/// A token has no transactions, so each change becomes true by the creation of one object, and what
/// it replaces is swept away afterwards:
///
///     a key          the newer half of a pair; pairs have rising numbers, and the highest whole
///                    pair above the number that was erased counts
///     a certificate  a data object with the pair's number and one of its own, of which the
///                    highest counts
///     an erasure     a data object with the number of the pair that is gone
///
/// A certificate whose pair is not whole says that a key was lost.

#include "pkcs11_token.h"

enum { PKCS11_SLOT_HEAD_SIZE = 8 }; ///< Before a certificate: its pair's number, and its own.

struct pkcs11_slot {
    enum keystore_slot slot;
    uint32_t pair; ///< Number of the pair that counts; 0: none.
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    CK_OBJECT_HANDLE certificate;
    uint32_t certificate_number; ///< 0: none.
    uint32_t erased;             ///< Highest pair that was erased.
    uint32_t highest;            ///< Highest number of anything.
};

/// @return STATUS_CORRUPT  a key is lost;  STATUS_IO  the token failed.
MUST_CHECK enum status pkcs11_slot_look(const struct pkcs11_token *token, enum keystore_slot slot,
                                        struct pkcs11_slot *view);

/// Destroys what does not count. What cannot be destroyed does not count tomorrow either.
void pkcs11_slot_sweep(const struct pkcs11_token *token, const struct pkcs11_slot *view);

/// Each makes one change true.
MUST_CHECK enum status pkcs11_slot_add_key(const struct pkcs11_token *token,
                                           const struct pkcs11_slot *view);
MUST_CHECK enum status pkcs11_slot_add_certificate(const struct pkcs11_token *token,
                                                   const struct pkcs11_slot *view,
                                                   const uint8_t *der, size_t size);
MUST_CHECK enum status pkcs11_slot_add_erasure(const struct pkcs11_token *token,
                                               const struct pkcs11_slot *view);
