// SPDX-License-Identifier: MIT

/// Any body as an answer: it never becomes a certificate for another device, and as a challenge it
/// is one or none.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "enrolment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t KEY[CERTIFICATE_READER_KEY_SIZE] = { 0x04 };
    const struct enrolment_expectation expected = { "meter-1", KEY };
    uint8_t der[ENROLMENT_CERTIFICATE_LIMIT];
    size_t der_size = 0;
    struct certificate_facts facts;
    uint8_t challenge[ENROLMENT_CHALLENGE_SIZE];

    const enum status found = enrolment_read_challenge(data, size, challenge);
    if (found != STATUS_OK && found != STATUS_CORRUPT) {
        abort();
    }
    if (enrolment_read_answer(data, size, &expected, der, sizeof der, &der_size, &facts) ==
            STATUS_OK &&
        (facts.public_key[1] != 0 || facts.common_name[0] != 'm')) {
        abort();
    }
    return 0;
}
