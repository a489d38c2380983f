// SPDX-License-Identifier: MIT
#include "certificate_key.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/x509.h>

enum status certificate_key_read(const uint8_t *der, size_t size,
                                 uint8_t key[CRYPTO_P256_PUBLIC_SIZE])
{
    const uint8_t *at = der;
    char group[32] = "";
    size_t key_size = 0;
    X509 *certificate = size <= INT_MAX ? d2i_X509(NULL, &at, (long)size) : NULL;
    if (certificate == NULL || at != der + size) {
        X509_free(certificate);
        return STATUS_CORRUPT;
    }
    const EVP_PKEY *found = X509_get0_pubkey(certificate);
    const bool good = found != NULL &&
                      EVP_PKEY_get_utf8_string_param(found, OSSL_PKEY_PARAM_GROUP_NAME, group,
                                                     sizeof group, NULL) == 1 &&
                      strcmp(group, "prime256v1") == 0 &&
                      EVP_PKEY_get_octet_string_param(found, OSSL_PKEY_PARAM_PUB_KEY, key,
                                                      CRYPTO_P256_PUBLIC_SIZE, &key_size) == 1 &&
                      key_size == CRYPTO_P256_PUBLIC_SIZE &&
                      key[0] == POINT_CONVERSION_UNCOMPRESSED;
    X509_free(certificate);
    return good ? STATUS_OK : STATUS_INVALID;
}
