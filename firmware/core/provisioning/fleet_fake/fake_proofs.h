// SPDX-License-Identifier: MIT
#pragma once

/// The server's side of challenges, proofs and reports. For fleet_fake.c only.

#include "attestation.h"
#include "fleet_fake.h"

/// A request for a certificate, read.
struct fake_request {
    enum enrolment_protocol protocol;
    uint8_t csr[KEYSTORE_PUBLIC_SIZE]; ///< Nothing but the public key, see fleet_fake.c.
    uint8_t public_key[KEYSTORE_PUBLIC_SIZE];
    const uint8_t *speaker; ///< Whose key a report must be of; NULL: the new one.
    char device_id[PROVISIONING_NAME_LIMIT + 1];
    char token[PROVISIONING_TOKEN_LIMIT + 1];
    bool has_challenge;
    uint8_t challenge[ENROLMENT_CHALLENGE_SIZE];
    bool has_proof;
    uint8_t proof[CRYPTO_P256_SIGNATURE_SIZE];
    uint8_t report[ATTESTATION_SIZE_LIMIT];
    size_t report_size;
};

/// @return false  it is no such request.
bool fake_proofs_read(const struct http_client_request *request, struct fake_request *read);

/// Gives a new challenge, which lives as long as it is not pushed out.
const uint8_t *fake_proofs_challenge(struct fleet_fake *fake);

/// What is wrong with what was proven, as an error code; NULL: nothing.
const char *fake_proofs_refusal(struct fleet_fake *fake, const struct fake_request *read);

/// Uses the challenge up.
void fake_proofs_use(struct fleet_fake *fake, const struct fake_request *read);
