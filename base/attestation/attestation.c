// SPDX-License-Identifier: MIT
#include "attestation.h"

#include <string.h>

#include "attestation_claims.h"
#include "cbor_writer.h"

const unsigned char ATTESTATION_PROTECTED[PROTECTED_SIZE] = { 0xA1, 0x01, 0x26 };

enum { CLAIMS_ALWAYS = 15, SIGN1_PARTS = 4, TAMPER_PARTS = 2 };

static const char CONTEXT[] = "Signature1";

const char *attestation_level_name(enum attestation_level level)
{
    switch (level) {
    case ATTESTATION_SOFTWARE:
        return "software";
    case ATTESTATION_VERIFIED_BOOT:
        return "verified_boot";
    case ATTESTATION_SECURE_ELEMENT:
        return "secure_element";
    }
    return "software";
}

/// The length of a text of printable ASCII that has an end. @return false  it is none.
static bool measure(const char *text, size_t *length)
{
    for (*length = 0; *length <= ATTESTATION_TEXT_SIZE; (*length)++) {
        const char letter = text[*length];
        if (letter == '\0') {
            return true;
        }
        if (letter < ' ' || letter > '~') {
            return false;
        }
    }
    return false;
}

static bool is_sound(const struct attestation *report)
{
    size_t length = 0;
    return measure(report->hardware, &length) && measure(report->software, &length) &&
           measure(report->version, &length) && measure(report->keystore, &length) &&
           report->debug <= ATTESTATION_DEBUG_DISABLED_FULLY &&
           report->level <= ATTESTATION_SECURE_ELEMENT && report->time_s >= 0;
}

static void write_text(struct cbor_writer *writer, const char *text)
{
    size_t length = 0;
    if (measure(text, &length)) {
        cbor_write_text(writer, text, length);
    }
}

static void write_ueid(struct cbor_writer *writer, const uint8_t digest[CRYPTO_SHA256_SIZE])
{
    uint8_t ueid[UEID_SIZE] = { UEID_RANDOM };
    memcpy(ueid + 1, digest, CRYPTO_SHA256_SIZE);
    cbor_write_bytes(writer, ueid, sizeof ueid);
}

static void write_registered(struct cbor_writer *writer, const struct attestation *report)
{
    size_t length = 0;
    if (report->time_s != 0) {
        cbor_write_uint(writer, CLAIM_TIME);
        cbor_write_uint(writer, (uint64_t)report->time_s);
    }
    cbor_write_uint(writer, CLAIM_NONCE);
    cbor_write_bytes(writer, report->nonce, sizeof report->nonce);
    cbor_write_uint(writer, CLAIM_UEID);
    write_ueid(writer, report->key_digest);
    cbor_write_uint(writer, CLAIM_HARDWARE);
    (void)measure(report->hardware, &length);
    cbor_write_bytes(writer, (const uint8_t *)report->hardware, length);
    cbor_write_uint(writer, CLAIM_UPTIME);
    cbor_write_uint(writer, report->uptime_s);
    cbor_write_uint(writer, CLAIM_SECURE_BOOT);
    cbor_write_boolean(writer, report->secure_boot);
    cbor_write_uint(writer, CLAIM_DEBUG);
    cbor_write_uint(writer, (uint64_t)report->debug);
    cbor_write_uint(writer, CLAIM_PROFILE);
    cbor_write_text(writer, ATTESTATION_PROFILE, sizeof ATTESTATION_PROFILE - 1);
    cbor_write_uint(writer, CLAIM_BOOT_COUNT);
    cbor_write_uint(writer, report->boot_count);
    cbor_write_uint(writer, CLAIM_BOOT_SEED);
    cbor_write_bytes(writer, report->boot_seed, sizeof report->boot_seed);
    cbor_write_uint(writer, CLAIM_SOFTWARE);
    write_text(writer, report->software);
    cbor_write_uint(writer, CLAIM_VERSION);
    cbor_write_array(writer, 1);
    write_text(writer, report->version);
}

static void write_private(struct cbor_writer *writer, const struct attestation *report)
{
    cbor_write_int(writer, CLAIM_LEVEL);
    cbor_write_uint(writer, (uint64_t)report->level);
    cbor_write_int(writer, CLAIM_TAMPER);
    cbor_write_array(writer, TAMPER_PARTS);
    cbor_write_uint(writer, report->tamper_count);
    cbor_write_boolean(writer, report->tampered);
    cbor_write_int(writer, CLAIM_KEYSTORE);
    write_text(writer, report->keystore);
    cbor_write_int(writer, CLAIM_IMAGE);
    cbor_write_bytes(writer, report->image_digest, sizeof report->image_digest);
}

enum status attestation_write(const struct attestation *report, uint8_t *claims, size_t capacity,
                              size_t *size)
{
    struct cbor_writer writer;

    if (!is_sound(report)) {
        return STATUS_INVALID;
    }
    cbor_writer_init(&writer, claims, capacity);
    cbor_write_map(&writer, CLAIMS_ALWAYS + (report->time_s != 0 ? 1 : 0));
    write_registered(&writer, report);
    write_private(&writer, report);
    return cbor_writer_finish(&writer, size);
}

enum status attestation_digest(const struct crypto *crypto, const uint8_t *claims, size_t size,
                               uint8_t digest[CRYPTO_SHA256_SIZE])
{
    uint8_t structure[ATTESTATION_SIZE_LIMIT + sizeof CONTEXT + 16];
    struct cbor_writer writer;
    size_t structure_size = 0;

    if (size > ATTESTATION_SIZE_LIMIT) {
        return STATUS_FULL;
    }
    cbor_writer_init(&writer, structure, sizeof structure);
    cbor_write_array(&writer, SIGN1_PARTS);
    cbor_write_text(&writer, CONTEXT, sizeof CONTEXT - 1);
    cbor_write_bytes(&writer, ATTESTATION_PROTECTED, PROTECTED_SIZE);
    cbor_write_bytes(&writer, NULL, 0); // Nothing else is signed along.
    cbor_write_bytes(&writer, claims, size);
    const enum status status = cbor_writer_finish(&writer, &structure_size);
    const struct crypto_part part = { structure, structure_size };
    return status == STATUS_OK ? crypto->sha256(crypto->ctx, &part, 1, digest) : status;
}

enum status attestation_wrap(const uint8_t *claims, size_t claims_size,
                             const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE], uint8_t *message,
                             size_t capacity, size_t *size)
{
    struct cbor_writer writer;

    cbor_writer_init(&writer, message, capacity);
    cbor_write_tag(&writer, TAG_COSE_SIGN1);
    cbor_write_array(&writer, SIGN1_PARTS);
    cbor_write_bytes(&writer, ATTESTATION_PROTECTED, PROTECTED_SIZE);
    cbor_write_map(&writer, 0);
    cbor_write_bytes(&writer, claims, claims_size);
    cbor_write_bytes(&writer, signature, CRYPTO_P256_SIGNATURE_SIZE);
    return cbor_writer_finish(&writer, size);
}
