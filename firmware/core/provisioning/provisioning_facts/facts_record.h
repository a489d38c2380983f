// SPDX-License-Identifier: MIT
#pragma once

/// The bytes of each fact. For provisioning_facts.c, its tests and its fuzz target only.
///
/// Every record begins with its version. Texts carry their size in front: one byte, two for a
/// token. A record with a byte too few or too many, an unknown version or a value out of range is
/// STATUS_CORRUPT, and what was decoded then is all zero.

#include <stddef.h>
#include <stdint.h>

#include "provisioning_facts.h"

/// `wifi_new`: its number, the credentials if they are on trial, and the device's name.
struct facts_trial {
    uint32_t number;
    bool has_wifi;
    struct wifi_credentials wifi;
    char device_id[PROVISIONING_NAME_LIMIT + 1];
};

struct facts_token {
    uint32_t number;
    char token[PROVISIONING_TOKEN_LIMIT + 1];
};

/// Each writes at most KEY_VALUE_SIZE_LIMIT bytes to `out`. @return the size.
size_t facts_record_encode_trial(const struct facts_trial *trial, uint8_t *out);
size_t facts_record_encode_token(const struct facts_token *token, uint8_t *out);
size_t facts_record_encode_network(const struct wifi_credentials *network, uint8_t *out);
size_t facts_record_encode_identity(const struct provisioning_identity *identity, uint8_t *out);

MUST_CHECK enum status facts_record_decode_trial(struct facts_trial *trial, const uint8_t *in,
                                                 size_t size);
MUST_CHECK enum status facts_record_decode_token(struct facts_token *token, const uint8_t *in,
                                                 size_t size);
MUST_CHECK enum status facts_record_decode_network(struct wifi_credentials *network,
                                                   const uint8_t *in, size_t size);
MUST_CHECK enum status facts_record_decode_identity(struct provisioning_identity *identity,
                                                    const uint8_t *in, size_t size);
