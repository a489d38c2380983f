// SPDX-License-Identifier: MIT
#include "pairing_client.h"

#include <stdbool.h>
#include <string.h>

#include "base64url.h"
#include "constant_time.h"
#include "json_reader.h"
#include "json_writer.h"

enum {
    FIELD_SIZE = BASE64URL_LENGTH(CRYPTO_X25519_SIZE) + 1,
    SEALED_LIMIT = PAIRING_CLIENT_TEXT_LIMIT + CRYPTO_TAG_SIZE
};

static void begin(struct json_writer *json, char body[PAIRING_CLIENT_BODY_SIZE])
{
    json_writer_init(json, body, PAIRING_CLIENT_BODY_SIZE);
    json_writer_begin_object(json, NULL);
}

static enum status finish(struct json_writer *json)
{
    size_t size = 0;
    json_writer_end_object(json);
    return json_writer_finish(json, &size);
}

static void write_bytes(struct json_writer *json, const char *name, const uint8_t *bytes,
                        size_t size)
{
    char text[FIELD_SIZE];
    base64url_encode(bytes, size, text);
    json_writer_string(json, name, text);
}

static bool read_bytes(const struct json_reader *json, const char *name, uint8_t *out, size_t size)
{
    char text[FIELD_SIZE];
    size_t got = 0;
    return json_reader_string(json, name, text, sizeof text) == STATUS_OK &&
           base64url_decode(text, strlen(text), out, size, &got) == STATUS_OK && got == size;
}

static bool has_version(const struct json_reader *json, int64_t wanted)
{
    int64_t version = 0;
    return json_reader_integer(json, "v", &version) == STATUS_OK && version == wanted;
}

enum status pairing_client_hello(struct pairing_client *client, const struct crypto *crypto,
                                 const struct pairing_code *code,
                                 const uint8_t random[PAIRING_CLIENT_RANDOM_SIZE],
                                 char body[PAIRING_CLIENT_BODY_SIZE])
{
    struct json_writer json;
    *client = (struct pairing_client){ .crypto = crypto, .code = *code };
    memcpy(client->private_key, random, sizeof client->private_key);
    memcpy(client->nonce, random + sizeof client->private_key, sizeof client->nonce);
    const enum status status =
        crypto->x25519_public(crypto->ctx, client->private_key, client->public_key);
    if (status != STATUS_OK) {
        return status;
    }
    begin(&json, body);
    json_writer_integer(&json, "v", PAIRING_VERSION);
    write_bytes(&json, "client_pub", client->public_key, sizeof client->public_key);
    write_bytes(&json, "client_nonce", client->nonce, sizeof client->nonce);
    return finish(&json);
}

/// The public part of what the device answered.
struct welcome {
    uint8_t public_key[CRYPTO_X25519_SIZE];
    uint8_t nonce[PAIRING_NONCE_SIZE];
    uint8_t confirm[PAIRING_CONFIRM_SIZE];
};

static enum status read_welcome(const struct pairing_client *client, const char *answer,
                                size_t size, struct welcome *welcome)
{
    struct json_reader json;
    char device_id[PAIRING_ID_LIMIT + 1];
    if (json_reader_open(&json, answer, size) != STATUS_OK ||
        !has_version(&json, PAIRING_VERSION) ||
        json_reader_string(&json, "device_id", device_id, sizeof device_id) != STATUS_OK ||
        !read_bytes(&json, "device_pub", welcome->public_key, sizeof welcome->public_key) ||
        !read_bytes(&json, "device_nonce", welcome->nonce, sizeof welcome->nonce) ||
        !read_bytes(&json, "confirm", welcome->confirm, sizeof welcome->confirm)) {
        return STATUS_INVALID;
    }
    return strcmp(device_id, client->code.device_id) == 0 ? STATUS_OK : STATUS_MISSING;
}

/// Derives the keys, and compares the device's confirm with the one that it should have sent.
static enum status agree(struct pairing_client *client, const struct welcome *welcome,
                         uint8_t digest[CRYPTO_SHA256_SIZE])
{
    const struct crypto *crypto = client->crypto;
    const struct pairing_transcript transcript = { client->code.device_id, client->public_key,
                                                   welcome->public_key, client->nonce,
                                                   welcome->nonce };
    uint8_t shared[CRYPTO_X25519_SIZE];
    uint8_t expected[PAIRING_CONFIRM_SIZE];

    enum status status =
        crypto->x25519(crypto->ctx, client->private_key, welcome->public_key, shared);
    if (status == STATUS_OK) {
        status = pairing_hash(crypto, &transcript, digest);
    }
    if (status == STATUS_OK) {
        status = pairing_derive(crypto, client->code.secret, shared, digest, &client->keys);
    }
    constant_time_wipe(shared, sizeof shared);
    if (status == STATUS_OK) {
        status = pairing_confirm_device(crypto, &client->keys, digest, expected);
    }
    if (status == STATUS_OK && !constant_time_equal(expected, sizeof expected, welcome->confirm,
                                                    sizeof welcome->confirm)) {
        status = STATUS_CORRUPT;
    }
    // A key of small order is nobody's key.
    return status == STATUS_INVALID ? STATUS_CORRUPT : status;
}

