// SPDX-License-Identifier: MIT
#include <string.h>

#include "base64url.h"
#include "identities_inside.h"

enum { TOKEN_BYTES = 32, SESSION_SIZE = 64 };

static const char SIGNS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool is_spelled_with(const char *text, size_t size, const char *signs)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0' || strchr(signs, text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static enum status digest_token(const struct identities *identities, const char *text,
                                uint8_t digest[CRYPTO_SHA256_SIZE])
{
    const struct crypto *crypto = identities->parts.crypto;
    const struct crypto_part part = { text, IDENTITY_TOKEN_SIZE - 1 };
    return crypto->sha256(crypto->ctx, &part, 1, digest);
}

enum identity_verdict identities_read_token(const struct identities *identities, const char *text,
                                            size_t size, uint8_t digest[CRYPTO_SHA256_SIZE])
{
    if (text == NULL || size == 0) {
        return IDENTITY_TOKEN_MISSING;
    }
    // What other servers would take, and what a browser of ours holds.
    const bool web_token = size > 3 && memcmp(text, "eyJ", 3) == 0 && memchr(text, '.', size);
    if (web_token || (size == SESSION_SIZE && is_spelled_with(text, size, "0123456789abcdef"))) {
        return IDENTITY_TOKEN_TYPE;
    }
    if (size != IDENTITY_TOKEN_SIZE - 1 || !is_spelled_with(text, size, SIGNS)) {
        return IDENTITY_TOKEN_FORMAT;
    }
    return digest_token(identities, text, digest) == STATUS_OK ? IDENTITY_DONE
                                                               : IDENTITY_UNAVAILABLE;
}

/// Whether a token may be made for the device: always to replace, else only without an active
/// certificate.
static enum identity_verdict check_free(struct identities *identities, const char *device_id)
{
    struct certificate_record record;
    const enum identity_verdict found = identities_find(identities, device_id, &record);
    if (found == IDENTITY_UNKNOWN ||
        (found == IDENTITY_DONE && record.state != CERTIFICATE_ACTIVE)) {
        return IDENTITY_DONE;
    }
    return found == IDENTITY_DONE ? IDENTITY_HAS_ACTIVE : found;
}

static enum identity_verdict keep_token(struct identities *identities,
                                        const struct token_order *order, const char *text,
                                        int64_t *expires_ms)
{
    const struct identity_store *store = identities->parts.store;
    struct token_record record = { .created_ms = identities_now_ms(identities),
                                   .replaces = order->replaces };
    struct audit_record audit;
    const int64_t life_s = order->life_s != 0 ? order->life_s : identities->parts.rules.token_s;

    record.expires_ms = record.created_ms + life_s * 1000;
    memcpy(record.device_id, order->device_id, strlen(order->device_id) + 1);
    strncpy(record.creator, order->creator, sizeof record.creator - 1);
    identities_audit(identities, &audit, AUDIT_TOKEN_ISSUED, record.device_id, order->address,
                     order->replaces ? "may replace an active certificate" : "");
    memcpy(audit.actor, record.creator, sizeof audit.actor);
    if (digest_token(identities, text, record.digest) != STATUS_OK ||
        store->put_token(store->ctx, &record, &audit) != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    *expires_ms = record.expires_ms;
    return IDENTITY_DONE;
}

enum identity_verdict identities_make_token(struct identities *identities,
                                            const struct token_order *order,
                                            char token[IDENTITY_TOKEN_SIZE], int64_t *expires_ms)
{
    uint8_t bytes[TOKEN_BYTES];
    char device_id[DEVICE_ID_SIZE];

    token[0] = '\0';
    if (!device_id_parse(order->device_id, strlen(order->device_id), device_id) ||
        identities_is_reserved(device_id)) {
        return IDENTITY_BAD_DEVICE_ID;
    }
    if (order->life_s < 0 || order->life_s > IDENTITY_TOKEN_MOST_S) {
        return IDENTITY_BAD_REQUEST;
    }
    enum identity_verdict verdict =
        order->replaces ? IDENTITY_DONE : check_free(identities, device_id);
    if (verdict == IDENTITY_DONE &&
        identities->parts.random(identities->parts.random_ctx, bytes, sizeof bytes) != STATUS_OK) {
        verdict = IDENTITY_UNAVAILABLE;
    }
    if (verdict != IDENTITY_DONE) {
        return verdict;
    }
    base64url_encode(bytes, sizeof bytes, token);
    verdict = keep_token(identities, order, token, expires_ms);
    if (verdict != IDENTITY_DONE) {
        token[0] = '\0';
    }
    return verdict;
}
