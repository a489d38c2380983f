// SPDX-License-Identifier: MIT
#include "certificate_file.h"

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum status certificate_file_read(const char *path, uint8_t fingerprint[CRYPTO_SHA256_SIZE],
                                  char name[CERTIFICATE_NAME_SIZE])
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return STATUS_MISSING;
    }
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    (void)fclose(file);
    unsigned size = 0;
    const bool good = certificate != NULL &&
                      X509_digest(certificate, EVP_sha256(), fingerprint, &size) == 1 &&
                      size == CRYPTO_SHA256_SIZE &&
                      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                                name, CERTIFICATE_NAME_SIZE) > 0;
    X509_free(certificate);
    return good ? STATUS_OK : STATUS_CORRUPT;
}