enum status pairing_client_welcome(struct pairing_client *client, const char *answer, size_t size,
                                   char body[PAIRING_CLIENT_BODY_SIZE])
{
    struct welcome welcome;
    struct json_writer json;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t confirm[PAIRING_CONFIRM_SIZE];

    enum status status = read_welcome(client, answer, size, &welcome);
    if (status == STATUS_OK) {
        status = agree(client, &welcome, digest);
    }
    constant_time_wipe(client->private_key, sizeof client->private_key);
    if (status == STATUS_OK) {
        status = pairing_confirm_client(client->crypto, &client->keys, digest, confirm);
    }
    if (status != STATUS_OK) {
        return status;
    }
    begin(&json, body);
    write_bytes(&json, "confirm", confirm, sizeof confirm);
    return finish(&json);
}

enum status pairing_client_session(struct pairing_client *client, const char *answer, size_t size)
{
    struct json_reader json;
    client->place.n = 0;
    return json_reader_open(&json, answer, size) == STATUS_OK &&
                   read_bytes(&json, "sid", client->place.session_id,
                              sizeof client->place.session_id)
               ? STATUS_OK
               : STATUS_INVALID;
}

enum status pairing_client_seal(struct pairing_client *client, const char *text,
                                char body[PAIRING_CLIENT_BODY_SIZE])
{
    struct json_writer json;
    uint8_t sealed[SEALED_LIMIT];
    char encoded[BASE64URL_LENGTH(SEALED_LIMIT) + 1];
    const size_t size = strlen(text);

    if (size > PAIRING_CLIENT_TEXT_LIMIT) {
        return STATUS_FULL;
    }
    client->place.n += client->place.n % 2 + 1; // The next odd number.
    const enum status status =
        pairing_seal(client->crypto, client->keys.session, &client->place,
                     (struct crypto_part){ text, size }, sealed, sizeof sealed);
    if (status != STATUS_OK) {
        return status;
    }
    base64url_encode(sealed, size + CRYPTO_TAG_SIZE, encoded);
    begin(&json, body);
    json_writer_integer(&json, "v", PAIRING_SEALED_VERSION);
    write_bytes(&json, "sid", client->place.session_id, sizeof client->place.session_id);
    json_writer_unsigned(&json, "n", client->place.n);
    json_writer_string(&json, "ct", encoded);
    return finish(&json);
}

enum status pairing_client_open(struct pairing_client *client, const char *answer, size_t size,
                                char *text, size_t capacity)
{
    struct json_reader json;
    struct pairing_place place = client->place;
    char encoded[BASE64URL_LENGTH(SEALED_LIMIT) + 1];
    uint8_t sealed[SEALED_LIMIT];
    int64_t n = 0;
    size_t sealed_size = 0;

    place.n++;
    if (json_reader_open(&json, answer, size) != STATUS_OK ||
        !has_version(&json, PAIRING_SEALED_VERSION) ||
        json_reader_integer(&json, "n", &n) != STATUS_OK || n < 0 || (uint64_t)n != place.n ||
        json_reader_string(&json, "ct", encoded, sizeof encoded) != STATUS_OK ||
        base64url_decode(encoded, strlen(encoded), sealed, sizeof sealed, &sealed_size) !=
            STATUS_OK ||
        sealed_size < CRYPTO_TAG_SIZE) {
        return STATUS_INVALID;
    }
    const size_t text_size = sealed_size - CRYPTO_TAG_SIZE;
    if (text_size >= capacity) {
        return STATUS_FULL;
    }
    const enum status status =
        pairing_open(client->crypto, client->keys.session, &place,
                     (struct crypto_part){ sealed, sealed_size }, (uint8_t *)text, text_size);
    if (status == STATUS_OK) {
        client->place.n = place.n;
        text[text_size] = '\0';
    }
    return status;
}

void pairing_client_end(struct pairing_client *client)
{
    constant_time_wipe(client, sizeof *client);
}
