// SPDX-License-Identifier: MIT

/// Any bytes as each of the records: what is accepted encodes to the same bytes.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts_record.h"

static void check(size_t encoded_size, const uint8_t *encoded, const uint8_t *data, size_t size)
{
    if (encoded_size != size || memcmp(encoded, data, size) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[KEY_VALUE_SIZE_LIMIT];
    struct facts_trial trial;
    struct facts_token token;
    struct wifi_credentials network;
    struct provisioning_identity identity;

    if (size < 1 || size > KEY_VALUE_SIZE_LIMIT) {
        return 0;
    }
    const uint8_t *record = data + 1;
    const size_t rest = size - 1;
    if (data[0] % 4 == 0 && facts_record_decode_trial(&trial, record, rest) == STATUS_OK) {
        check(facts_record_encode_trial(&trial, out), out, record, rest);
    }
    if (data[0] % 4 == 1 && facts_record_decode_token(&token, record, rest) == STATUS_OK) {
        check(facts_record_encode_token(&token, out), out, record, rest);
    }
    if (data[0] % 4 == 2 && facts_record_decode_network(&network, record, rest) == STATUS_OK) {
        check(facts_record_encode_network(&network, out), out, record, rest);
    }
    if (data[0] % 4 == 3 && facts_record_decode_identity(&identity, record, rest) == STATUS_OK) {
        check(facts_record_encode_identity(&identity, out), out, record, rest);
    }
    return 0;
}
