// SPDX-License-Identifier: MIT

/// Any bytes as a certificate request: a verdict, never a crash, and a sound one has a key of the
/// curve and names without a terminator's want.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certificate_request_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct certificate_request request;
    for (unsigned form = REQUEST_FORM_TEXT; form <= REQUEST_FORM_BASE64; form++) {
        if (certificate_request_read((enum request_form)form, data, size, &request) ==
                REQUEST_SOUND &&
            (request.key[0] != 0x04 || strlen(request.common_name) >= CERTIFICATE_NAME_SIZE ||
             strlen(request.name) >= CERTIFICATE_NAME_SIZE)) {
            abort();
        }
    }
    return 0;
}
