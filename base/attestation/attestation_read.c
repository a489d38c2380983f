// SPDX-License-Identifier: MIT
#include "attestation.h"

#include <string.h>

#include "attestation_claims.h"
#include "cbor_reader.h"

enum { SIGN1_PARTS = 4, TAMPER_PARTS = 2, CLAIMS_ALWAYS = 15 };

/// Reads one claim after the other; the first that is not as written here ends it for good.
struct claims {
    struct cbor_reader reader;
    bool bad;
};

/// Passes over the key, which must be this one.
static void expect(struct claims *claims, enum attestation_claim key)
{
    int64_t found = 0;
    claims->bad =
        claims->bad || cbor_read_int(&claims->reader, &found) != STATUS_OK || found != (int64_t)key;
}

static uint64_t take_number(struct claims *claims, uint64_t most)
{
    uint64_t value = 0;
    claims->bad =
        claims->bad || cbor_read_uint(&claims->reader, &value) != STATUS_OK || value > most;
    return claims->bad ? 0 : value;
}

static bool take_flag(struct claims *claims)
{
    bool value = false;
    claims->bad = claims->bad || cbor_read_boolean(&claims->reader, &value) != STATUS_OK;
    return value;
}

/// Copies bytes of exactly this size.
static void take_bytes(struct claims *claims, uint8_t *out, size_t size)
{
    const uint8_t *data = NULL;
    size_t found = 0;
    claims->bad = claims->bad || cbor_read_bytes(&claims->reader, &data, &found) != STATUS_OK ||
                  found != size;
    if (!claims->bad) {
        memcpy(out, data, size);
    }
}

/// Copies a text of printable ASCII, which claims as bytes or as text.
static void copy_text(struct claims *claims, const char *data, size_t size,
                      char out[ATTESTATION_TEXT_SIZE + 1])
{
    claims->bad = claims->bad || size > ATTESTATION_TEXT_SIZE;
    for (size_t i = 0; i < size && !claims->bad; i++) {
        claims->bad = data[i] < ' ' || data[i] > '~';
        out[i] = data[i];
    }
    out[claims->bad ? 0 : size] = '\0';
}

static void take_text(struct claims *claims, char out[ATTESTATION_TEXT_SIZE + 1])
{
    const char *data = NULL;
    size_t size = 0;
    claims->bad = claims->bad || cbor_read_text(&claims->reader, &data, &size) != STATUS_OK;
    copy_text(claims, data, claims->bad ? 0 : size, out);
}

static void take_array(struct claims *claims, size_t wanted)
{
    size_t count = 0;
    claims->bad =
        claims->bad || cbor_read_array(&claims->reader, &count) != STATUS_OK || count != wanted;
}

static void take_ueid(struct claims *claims, uint8_t digest[CRYPTO_SHA256_SIZE])
{
    uint8_t ueid[UEID_SIZE] = { 0 };
    take_bytes(claims, ueid, sizeof ueid);
    claims->bad = claims->bad || ueid[0] != UEID_RANDOM;
    memcpy(digest, ueid + 1, CRYPTO_SHA256_SIZE);
}

static void take_hardware(struct claims *claims, char out[ATTESTATION_TEXT_SIZE + 1])
{
    const uint8_t *data = NULL;
    size_t size = 0;
    claims->bad = claims->bad || cbor_read_bytes(&claims->reader, &data, &size) != STATUS_OK;
    copy_text(claims, (const char *)data, claims->bad ? 0 : size, out);
}

static void take_profile(struct claims *claims)
{
    const char *data = NULL;
    size_t size = 0;
    claims->bad = claims->bad || cbor_read_text(&claims->reader, &data, &size) != STATUS_OK ||
                  size != sizeof ATTESTATION_PROFILE - 1 ||
                  memcmp(data, ATTESTATION_PROFILE, size) != 0;
}

static void take_registered(struct claims *claims, struct attestation *report, bool has_time)
{
    if (has_time) {
        expect(claims, CLAIM_TIME);
        report->time_s = (int64_t)take_number(claims, INT64_MAX);
        claims->bad = claims->bad || report->time_s == 0;
    }
    expect(claims, CLAIM_NONCE);
    take_bytes(claims, report->nonce, sizeof report->nonce);
    expect(claims, CLAIM_UEID);
    take_ueid(claims, report->key_digest);
    expect(claims, CLAIM_HARDWARE);
    take_hardware(claims, report->hardware);
    expect(claims, CLAIM_UPTIME);
    report->uptime_s = take_number(claims, UINT64_MAX);
    expect(claims, CLAIM_SECURE_BOOT);
    report->secure_boot = take_flag(claims);
    expect(claims, CLAIM_DEBUG);
    report->debug = (enum attestation_debug)take_number(claims, ATTESTATION_DEBUG_DISABLED_FULLY);
    expect(claims, CLAIM_PROFILE);
    take_profile(claims);
    expect(claims, CLAIM_BOOT_COUNT);
    report->boot_count = (uint32_t)take_number(claims, UINT32_MAX);
    expect(claims, CLAIM_BOOT_SEED);
    take_bytes(claims, report->boot_seed, sizeof report->boot_seed);
    expect(claims, CLAIM_SOFTWARE);
    take_text(claims, report->software);
    expect(claims, CLAIM_VERSION);
    take_array(claims, 1);
    take_text(claims, report->version);
}

