// SPDX-License-Identifier: MIT
#include "back_ends.h"

#include "openssl_crypto.h"
#include "psa_crypto.h"

/// GCM_IV_MAX_SIZE of OpenSSL 3.0.
enum { OPENSSL_NONCE_LIMIT = 128 };

enum status back_ends_open(struct back_end back_ends[BACK_END_COUNT])
{
    back_ends[0] =
        (struct back_end){ "OpenSSL", openssl_crypto(), OPENSSL_NONCE_LIMIT, any_aead_openssl };
    back_ends[1] =
        (struct back_end){ .name = "PSA", .nonce_limit = SIZE_MAX, .any_aead = any_aead_psa };
    return psa_crypto_open(&back_ends[1].crypto);
}
