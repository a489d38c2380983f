// SPDX-License-Identifier: MIT
#include "command_key.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base64url.h"
#include "ecdsa_der.h"
#include "secret_file.h"

enum { PEM_SIZE = 1024, SECRET_MODE = 0600, PUBLIC_MODE = 0644 };

struct command_key {
    EVP_PKEY *key;
    char text[COMMAND_KEY_TEXT_SIZE];
};

__attribute__((format(printf, 3, 4))) static enum status refuse(char *reason, enum status status,
                                                                const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reason, COMMAND_KEY_REASON_SIZE, format, arguments);
    va_end(arguments);
    return status;
}

/// The public key as an uncompressed point. @return false  it is no key on P-256.
static bool read_point(const EVP_PKEY *key, uint8_t point[CRYPTO_P256_PUBLIC_SIZE])
{
    char group[32] = "";
    size_t size = 0;
    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                          NULL) == 1 &&
           strcmp(group, "prime256v1") == 0 &&
           EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                           CRYPTO_P256_PUBLIC_SIZE, &size) == 1 &&
           size == CRYPTO_P256_PUBLIC_SIZE && point[0] == POINT_CONVERSION_UNCOMPRESSED;
}

static EVP_PKEY *parse(const char *pem, size_t size)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    (void)BIO_free(bio);
    return key;
}

static enum status write_key(const EVP_PKEY *key, const char *path)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *pem = NULL;
    enum status status = STATUS_IO;
    if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        const long size = BIO_get_mem_data(bio, &pem);
        status = secret_file_write(path, pem, (size_t)size, SECRET_MODE, NULL);
    }
    (void)BIO_free(bio);
    return status;
}

static enum status make(const char *path, EVP_PKEY **key, char *reason)
{
    *key = EVP_EC_gen("P-256");
    if (*key == NULL || write_key(*key, path) != STATUS_OK) {
        return refuse(reason, STATUS_IO, "%s cannot be written; the folder must be there", path);
    }
    return STATUS_OK;
}

static enum status load(const char *path, EVP_PKEY **key, char *reason)
{
    char pem[PEM_SIZE];
    size_t size = 0;
    const enum status status = secret_file_read(path, pem, sizeof pem, &size);
    if (status == STATUS_MISSING) {
        return make(path, key, reason);
    }
    if (status == STATUS_IO) {
        return refuse(reason, STATUS_IO, "%s cannot be read", path);
    }
    if (secret_file_is_open_to_others(path)) {
        return refuse(reason, STATUS_CORRUPT,
                      "%s can be read by others; whoever has read it can command the fleet: "
                      "'chmod 600' it, and better take a new key to every device",
                      path);
    }
    *key = status == STATUS_OK ? parse(pem, size) : NULL;
    OPENSSL_cleanse(pem, sizeof pem);
    return *key != NULL ? STATUS_OK
                        : refuse(reason, STATUS_CORRUPT,
                                 "%s holds no private key; bring it back from a backup, since the "
                                 "devices believe no other",
                                 path);
}

/// Writes the public key beside the other; it can be made again at any time.
static enum status write_text(const char *path, const char *text, char *reason)
{
    char public_path[SECRET_FILE_PATH_SIZE];
    char line[COMMAND_KEY_TEXT_SIZE + 1];
    const int size = snprintf(line, sizeof line, "%s\n", text);
    if (snprintf(public_path, sizeof public_path, "%s.pub", path) >= (int)sizeof public_path ||
        secret_file_write(public_path, line, (size_t)size, PUBLIC_MODE, NULL) != STATUS_OK) {
        return refuse(reason, STATUS_IO, "%s.pub cannot be written", path);
    }
    return STATUS_OK;
}

enum status command_key_open(const char *path, struct command_key **out,
                             char reason[COMMAND_KEY_REASON_SIZE])
{
    uint8_t point[CRYPTO_P256_PUBLIC_SIZE];
    struct command_key *key = calloc(1, sizeof *key);
    *out = NULL;
    if (key == NULL) {
        return refuse(reason, STATUS_IO, "no memory");
    }
    enum status status = load(path, &key->key, reason);
    if (status == STATUS_OK && !read_point(key->key, point)) {
        status = refuse(reason, STATUS_CORRUPT, "%s holds no key on P-256", path);
    }
    if (status == STATUS_OK) {
        base64url_encode(point, sizeof point, key->text);
        status = write_text(path, key->text, reason);
    }
    if (status != STATUS_OK) {
        command_key_close(key);
        return status;
    }
    *out = key;
    return STATUS_OK;
}

void command_key_close(struct command_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->key);
        free(key);
    }
}

static enum status sign(void *ctx, const uint8_t digest[CRYPTO_SHA256_SIZE],
                        uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    const struct command_key *key = ctx;
    uint8_t der[ECDSA_DER_LIMIT];
    size_t size = sizeof der;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->key, NULL);
    const bool good = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
                      EVP_PKEY_sign(context, der, &size, digest, CRYPTO_SHA256_SIZE) == 1 &&
                      ecdsa_der_decode(der, size, signature) == STATUS_OK;
    EVP_PKEY_CTX_free(context);
    return good ? STATUS_OK : STATUS_IO;
}

struct command_signer command_key_signer(struct command_key *key)
{
    return (struct command_signer){ .sign = sign, .ctx = key };
}

const char *command_key_text(const struct command_key *key)
{
    return key->text;
}
