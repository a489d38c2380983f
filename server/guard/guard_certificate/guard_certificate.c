// SPDX-License-Identifier: MIT
#include "guard_certificate.h"

#include <string.h>
#include <time.h>

#include <openssl/evp.h>

static void read_name(const X509 *x509, char name[IDENTITY_NAME_SIZE])
{
    memset(name, 0, IDENTITY_NAME_SIZE);
    const X509_NAME *subject = X509_get_subject_name(x509);
    const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (first < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) {
        return;
    }
    const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first));
    const char *bytes = (const char *)ASN1_STRING_get0_data(text);
    const int size = ASN1_STRING_length(text);
    if (bytes != NULL && size > 0 && identity_name_is_good(bytes, (size_t)size)) {
        memcpy(name, bytes, (size_t)size);
    }
}

bool guard_certificate_read(const X509 *x509, struct guard_certificate *certificate)
{
    struct tm end;
    unsigned digest_size = 0;

    if (X509_digest(x509, EVP_sha256(), certificate->sha256, &digest_size) != 1 ||
        digest_size != CRYPTO_SHA256_SIZE || ASN1_TIME_to_tm(X509_get0_notAfter(x509), &end) != 1) {
        return false;
    }
    certificate->not_after_s = (int64_t)timegm(&end);
    read_name(x509, certificate->name);
    return true;
}
