// SPDX-License-Identifier: MIT

/// Whatever DER a client comes with, its name is a good one or empty.

#include <stdint.h>
#include <string.h>

#include "guard_certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct guard_certificate certificate;
    const unsigned char *at = data;
    if (size > 65536) {
        return 0;
    }
    X509 *x509 = d2i_X509(NULL, &at, (long)size);
    if (x509 != NULL && guard_certificate_read(x509, &certificate)) {
        const size_t name_size = strlen(certificate.name);
        if (name_size > 0 && !identity_name_is_good(certificate.name, name_size)) {
            __builtin_trap();
        }
    }
    X509_free(x509);
    return 0;
}
