// SPDX-License-Identifier: MIT

/// Any bytes as a certificate request: a verdict, never a crash, and a sound one has a key of the
/// curve and names with an end. The bytes are tried as text, and as the DER behind it.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "certificate_request_reader.h"

enum { DER_TRIED = 3000 }; ///< Longer than any request worth a look.

static void try_form(enum request_form form, const void *text, size_t size)
{
    struct certificate_request request;
    if (certificate_request_read(form, text, size, &request) == REQUEST_SOUND &&
        (request.key[0] != 0x04 || strlen(request.common_name) >= CERTIFICATE_NAME_SIZE ||
         strlen(request.name) >= CERTIFICATE_NAME_SIZE)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char base64[DER_TRIED * 4 / 3 + 8];
    try_form(REQUEST_FORM_TEXT, data, size);
    try_form(REQUEST_FORM_BASE64, data, size);
    if (size <= DER_TRIED) {
        const int length = EVP_EncodeBlock((unsigned char *)base64, data, (int)size);
        try_form(REQUEST_FORM_BASE64, base64, (size_t)length);
    }
    return 0;
}
