// SPDX-License-Identifier: MIT
#include "fake_proofs.h"

#include <string.h>

#include "base64url.h"
#include "json_reader.h"
#include "pem.h"

enum { BODY_LIMIT = 8192, TEXT_LIMIT = 1024 };

/// Reads base64url. @return its size; 0: there is none.
static size_t read_bytes(const struct json_reader *reader, const char *name, uint8_t *out,
                         size_t capacity)
{
    char text[TEXT_LIMIT];
    size_t size = 0;
    return json_reader_string(reader, name, text, sizeof text) == STATUS_OK &&
                   base64url_decode(text, strlen(text), out, capacity, &size) == STATUS_OK
               ? size
               : 0;
}

bool fake_proofs_read(const struct http_client_request *request, struct fake_request *read)
{
    struct json_reader reader;
    char csr[TEXT_LIMIT];
    size_t size = 0;

    if (json_reader_open_large(&reader, request->body, request->body_size, BODY_LIMIT) !=
            STATUS_OK ||
        json_reader_string(&reader, "csr", csr, sizeof csr) != STATUS_OK ||
        json_reader_string(&reader, "device_id", read->device_id, sizeof read->device_id) !=
            STATUS_OK ||
        pem_decode(csr, strlen(csr), "CERTIFICATE REQUEST", read->csr, sizeof read->csr, &size) !=
            STATUS_OK ||
        size != sizeof read->csr) {
        return false;
    }
    memcpy(read->public_key, read->csr, sizeof read->public_key);
    if (json_reader_string(&reader, "provisioning_token", read->token, sizeof read->token) !=
        STATUS_OK) {
        read->token[0] = '\0';
    }
    read->has_challenge =
        read_bytes(&reader, "challenge", read->challenge, sizeof read->challenge) > 0;
    read->has_proof = read_bytes(&reader, "pop_sig", read->proof, sizeof read->proof) > 0;
    read->report_size = read_bytes(&reader, "attestation", read->report, sizeof read->report);
    return true;
}

const uint8_t *fake_proofs_challenge(struct fleet_fake *fake)
{
    struct fleet_fake_challenge *challenge =
        &fake->challenges[fake->challenge_count++ % FLEET_FAKE_CHALLENGE_COUNT];
    *challenge = (struct fleet_fake_challenge){ .until_s = fake->utc_s + FLEET_FAKE_CHALLENGE_S,
                                                .is_open = true };
    for (unsigned i = 0; i < sizeof challenge->bytes; i++) {
        challenge->bytes[i] = (uint8_t)(fake->challenge_count * 41 + i * 7);
    }
    return challenge->bytes;
}

static struct fleet_fake_challenge *find(struct fleet_fake *fake, const struct fake_request *read)
{
    for (unsigned i = 0; i < FLEET_FAKE_CHALLENGE_COUNT; i++) {
        struct fleet_fake_challenge *challenge = &fake->challenges[i];
        if (challenge->is_open && fake->utc_s <= challenge->until_s &&
            memcmp(challenge->bytes, read->challenge, sizeof challenge->bytes) == 0) {
            return challenge;
        }
    }
    return NULL;
}

static bool is_proven(const struct fleet_fake *fake, const struct fake_request *read)
{
    const struct crypto *crypto = &fake->crypto;
    const struct crypto_part csr = { read->csr, sizeof read->csr };
    const struct crypto_part token = { read->token, strlen(read->token) };
    uint8_t csr_digest[CRYPTO_SHA256_SIZE];
    uint8_t token_digest[CRYPTO_SHA256_SIZE];
    uint8_t digest[CRYPTO_SHA256_SIZE];
    const struct enrolment_proof proof = { read->challenge, read->device_id, csr_digest,
                                           token_digest };
    return read->has_proof && crypto->sha256(crypto->ctx, &csr, 1, csr_digest) == STATUS_OK &&
           crypto->sha256(crypto->ctx, &token, 1, token_digest) == STATUS_OK &&
           enrolment_proof_digest(crypto, &proof, digest) == STATUS_OK &&
           crypto->p256_verify(crypto->ctx, read->public_key, digest, read->proof) == STATUS_OK;
}

static bool is_reported(const struct fleet_fake *fake, const struct fake_request *read)
{
    const uint8_t *speaker = read->speaker != NULL ? read->speaker : read->public_key;
    struct attestation report;
    return attestation_open(&fake->crypto, speaker, read->report, read->report_size, &report) ==
               STATUS_OK &&
           memcmp(report.nonce, read->challenge, sizeof report.nonce) == 0;
}

const char *fake_proofs_refusal(struct fleet_fake *fake, const struct fake_request *read)
{
    const bool is_renewal = read->speaker != NULL;

    if (read->protocol == ENROLMENT_FIRST) {
        return NULL;
    }
    if (!read->has_challenge || find(fake, read) == NULL) {
        return "INVALID_CHALLENGE";
    }
    if (!is_renewal && !is_proven(fake, read)) {
        return "INVALID_PROOF";
    }
    return read->report_size > 0 && !is_reported(fake, read) ? "INVALID_ATTESTATION" : NULL;
}

void fake_proofs_use(struct fleet_fake *fake, const struct fake_request *read)
{
    struct fleet_fake_challenge *challenge = read->has_challenge ? find(fake, read) : NULL;
    if (challenge != NULL) {
        challenge->is_open = false;
        fake->proofs += read->has_proof ? 1 : 0;
        fake->reports += read->report_size > 0 ? 1 : 0;
    }
}
