// SPDX-License-Identifier: MIT

/// Challenges that need no storage until they are used: a nonce, the instant of its end and a MAC
/// over both and the device's name. So a stranger who asks for many pushes nobody else's out.

#include <string.h>

#include "bytes.h"
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

/// Compares in a time that does not depend on where the bytes differ.
static bool is_equal(const uint8_t *one, const uint8_t *other, size_t size)
{
    uint8_t difference = 0;
    for (size_t i = 0; i < size; i++) {
        difference = (uint8_t)(difference | (one[i] ^ other[i]));
    }
    return difference == 0;
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

static enum identity_verdict check_signature(const struct identities *identities,
                                             const struct enrolment *enrolment,
                                             const char *device_id,
                                             const struct certificate_request *request,
                                             const uint8_t token_digest[CRYPTO_SHA256_SIZE])
{
    static const char label[] = "EM-ENROLL-V1"; // With its NUL.
    const struct crypto *crypto = identities->parts.crypto;
    const size_t id_size = strlen(device_id);
    uint8_t size[2];
    uint8_t digest[CRYPTO_SHA256_SIZE];
    bytes_store_be16(size, (uint16_t)id_size);
    const struct crypto_part parts[] = {
        { label, sizeof label },
        { enrolment->challenge, IDENTITY_CHALLENGE_SIZE },
        { size, sizeof size },
        { device_id, id_size },
        { request->digest, CRYPTO_SHA256_SIZE },
        { token_digest, CRYPTO_SHA256_SIZE },
    };
    if (crypto->sha256(crypto->ctx, parts, sizeof parts / sizeof parts[0], digest) != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    return crypto->p256_verify(crypto->ctx, request->key, digest, enrolment->proof) == STATUS_OK
               ? IDENTITY_DONE
               : IDENTITY_BAD_PROOF;
}

enum identity_verdict identities_check_proof(struct identities *identities,
                                             const struct enrolment *enrolment,
                                             const char *device_id,
                                             const struct certificate_request *request,
                                             const uint8_t token_digest[CRYPTO_SHA256_SIZE])
{
    const int64_t now_s = identities_now_ms(identities) / 1000;
    uint8_t mac[CRYPTO_SHA256_SIZE];

    if (enrolment->challenge == NULL && enrolment->proof == NULL) {
        return IDENTITY_DONE;
    }
    if (enrolment->challenge == NULL || enrolment->proof == NULL) {
        return IDENTITY_BAD_CHALLENGE;
    }
    if (write_mac(identities, enrolment->challenge, device_id, mac) != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    if (!is_equal(mac, enrolment->challenge + MAC_AT, MAC_SIZE) ||
        (int64_t)bytes_load_be32(enrolment->challenge + END_AT) < now_s ||
        is_used(identities, enrolment->challenge)) {
        return IDENTITY_BAD_CHALLENGE;
    }
    const enum identity_verdict verdict =
        check_signature(identities, enrolment, device_id, request, token_digest);
    if (verdict == IDENTITY_DONE && !use_up(identities, enrolment->challenge, now_s)) {
        return IDENTITY_LIMITED;
    }
    return verdict;
}
