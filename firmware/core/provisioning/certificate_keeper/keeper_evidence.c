// SPDX-License-Identifier: MIT
#include "keeper_evidence.h"

#include <string.h>

_Static_assert((int)ENROLMENT_REPORT_LIMIT == (int)ATTESTER_MESSAGE_LIMIT &&
                   (int)ENROLMENT_CHALLENGE_SIZE == (int)ATTESTER_NONCE_SIZE,
               "any report fits a request, and any challenge a report");

/// Signs that the key in `slot` asks for this, now, with this token.
static enum status prove(const struct certificate_keeper *keeper, enum keystore_slot slot,
                         struct crypto_part csr, uint8_t proof[CRYPTO_P256_SIGNATURE_SIZE])
{
    const struct crypto *crypto = keeper->parts.crypto;
    const struct keystore *keystore = keeper->parts.keystore;
    const struct provisioning_facts *facts = keeper->parts.facts;
    const struct crypto_part token = { facts->submission.token, strlen(facts->submission.token) };
    uint8_t request_digest[CRYPTO_SHA256_SIZE];
    uint8_t token_digest[CRYPTO_SHA256_SIZE];
    uint8_t digest[CRYPTO_SHA256_SIZE];
    const struct enrolment_proof claim = { .challenge = keeper->challenge,
                                           .device_id = facts->identity.device_id,
                                           .request_digest = request_digest,
                                           .token_digest = token_digest };

    enum status status = crypto->sha256(crypto->ctx, &csr, 1, request_digest);
    if (status == STATUS_OK) {
        status = crypto->sha256(crypto->ctx, &token, 1, token_digest);
    }
    if (status == STATUS_OK) {
        status = enrolment_proof_digest(crypto, &claim, digest);
    }
    return status == STATUS_OK ? keystore->sign(keystore->ctx, slot, digest, proof) : status;
}

enum status keeper_evidence_make(const struct certificate_keeper *keeper,
                                 enum certificate_keeper_errand errand, struct crypto_part csr,
                                 struct keeper_evidence *evidence)
{
    const struct provisioning_identity *identity = &keeper->parts.facts->identity;
    const struct attester *attester = keeper->parts.attester;
    const bool by_token = errand == CERTIFICATE_KEEPER_ENROL;
    const enum keystore_slot slot =
        by_token ? provisioning_identity_next_slot(identity) : identity->slot;
    enum status status = STATUS_OK;

    evidence->has_proof = by_token;
    evidence->report_size = 0;
    if (by_token) {
        status = prove(keeper, slot, csr, evidence->proof);
    }
    if (status == STATUS_OK && attester != NULL) {
        status = attester->report_with(attester->ctx, slot, keeper->challenge, evidence->report,
                                       &evidence->report_size);
    }
    return status;
}
