// SPDX-License-Identifier: MIT
#include "self_report.h"

#include <string.h>

_Static_assert((int)ATTESTER_MESSAGE_LIMIT == (int)ATTESTATION_SIZE_LIMIT &&
                   (int)ATTESTER_NONCE_SIZE == (int)ATTESTATION_NONCE_SIZE,
               "any report fits the seam");

/// What can be claimed at most: no more than boot chain and keystore give.
static enum attestation_level most(const struct attestation *facts, uint32_t capabilities)
{
    if (!facts->secure_boot || (capabilities & KEYSTORE_IN_HARDWARE) == 0) {
        return ATTESTATION_SOFTWARE;
    }
    return (capabilities & KEYSTORE_SIGNS_OWN_STATE) != 0 ? ATTESTATION_SECURE_ELEMENT
                                                          : ATTESTATION_VERIFIED_BOOT;
}

enum status self_report_sign(const struct attestation *facts, const struct keystore *keystore,
                             enum keystore_slot slot, const struct crypto *crypto,
                             const uint8_t nonce[ATTESTER_NONCE_SIZE],
                             uint8_t message[ATTESTER_MESSAGE_LIMIT], size_t *size)
{
    uint8_t claims[ATTESTATION_SIZE_LIMIT];
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    uint8_t digest[KEYSTORE_DIGEST_SIZE];
    uint8_t signature[KEYSTORE_SIGNATURE_SIZE];
    const struct crypto_part part = { key, sizeof key };
    struct attestation report = *facts;
    size_t claims_size = 0;

    const enum attestation_level limit = most(facts, keystore->capabilities(keystore->ctx));
    report.level = report.level > limit ? limit : report.level;
    memcpy(report.nonce, nonce, sizeof report.nonce);
    enum status status = keystore->public_key(keystore->ctx, slot, key);
    if (status == STATUS_OK) {
        status = crypto->sha256(crypto->ctx, &part, 1, report.key_digest);
    }
    if (status == STATUS_OK) {
        status = attestation_write(&report, claims, sizeof claims, &claims_size);
    }
    if (status == STATUS_OK) {
        status = attestation_digest(crypto, claims, claims_size, digest);
    }
    if (status == STATUS_OK) {
        status = keystore->sign(keystore->ctx, slot, digest, signature);
    }
    return status == STATUS_OK ? attestation_wrap(claims, claims_size, signature, message,
                                                  ATTESTER_MESSAGE_LIMIT, size)
                               : status;
}
