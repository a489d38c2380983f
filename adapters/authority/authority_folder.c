// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "authority_parts.h"

enum status authority_refuse(char reason[AUTHORITY_REASON_SIZE], enum status status,
                             const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reason, AUTHORITY_REASON_SIZE, format, arguments);
    va_end(arguments);
    return status;
}

void authority_clear(struct authority_pair *pair)
{
    X509_free(pair->certificate);
    EVP_PKEY_free(pair->key);
    *pair = (struct authority_pair){ NULL, NULL };
}

static bool make_path(const struct authority *authority, const char *file,
                      char path[SECRET_FILE_PATH_SIZE])
{
    return snprintf(path, SECRET_FILE_PATH_SIZE, "%s/%s", authority->folder, file) <
           SECRET_FILE_PATH_SIZE;
}

static enum status read_certificate(const struct authority *authority, const char *file,
                                    X509 **certificate, char reason[AUTHORITY_REASON_SIZE])
{
    char path[SECRET_FILE_PATH_SIZE];
    char pem[2 * AUTHORITY_PEM_SIZE];
    size_t size = 0;
    if (!make_path(authority, file, path)) {
        return authority_refuse(reason, STATUS_INVALID, "the folder's name is too long");
    }
    const enum status status = secret_file_read(path, pem, sizeof pem, &size);
    if (status == STATUS_MISSING) {
        return STATUS_OK;
    }
    BIO *bio = status == STATUS_OK ? BIO_new_mem_buf(pem, (int)size) : NULL;
    *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return *certificate != NULL
               ? STATUS_OK
               : authority_refuse(reason, STATUS_INVALID,
                                  "%s cannot be read as a certificate; restore it from a backup",
                                  path);
}

static int no_password(char *buffer, int size, int writing, void *ctx)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

static enum status read_key(const struct authority *authority, const char *file, EVP_PKEY **key,
                            char reason[AUTHORITY_REASON_SIZE])
{
    char path[SECRET_FILE_PATH_SIZE];
    char pem[AUTHORITY_PEM_SIZE];
    size_t size = 0;
    if (!make_path(authority, file, path)) {
        return authority_refuse(reason, STATUS_INVALID, "the folder's name is too long");
    }
    const enum status status = secret_file_read(path, pem, sizeof pem, &size);
    if (status == STATUS_MISSING) {
        return STATUS_OK;
    }
    BIO *bio = status == STATUS_OK ? BIO_new_mem_buf(pem, (int)size) : NULL;
    *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    OPENSSL_cleanse(pem, sizeof pem);
    if (*key == NULL) {
        return authority_refuse(reason, STATUS_INVALID,
                                "%s cannot be read as a private key; restore it from a backup",
                                path);
    }
    if (secret_file_is_open_to_others(path)) {
        return authority_refuse(reason, STATUS_INVALID,
                                "%s can be read by other users: chmod 600, and ask who has a copy",
                                path);
    }
    return STATUS_OK;
}

enum status authority_load(const struct authority *authority, const char *name,
                           const char *certificate_file, const char *key_file,
                           struct authority_pair *pair, char reason[AUTHORITY_REASON_SIZE])
{
    enum status status = read_certificate(authority, certificate_file, &pair->certificate, reason);
    if (status == STATUS_OK) {
        status = read_key(authority, key_file, &pair->key, reason);
    }
    if (status == STATUS_OK && pair->certificate != NULL && pair->key != NULL &&
        X509_check_private_key(pair->certificate, pair->key) != 1) {
        status = authority_refuse(reason, STATUS_INVALID,
                                  "%s: key and certificate of %s do not belong together; restore "
                                  "both from one backup",
                                  authority->folder, name);
    }
    return status;
}

static enum status write_file(const struct authority *authority, const char *file, const void *data,
                              size_t size, mode_t mode, char reason[AUTHORITY_REASON_SIZE])
{
    char path[SECRET_FILE_PATH_SIZE];
    if (authority->options.read_only) {
        return authority_refuse(reason, STATUS_INVALID, "%s/%s is missing or must be renewed",
                                authority->folder, file);
    }
    if (!make_path(authority, file, path) ||
        secret_file_write(path, data, size, mode, authority->options.probe) != STATUS_OK) {
        return authority_refuse(reason, STATUS_IO, "%s/%s cannot be written", authority->folder,
                                file);
    }
    return STATUS_OK;
}

enum status authority_need_key(const struct authority *authority, const char *key_file,
                               struct authority_pair *pair, char reason[AUTHORITY_REASON_SIZE])
{
    if (pair->key != NULL) {
        return STATUS_OK;
    }
    pair->key = certificate_make_key();
    BIO *bio = BIO_new(BIO_s_secmem());
    char *pem = NULL;
    enum status status = STATUS_IO;
    if (pair->key != NULL && bio != NULL &&
        PEM_write_bio_PKCS8PrivateKey(bio, pair->key, NULL, NULL, 0, NULL, NULL) == 1) {
        const long size = BIO_get_mem_data(bio, &pem);
        status = write_file(authority, key_file, pem, (size_t)size, 0600, reason);
    } else {
        status = authority_refuse(reason, STATUS_IO, "no key can be made");
    }
    BIO_free(bio);
    if (status != STATUS_OK) {
        EVP_PKEY_free(pair->key);
        pair->key = NULL;
    }
    return status;
}

enum status authority_write_pem(X509 *certificate, char *out, size_t capacity)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    enum status status = STATUS_IO;
    if (bio != NULL && PEM_write_bio_X509(bio, certificate) == 1) {
        const size_t size = (size_t)BIO_get_mem_data(bio, &pem);
        status = size < capacity ? STATUS_OK : STATUS_FULL;
        if (status == STATUS_OK) {
            memcpy(out, pem, size);
            out[size] = '\0';
        }
    }
    BIO_free(bio);
    return status;
}

enum status authority_certify(const struct authority *authority, const char *certificate_file,
                              const struct certificate_recipe *recipe, const char *chain,
                              struct authority_pair *pair, char reason[AUTHORITY_REASON_SIZE])
{
    char pem[AUTHORITY_PEM_SIZE];
    X509 *fresh = certificate_make(recipe);
    enum status status = fresh != NULL ? authority_write_pem(fresh, pem, sizeof pem) : STATUS_IO;
    const size_t size = status == STATUS_OK ? strlen(pem) : 0;
    if (status == STATUS_OK && chain != NULL) {
        status = snprintf(pem + size, sizeof pem - size, "%s", chain) < (int)(sizeof pem - size)
                     ? STATUS_OK
                     : STATUS_IO;
    }
    if (status == STATUS_OK) {
        status = write_file(authority, certificate_file, pem, strlen(pem), 0644, reason);
    } else {
        status = authority_refuse(reason, STATUS_IO, "the certificate of %s cannot be made",
                                  recipe->common_name);
    }
    if (status != STATUS_OK) {
        X509_free(fresh);
        return status;
    }
    X509_free(pair->certificate);
    pair->certificate = fresh;
    return STATUS_OK;
}
