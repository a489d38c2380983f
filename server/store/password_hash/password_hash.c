// SPDX-License-Identifier: MIT
#include "password_hash.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <argon2.h>
#include <openssl/evp.h>

enum { SALT_SIZE = 16, KEY_SIZE = 32, LANES = 1 };

struct password_hash {
    struct password_hash_parameters parameters;
    atomic_int running;
};

static enum status fill_random(void *ctx, uint8_t *out, size_t size)
{
    (void)ctx;
    size_t filled = 0;
    while (filled < size) {
        const ssize_t got = getrandom(out + filled, size - filled, 0);
        if (got < 0 && errno != EINTR) {
            return STATUS_IO;
        }
        filled += got > 0 ? (size_t)got : 0;
    }
    return STATUS_OK;
}

static enum status digest(void *ctx, const void *data, size_t size,
                          uint8_t out[ACCOUNT_DIGEST_SIZE])
{
    (void)ctx;
    unsigned written = 0;
    const int done = EVP_Digest(data, size, out, &written, EVP_sha256(), NULL);
    return done == 1 && written == ACCOUNT_DIGEST_SIZE ? STATUS_OK : STATUS_IO;
}

static bool begin(struct password_hash *hash)
{
    if (atomic_fetch_add(&hash->running, 1) >= PASSWORD_HASH_AT_ONCE) {
        (void)atomic_fetch_sub(&hash->running, 1);
        return false;
    }
    return true;
}

static enum status hash_password(void *ctx, const char *password, char out[PASSWORD_HASH_SIZE])
{
    struct password_hash *hash = ctx;
    uint8_t salt[SALT_SIZE];

    enum status status = fill_random(NULL, salt, sizeof salt);
    if (status != STATUS_OK) {
        return status;
    }
    if (!begin(hash)) {
        return STATUS_BUSY;
    }
    const int failed = argon2id_hash_encoded(hash->parameters.passes, hash->parameters.memory_kib,
                                             LANES, password, strlen(password), salt, sizeof salt,
                                             KEY_SIZE, out, PASSWORD_HASH_SIZE);
    (void)atomic_fetch_sub(&hash->running, 1);
    return failed == ARGON2_OK ? STATUS_OK : STATUS_IO;
}

static enum status verify_password(void *ctx, const char *password, const char *encoded)
{
    struct password_hash *hash = ctx;
    if (!begin(hash)) {
        return STATUS_BUSY;
    }
    const int failed = argon2id_verify(encoded, password, strlen(password));
    (void)atomic_fetch_sub(&hash->running, 1);
    if (failed == ARGON2_OK) {
        return STATUS_OK;
    }
    if (failed == ARGON2_VERIFY_MISMATCH) {
        return STATUS_INVALID;
    }
    return failed == ARGON2_MEMORY_ALLOCATION_ERROR ? STATUS_IO : STATUS_CORRUPT;
}

/// The number behind `name` in a PHC string; 0 when there is none.
static unsigned long number_after(const char *encoded, const char *name)
{
    const char *at = strstr(encoded, name);
    return at != NULL ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static bool is_outdated(void *ctx, const char *encoded)
{
    static const char kind[] = "$argon2id$v=19$";
    const struct password_hash *hash = ctx;
    return strncmp(encoded, kind, sizeof kind - 1) != 0 ||
           number_after(encoded, "$m=") < hash->parameters.memory_kib ||
           number_after(encoded, ",t=") < hash->parameters.passes;
}

enum status password_hash_open(struct password_hash_parameters parameters,
                               struct account_crypto *out)
{
    struct password_hash *hash = calloc(1, sizeof *hash);
    if (hash == NULL) {
        return STATUS_IO;
    }
    hash->parameters.memory_kib =
        parameters.memory_kib != 0 ? parameters.memory_kib : PASSWORD_HASH_MEMORY_KIB;
    hash->parameters.passes = parameters.passes != 0 ? parameters.passes : PASSWORD_HASH_PASSES;
    *out = (struct account_crypto){
        .random = fill_random,
        .digest = digest,
        .hash_password = hash_password,
        .verify_password = verify_password,
        .is_outdated = is_outdated,
        .ctx = hash,
    };
    return STATUS_OK;
}

void password_hash_close(struct account_crypto *crypto)
{
    free(crypto->ctx);
    crypto->ctx = NULL;
}
