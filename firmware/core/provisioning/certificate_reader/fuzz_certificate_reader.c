// SPDX-License-Identifier: MIT

/// Any bytes as a certificate: what is accepted has a name, a point and an order of times.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certificate_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct certificate_facts facts;

    if (certificate_reader_read(data, size, &facts) != STATUS_OK) {
        return 0;
    }
    const size_t name = strlen(facts.common_name);
    if (name == 0 || name > CERTIFICATE_READER_NAME_LIMIT || facts.public_key[0] != 0x04 ||
        facts.until_s < facts.from_s) {
        abort();
    }
    return 0;
}
