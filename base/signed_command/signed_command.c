// SPDX-License-Identifier: MIT
#include "signed_command.h"

#include <stdbool.h>
#include <string.h>

#include "base64url.h"

enum { SIGNATURE_LENGTH = BASE64URL_LENGTH(CRYPTO_P256_SIGNATURE_SIZE) };

static const char LABEL[] = "EM-CMD-V1"; // Its final NUL is signed too.
static const char OPENING[] = ",\"~sig\":\"";
static const char CLOSING[] = "\"}";

enum { OPENING_SIZE = sizeof OPENING - 1, CLOSING_SIZE = sizeof CLOSING - 1 };

_Static_assert(OPENING_SIZE + SIGNATURE_LENGTH + CLOSING_SIZE == SIGNED_COMMAND_SUFFIX_SIZE,
               "the suffix has one size");

/// The digest of a command given without its last brace.
static enum status digest_of(const struct crypto *crypto, const void *command, size_t size,
                             uint8_t digest[CRYPTO_SHA256_SIZE])
{
    const struct crypto_part parts[] = {
        { LABEL, sizeof LABEL },
        { command, size },
        { "}", 1 },
    };
    return crypto->sha256(crypto->ctx, parts, sizeof parts / sizeof parts[0], digest);
}

enum status signed_command_verify(const struct crypto *crypto,
                                  const uint8_t key[CRYPTO_P256_PUBLIC_SIZE], const void *payload,
                                  size_t size)
{
    const char *text = payload;
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
    uint8_t digest[CRYPTO_SHA256_SIZE];
    size_t signature_size = 0;

    if (size > SIGNED_COMMAND_LIMIT || size <= SIGNED_COMMAND_SUFFIX_SIZE) {
        return STATUS_INVALID;
    }
    const size_t before = size - SIGNED_COMMAND_SUFFIX_SIZE;
    if (memcmp(text + before, OPENING, OPENING_SIZE) != 0 ||
        memcmp(text + size - CLOSING_SIZE, CLOSING, CLOSING_SIZE) != 0 ||
        base64url_decode(text + before + OPENING_SIZE, SIGNATURE_LENGTH, signature,
                         sizeof signature, &signature_size) != STATUS_OK ||
        signature_size != sizeof signature) {
        return STATUS_INVALID;
    }
    const enum status status = digest_of(crypto, text, before, digest);
    return status == STATUS_OK ? crypto->p256_verify(crypto->ctx, key, digest, signature) : status;
}

/// An object with at least one member, as far as its ends tell.
static bool is_object(const char *text, size_t size)
{
    return size > 2 && text[0] == '{' && text[size - 1] == '}';
}

enum status signed_command_digest(const struct crypto *crypto, const void *command, size_t size,
                                  uint8_t digest[CRYPTO_SHA256_SIZE])
{
    if (!is_object(command, size)) {
        return STATUS_INVALID;
    }
    if (size - 1 + SIGNED_COMMAND_SUFFIX_SIZE > SIGNED_COMMAND_LIMIT) {
        return STATUS_FULL;
    }
    return digest_of(crypto, command, size - 1, digest);
}

enum status signed_command_append(void *command, size_t *size, size_t capacity,
                                  const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    char text[SIGNATURE_LENGTH + 1];
    char *out = command;

    if (!is_object(command, *size)) {
        return STATUS_INVALID;
    }
    if (*size - 1 + SIGNED_COMMAND_SUFFIX_SIZE > capacity) {
        return STATUS_FULL;
    }
    base64url_encode(signature, CRYPTO_P256_SIGNATURE_SIZE, text);
    out += *size - 1;
    memcpy(out, OPENING, OPENING_SIZE);
    memcpy(out + OPENING_SIZE, text, SIGNATURE_LENGTH);
    memcpy(out + OPENING_SIZE + SIGNATURE_LENGTH, CLOSING, CLOSING_SIZE);
    *size += SIGNED_COMMAND_SUFFIX_SIZE - 1;
    return STATUS_OK;
}
