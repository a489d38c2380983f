// SPDX-License-Identifier: MIT

/// Challenges that need no storage until they are used: a nonce, the instant of its end and a MAC
/// over both and the device's name. So a stranger who asks for many pushes nobody else's out.

#include <string.h>

#include "bytes.h"
#include "constant_time.h"
#include "identities_inside.h"

enum { NONCE_SIZE = 12, END_AT = 12, MAC_AT = 16, MAC_SIZE = 16 };

static enum status write_mac(const struct identities *identities, const uint8_t *head,
                             const char *device_id, uint8_t mac[CRYPTO_SHA256_SIZE])
{
    const struct crypto *crypto = identities->parts.crypto;
    const struct crypto_part key = { identities->challenge_key, CRYPTO_SHA256_SIZE };
    const struct crypto_part parts[] = { { head, MAC_AT }, { device_id, strlen(device_id) } };
    return crypto->hmac_sha256(crypto->ctx, key, parts, 2, mac);
}

enum identity_verdict identities_challenge(struct identities *identities, const char *device_id,
                                           const char *address,
                                           uint8_t challenge[IDENTITY_CHALLENGE_SIZE],
                                           int64_t *expires_s)
{
    uint8_t mac[CRYPTO_SHA256_SIZE];
    char known[DEVICE_ID_SIZE];
    if (!device_id_parse(device_id, strlen(device_id), known) || identities_is_reserved(known)) {
        return IDENTITY_BAD_DEVICE_ID;
    }
    const enum identity_verdict verdict = identities_limit_address(identities, address);
    if (verdict != IDENTITY_DONE) {
        return verdict;
    }
    *expires_s = identities_now_ms(identities) / 1000 + IDENTITY_CHALLENGE_LIFE_S;
    bytes_store_be32(challenge + END_AT, (uint32_t)*expires_s);
    if (identities->parts.random(identities->parts.random_ctx, challenge, NONCE_SIZE) !=
            STATUS_OK ||
        write_mac(identities, challenge, known, mac) != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    memcpy(challenge + MAC_AT, mac, MAC_SIZE);
    return IDENTITY_DONE;
}

static bool is_used(const struct identities *identities, const uint8_t *challenge)
{
    for (size_t i = 0; i < IDENTITY_USED_CHALLENGES; i++) {
        if (memcmp(identities->used[i].challenge, challenge, IDENTITY_CHALLENGE_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/// Remembers a challenge until it is over. @return false  all places are taken by younger ones.
static bool use_up(struct identities *identities, const uint8_t *challenge, int64_t now_s)
{
    struct used_challenge *place = &identities->used[identities->used_next];
    if (place->expires_s >= now_s) {
        return false;
    }
    memcpy(place->challenge, challenge, IDENTITY_CHALLENGE_SIZE);
    place->expires_s = bytes_load_be32(challenge + END_AT);
    identities->used_next = (identities->used_next + 1) % IDENTITY_USED_CHALLENGES;
    return true;
}

/// Whether a challenge is one of ours, for this device, and neither over nor used.
static enum identity_verdict check_challenge(const struct identities *identities,
                                             const uint8_t *challenge, const char *device_id,
                                             int64_t now_s)
{
    uint8_t mac[CRYPTO_SHA256_SIZE];

    if (challenge == NULL) {
        return IDENTITY_BAD_CHALLENGE;
    }
    if (write_mac(identities, challenge, device_id, mac) != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    const bool is_good = constant_time_equal(mac, MAC_SIZE, challenge + MAC_AT, MAC_SIZE) &&
                         (int64_t)bytes_load_be32(challenge + END_AT) >= now_s &&
                         !is_used(identities, challenge);
    return is_good ? IDENTITY_DONE : IDENTITY_BAD_CHALLENGE;
}

static enum identity_verdict check_signature(const struct identities *identities,
                                             const struct enrolment *enrolment,
                                             const char *device_id,
                                             const struct certificate_request *request,
                                             const uint8_t token_digest[CRYPTO_SHA256_SIZE])
{
    const struct crypto *crypto = identities->parts.crypto;
    const struct enrolment_proof proof = { enrolment->challenge, device_id, request->digest,
                                           token_digest };
    uint8_t digest[CRYPTO_SHA256_SIZE];

    if (enrolment->proof == NULL) {
        return IDENTITY_BAD_PROOF;
    }
    if (enrolment_proof_digest(crypto, &proof, digest) != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    return crypto->p256_verify(crypto->ctx, request->key, digest, enrolment->proof) == STATUS_OK
               ? IDENTITY_DONE
               : IDENTITY_BAD_PROOF;
}

/// A report that has come with a challenge.
struct sent_report {
    const uint8_t *key;
    const uint8_t *challenge;
    const uint8_t *message;
    size_t size;
};

static enum identity_verdict judge(const struct identities *identities,
                                   const struct sent_report *sent, struct attestation_note *note)
{
    const struct attestation_judgement judgement = attestation_judge(
        identities->parts.crypto, sent->key, sent->challenge, sent->message, sent->size);

    if (judgement.verdict == ATTESTATION_FAILED) {
        return IDENTITY_BAD_ATTESTATION;
    }
    *note = (struct attestation_note){ .time_ms = identities_now_ms(identities),
                                       .verdict = judgement.verdict,
                                       .level = judgement.report.level };
    return IDENTITY_DONE;
}

enum identity_verdict identities_check_proof(struct identities *identities,
                                             const struct enrolment *enrolment,
                                             const char *device_id,
                                             const struct certificate_request *request,
                                             const uint8_t token_digest[CRYPTO_SHA256_SIZE],
                                             struct attestation_note *note)
{
    const int64_t now_s = identities_now_ms(identities) / 1000;
    const struct sent_report sent = { request->key, enrolment->challenge, enrolment->attestation,
                                      enrolment->attestation_size };

    *note = (struct attestation_note){ .time_ms = 0 };
    if (enrolment->challenge == NULL && enrolment->proof == NULL &&
        enrolment->attestation == NULL) {
        return IDENTITY_DONE;
    }
    enum identity_verdict verdict =
        check_challenge(identities, enrolment->challenge, device_id, now_s);
    if (verdict == IDENTITY_DONE) {
        verdict = check_signature(identities, enrolment, device_id, request, token_digest);
    }
    if (verdict == IDENTITY_DONE && enrolment->attestation != NULL) {
        verdict = judge(identities, &sent, note);
    }
    if (verdict == IDENTITY_DONE && !use_up(identities, enrolment->challenge, now_s)) {
        return IDENTITY_LIMITED;
    }
    return verdict;
}

enum identity_verdict identities_check_renewal(struct identities *identities,
                                               const struct identity_peer *peer,
                                               const struct renewal *renewal,
                                               struct attestation_note *note)
{
    const struct certificate_authority *authority = identities->parts.authority;
    const struct certificate *certificate = &peer->record.certificate;
    const int64_t now_s = identities_now_ms(identities) / 1000;
    uint8_t key[CRYPTO_P256_PUBLIC_SIZE];
    const struct sent_report sent = { key, renewal->challenge, renewal->attestation,
                                      renewal->attestation_size };

    *note = (struct attestation_note){ .time_ms = 0 };
    if (renewal->attestation == NULL) {
        return peer->grace ? IDENTITY_NO_ATTESTATION : IDENTITY_DONE;
    }
    enum identity_verdict verdict =
        check_challenge(identities, renewal->challenge, peer->record.device_id, now_s);
    if (verdict == IDENTITY_DONE && authority->read_key(authority->ctx, certificate->der,
                                                        certificate->size, key) != STATUS_OK) {
        verdict = IDENTITY_UNAVAILABLE;
    }
    if (verdict == IDENTITY_DONE) {
        verdict = judge(identities, &sent, note);
    }
    if (verdict == IDENTITY_DONE && !use_up(identities, renewal->challenge, now_s)) {
        return IDENTITY_LIMITED;
    }
    return verdict;
}
