// SPDX-License-Identifier: MIT
#include "pairing.h"

#include <string.h>

#include "bytes.h"
#include "hkdf.h"

static const char transcript_label[] = "EM-PAIR-V1"; // With its final NUL.
static const char key_label[] = "em/pair/v1";
static const char seal_label[] = "POST /provision";

enum { KEY_LABEL_SIZE = sizeof key_label - 1, SEAL_LABEL_SIZE = sizeof seal_label - 1 };

_Static_assert(KEY_LABEL_SIZE + CRYPTO_SHA256_SIZE == PAIRING_LABEL_SIZE, "label and digest");
_Static_assert(sizeof(struct pairing_keys) == 3 * CRYPTO_SHA256_SIZE, "keys without gaps");

enum status pairing_hash(const struct crypto *crypto, const struct pairing_transcript *transcript,
                         uint8_t digest[CRYPTO_SHA256_SIZE])
{
    uint8_t id_size[2];
    const size_t size = strlen(transcript->device_id);
    if (size == 0 || size > PAIRING_ID_LIMIT) {
        return STATUS_INVALID;
    }
    bytes_store_be16(id_size, (uint16_t)size);
    const struct crypto_part parts[] = {
        { transcript_label, sizeof transcript_label },
        { id_size, sizeof id_size },
        { transcript->device_id, size },
        { transcript->client_public, CRYPTO_X25519_SIZE },
        { transcript->device_public, CRYPTO_X25519_SIZE },
        { transcript->client_nonce, PAIRING_NONCE_SIZE },
        { transcript->device_nonce, PAIRING_NONCE_SIZE },
    };
    return crypto->sha256(crypto->ctx, parts, sizeof parts / sizeof parts[0], digest);
}

void pairing_label(const uint8_t digest[CRYPTO_SHA256_SIZE], uint8_t label[PAIRING_LABEL_SIZE])
{
    memcpy(label, key_label, KEY_LABEL_SIZE);
    memcpy(label + KEY_LABEL_SIZE, digest, CRYPTO_SHA256_SIZE);
}

enum status pairing_derive(const struct crypto *crypto, const uint8_t secret[PAIRING_SECRET_SIZE],
                           const uint8_t shared[CRYPTO_X25519_SIZE],
                           const uint8_t digest[CRYPTO_SHA256_SIZE], struct pairing_keys *keys)
{
    uint8_t label[PAIRING_LABEL_SIZE];
    pairing_label(digest, label);
    const struct crypto_part info = { label, sizeof label };
    const struct hkdf hkdf = { .secret = { shared, CRYPTO_X25519_SIZE },
                               .salt = { secret, PAIRING_SECRET_SIZE },
                               .info = &info,
                               .info_count = 1 };
    return hkdf_sha256(crypto, &hkdf, (uint8_t *)keys, sizeof *keys);
}

static enum status confirm_as(const struct crypto *crypto, const uint8_t key[CRYPTO_SHA256_SIZE],
                              const char *side, const uint8_t digest[CRYPTO_SHA256_SIZE],
                              uint8_t confirm[PAIRING_CONFIRM_SIZE])
{
    const struct crypto_part parts[] = { { side, strlen(side) }, { digest, CRYPTO_SHA256_SIZE } };
    return crypto->hmac_sha256(crypto->ctx, (struct crypto_part){ key, CRYPTO_SHA256_SIZE }, parts,
                               sizeof parts / sizeof parts[0], confirm);
}

enum status pairing_confirm_device(const struct crypto *crypto, const struct pairing_keys *keys,
                                   const uint8_t digest[CRYPTO_SHA256_SIZE],
                                   uint8_t confirm[PAIRING_CONFIRM_SIZE])
{
    return confirm_as(crypto, keys->device, "device", digest, confirm);
}

enum status pairing_confirm_client(const struct crypto *crypto, const struct pairing_keys *keys,
                                   const uint8_t digest[CRYPTO_SHA256_SIZE],
                                   uint8_t confirm[PAIRING_CONFIRM_SIZE])
{
    return confirm_as(crypto, keys->client, "client", digest, confirm);
}

/// What a seal is bound to, in the storage that it points into.
struct binding {
    uint8_t nonce[CRYPTO_NONCE_SIZE];
    uint8_t associated[SEAL_LABEL_SIZE + PAIRING_SESSION_ID_SIZE];
    struct crypto_seal seal;
};

static void bind(struct binding *binding, const uint8_t session_key[CRYPTO_SHA256_SIZE],
                 const struct pairing_place *place)
{
    memset(binding->nonce, 0, sizeof binding->nonce);
    bytes_store_be64(binding->nonce + 4, place->n);
    memcpy(binding->associated, seal_label, SEAL_LABEL_SIZE);
    memcpy(binding->associated + SEAL_LABEL_SIZE, place->session_id, PAIRING_SESSION_ID_SIZE);
    binding->seal =
        (struct crypto_seal){ .algorithm = CRYPTO_AES_256_GCM,
                              .key = session_key,
                              .key_size = CRYPTO_SHA256_SIZE,
                              .nonce = binding->nonce,
                              .associated = { binding->associated, sizeof binding->associated } };
}

enum status pairing_seal(const struct crypto *crypto, const uint8_t session_key[CRYPTO_SHA256_SIZE],
                         const struct pairing_place *place, struct crypto_part text,
                         uint8_t *sealed, size_t capacity)
{
    struct binding binding;
    bind(&binding, session_key, place);
    return crypto->seal(crypto->ctx, &binding.seal, text, sealed, capacity);
}

enum status pairing_open(const struct crypto *crypto, const uint8_t session_key[CRYPTO_SHA256_SIZE],
                         const struct pairing_place *place, struct crypto_part sealed,
                         uint8_t *text, size_t capacity)
{
    struct binding binding;
    if (sealed.size < CRYPTO_TAG_SIZE) {
        return STATUS_CORRUPT;
    }
    bind(&binding, session_key, place);
    return crypto->open(crypto->ctx, &binding.seal, sealed, text, capacity);
}