static void take_private(struct claims *claims, struct attestation *report)
{
    expect(claims, CLAIM_LEVEL);
    report->level = (enum attestation_level)take_number(claims, ATTESTATION_SECURE_ELEMENT);
    expect(claims, CLAIM_TAMPER);
    take_array(claims, TAMPER_PARTS);
    report->tamper_count = (uint32_t)take_number(claims, UINT32_MAX);
    report->tampered = take_flag(claims);
    expect(claims, CLAIM_KEYSTORE);
    take_text(claims, report->keystore);
    expect(claims, CLAIM_IMAGE);
    take_bytes(claims, report->image_digest, sizeof report->image_digest);
}

static enum status read_claims(const uint8_t *data, size_t size, struct attestation *report)
{
    struct claims claims = { .bad = false };
    size_t count = 0;

    *report = (struct attestation){ .time_s = 0 };
    cbor_reader_init(&claims.reader, data, size);
    if (cbor_read_map(&claims.reader, &count) != STATUS_OK || count < CLAIMS_ALWAYS ||
        count > CLAIMS_ALWAYS + 1) {
        return STATUS_INVALID;
    }
    take_registered(&claims, report, count > CLAIMS_ALWAYS);
    take_private(&claims, report);
    return claims.bad || !cbor_reader_is_at_end(&claims.reader) ? STATUS_INVALID : STATUS_OK;
}

/// The parts of a message, in place.
struct parts {
    const uint8_t *claims;
    size_t claims_size;
    const uint8_t *signature;
};

static enum status take_apart(const uint8_t *message, size_t size, struct parts *parts)
{
    struct cbor_reader reader;
    const uint8_t *protected = NULL;
    size_t protected_size = 0;
    size_t signature_size = 0;
    size_t count = 0;

    cbor_reader_init(&reader, message, size);
    const bool is_message =
        size <= ATTESTATION_SIZE_LIMIT && cbor_read_tag(&reader, TAG_COSE_SIGN1) == STATUS_OK &&
        cbor_read_array(&reader, &count) == STATUS_OK && count == SIGN1_PARTS &&
        cbor_read_bytes(&reader, &protected, &protected_size) == STATUS_OK &&
        protected_size == PROTECTED_SIZE &&
        memcmp(protected, ATTESTATION_PROTECTED, PROTECTED_SIZE) == 0 &&
        cbor_read_map(&reader, &count) == STATUS_OK && count == 0 &&
        cbor_read_bytes(&reader, &parts->claims, &parts->claims_size) == STATUS_OK &&
        cbor_read_bytes(&reader, &parts->signature, &signature_size) == STATUS_OK &&
        signature_size == CRYPTO_P256_SIGNATURE_SIZE && cbor_reader_is_at_end(&reader);
    return is_message ? STATUS_OK : STATUS_INVALID;
}

enum status attestation_open(const struct crypto *crypto,
                             const uint8_t key[CRYPTO_P256_PUBLIC_SIZE], const uint8_t *message,
                             size_t size, struct attestation *report)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    struct parts parts = { .claims = NULL };
    const struct crypto_part key_part = { key, CRYPTO_P256_PUBLIC_SIZE };

    *report = (struct attestation){ .time_s = 0 };
    enum status status = take_apart(message, size, &parts);
    if (status == STATUS_OK) {
        status = attestation_digest(crypto, parts.claims, parts.claims_size, digest);
    }
    if (status == STATUS_OK) {
        status = crypto->p256_verify(crypto->ctx, key, digest, parts.signature);
    }
    if (status == STATUS_OK) {
        status = read_claims(parts.claims, parts.claims_size, report);
    }
    if (status == STATUS_OK) {
        status = crypto->sha256(crypto->ctx, &key_part, 1, digest);
    }
    if (status == STATUS_OK && memcmp(digest, report->key_digest, sizeof digest) != 0) {
        status = STATUS_CORRUPT;
    }
    if (status != STATUS_OK) {
        *report = (struct attestation){ .time_s = 0 };
    }
    return status;
}
