// SPDX-License-Identifier: MIT
#include <pthread.h>

#include "psa_crypto.h"
#include "psa_parts.h"

/// Of the library's own store and generator, of which a program has one each.
static pthread_mutex_t store_lock = PTHREAD_MUTEX_INITIALIZER;

enum status psa_key_take(struct psa_key *key, psa_key_type_t type, psa_key_usage_t usage,
                         psa_algorithm_t algorithm, struct crypto_part material)
{
    psa_key_attributes_t attributes = psa_key_attributes_init();

    psa_set_key_type(&attributes, type);
    psa_set_key_usage_flags(&attributes, usage);
    psa_set_key_algorithm(&attributes, algorithm);
    if (pthread_mutex_lock(&store_lock) != 0) {
        return STATUS_IO;
    }
    const psa_status_t result = psa_import_key(&attributes, material.data, material.size, &key->id);
    psa_reset_key_attributes(&attributes);
    if (result == PSA_SUCCESS) {
        return STATUS_OK;
    }
    (void)pthread_mutex_unlock(&store_lock);
    return result == PSA_ERROR_INVALID_ARGUMENT || result == PSA_ERROR_NOT_SUPPORTED
               ? STATUS_INVALID
               : STATUS_IO;
}

enum status psa_key_make(struct psa_key *key, psa_key_type_t type, size_t bits,
                         psa_key_usage_t usage)
{
    psa_key_attributes_t attributes = psa_key_attributes_init();

    psa_set_key_type(&attributes, type);
    psa_set_key_bits(&attributes, bits);
    psa_set_key_usage_flags(&attributes, usage);
    if (pthread_mutex_lock(&store_lock) != 0) {
        return STATUS_IO;
    }
    const psa_status_t result = psa_generate_key(&attributes, &key->id);
    psa_reset_key_attributes(&attributes);
    if (result == PSA_SUCCESS) {
        return STATUS_OK;
    }
    (void)pthread_mutex_unlock(&store_lock);
    return STATUS_IO;
}

enum status psa_key_drop(const struct psa_key *key, enum status status)
{
    const psa_status_t destroyed = psa_destroy_key(key->id);
    const int unlocked = pthread_mutex_unlock(&store_lock);
    return status == STATUS_OK && (destroyed != PSA_SUCCESS || unlocked != 0) ? STATUS_IO : status;
}

enum status psa_crypto_random(void *out, size_t size)
{
    if (pthread_mutex_lock(&store_lock) != 0) {
        return STATUS_IO;
    }
    const psa_status_t result = psa_generate_random(out, size);
    return pthread_mutex_unlock(&store_lock) == 0 && result == PSA_SUCCESS ? STATUS_OK : STATUS_IO;
}
