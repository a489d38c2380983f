// SPDX-License-Identifier: MIT
#include "facts_record.h"

#include <string.h>

#include "bytes.h"

enum { VERSION = 1 };

_Static_assert(2 + 4 + 1 + 2 + WIFI_SSID_LIMIT + WIFI_PASSWORD_LIMIT + 1 +
                       PROVISIONING_NAME_LIMIT <=
                   KEY_VALUE_SIZE_LIMIT,
               "a trial fits one value");
_Static_assert(1 + 4 + 2 + PROVISIONING_TOKEN_LIMIT <= KEY_VALUE_SIZE_LIMIT,
               "a token fits one value");

/// Bytes that are read from the front. Once there are too few, all that follows is empty.
struct source {
    const uint8_t *at;
    size_t left;
    bool failed;
};

static const uint8_t *take(struct source *in, size_t size)
{
    if (in->failed || in->left < size) {
        in->failed = true;
        return NULL;
    }
    const uint8_t *at = in->at;
    in->at += size;
    in->left -= size;
    return at;
}

static uint8_t take_byte(struct source *in, uint8_t limit)
{
    const uint8_t *at = take(in, 1);
    if (at == NULL || *at > limit) {
        in->failed = true;
        return 0;
    }
    return *at;
}

static uint64_t take_number(struct source *in, size_t size)
{
    const uint8_t *at = take(in, size);
    uint64_t value = 0;
    for (size_t i = size; at != NULL && i > 0; i--) {
        value = value << 8 | at[i - 1];
    }
    return value;
}

/// Copies `size` bytes without a NUL to `out`, which has been zeroed and has room for one more.
static void take_text(struct source *in, size_t size, size_t limit, char *out)
{
    const uint8_t *at = size <= limit ? take(in, size) : NULL;
    if (at == NULL || memchr(at, '\0', size) != NULL) {
        in->failed = true;
        return;
    }
    memcpy(out, at, size);
}

static struct source open_record(const uint8_t *record, size_t size)
{
    struct source in = { .at = record, .left = size };
    in.failed = take_byte(&in, UINT8_MAX) != VERSION;
    return in;
}

static bool is_whole(const struct source *in)
{
    return !in->failed && in->left == 0;
}

static size_t put_text(uint8_t *out, size_t at, const char *text)
{
    const size_t size = strlen(text);
    out[at] = (uint8_t)size;
    memcpy(out + at + 1, text, size);
    return at + 1 + size;
}

static size_t put_wifi(uint8_t *out, size_t at, const struct wifi_credentials *wifi)
{
    out[at] = wifi->ssid_size;
    memcpy(out + at + 1, wifi->ssid, wifi->ssid_size);
    return put_text(out, at + 1 + wifi->ssid_size, wifi->password);
}

static void take_wifi(struct source *in, struct wifi_credentials *wifi)
{
    const uint8_t size = take_byte(in, WIFI_SSID_LIMIT);
    const uint8_t *ssid = take(in, size);
    if (ssid == NULL || size == 0) {
        in->failed = true;
        return;
    }
    memcpy(wifi->ssid, ssid, size);
    wifi->ssid_size = size;
    take_text(in, take_byte(in, WIFI_PASSWORD_LIMIT), WIFI_PASSWORD_LIMIT, wifi->password);
}

size_t facts_record_encode_trial(const struct facts_trial *trial, uint8_t *out)
{
    out[0] = VERSION;
    bytes_store_le32(out + 1, trial->number);
    out[5] = trial->has_wifi ? 1 : 0;
    const size_t size = trial->has_wifi ? put_wifi(out, 6, &trial->wifi) : 6;
    return put_text(out, size, trial->device_id);
}

enum status facts_record_decode_trial(struct facts_trial *trial, const uint8_t *record, size_t size)
{
    struct source in = open_record(record, size);

    *trial = (struct facts_trial){ .number = (uint32_t)take_number(&in, sizeof(uint32_t)) };
    trial->has_wifi = take_byte(&in, 1) == 1;
    if (trial->has_wifi) {
        take_wifi(&in, &trial->wifi);
    }
    take_text(&in, take_byte(&in, PROVISIONING_NAME_LIMIT), PROVISIONING_NAME_LIMIT,
              trial->device_id);
    if (is_whole(&in)) {
        return STATUS_OK;
    }
    *trial = (struct facts_trial){ .number = 0 };
    return STATUS_CORRUPT;
}

size_t facts_record_encode_token(const struct facts_token *token, uint8_t *out)
{
    const size_t size = strlen(token->token);
    out[0] = VERSION;
    bytes_store_le32(out + 1, token->number);
    bytes_store_le16(out + 5, (uint16_t)size);
    memcpy(out + 7, token->token, size);
    return 7 + size;
}

enum status facts_record_decode_token(struct facts_token *token, const uint8_t *record, size_t size)
{
    struct source in = open_record(record, size);

    *token = (struct facts_token){ .number = (uint32_t)take_number(&in, sizeof(uint32_t)) };
    take_text(&in, (size_t)take_number(&in, sizeof(uint16_t)), PROVISIONING_TOKEN_LIMIT,
              token->token);
    if (is_whole(&in)) {
        return STATUS_OK;
    }
    *token = (struct facts_token){ .number = 0 };
    return STATUS_CORRUPT;
}

size_t facts_record_encode_network(const struct wifi_credentials *network, uint8_t *out)
{
    out[0] = VERSION;
    return put_wifi(out, 1, network);
}

enum status facts_record_decode_network(struct wifi_credentials *network, const uint8_t *record,
                                        size_t size)
{
    struct source in = open_record(record, size);

    *network = (struct wifi_credentials){ .ssid_size = 0 };
    take_wifi(&in, network);
    if (is_whole(&in)) {
        return STATUS_OK;
    }
    *network = (struct wifi_credentials){ .ssid_size = 0 };
    return STATUS_CORRUPT;
}

static size_t put_validity(uint8_t *out, size_t at, const struct provisioning_validity *validity)
{
    bytes_store_le64(out + at, (uint64_t)validity->from_s);
    bytes_store_le64(out + at + 8, (uint64_t)validity->until_s);
    bytes_store_le64(out + at + 16, (uint64_t)validity->renew_s);
    return at + 24;
}

static struct provisioning_validity take_validity(struct source *in)
{
    struct provisioning_validity validity;
    validity.from_s = (int64_t)take_number(in, sizeof(uint64_t));
    validity.until_s = (int64_t)take_number(in, sizeof(uint64_t));
    validity.renew_s = (int64_t)take_number(in, sizeof(uint64_t));
    in->failed |= validity.until_s < validity.from_s;
    return validity;
}

size_t facts_record_encode_identity(const struct provisioning_identity *identity, uint8_t *out)
{
    out[0] = VERSION;
    out[1] = identity->is_certified ? 1 : 0;
    out[2] = identity->slot == KEYSTORE_IDENTITY_B ? 1 : 0;
    out[3] = (uint8_t)identity->next;
    size_t size = put_validity(out, 4, &identity->validity);
    size = put_validity(out, size, &identity->next_validity);
    return put_text(out, size, identity->device_id);
}

enum status facts_record_decode_identity(struct provisioning_identity *identity,
                                         const uint8_t *record, size_t size)
{
    struct source in = open_record(record, size);
    struct provisioning_identity found = { .is_certified = take_byte(&in, 1) == 1 };

    found.slot = take_byte(&in, 1) == 1 ? KEYSTORE_IDENTITY_B : KEYSTORE_IDENTITY_A;
    found.next =
        (enum provisioning_next_stage)take_byte(&in, (uint8_t)(PROVISIONING_NEXT_STAGE_COUNT - 1));
    found.validity = take_validity(&in);
    found.next_validity = take_validity(&in);
    take_text(&in, take_byte(&in, PROVISIONING_NAME_LIMIT), PROVISIONING_NAME_LIMIT,
              found.device_id);
    in.failed |= found.is_certified && found.device_id[0] == '\0';
    if (!is_whole(&in)) {
        found = (struct provisioning_identity){ .slot = KEYSTORE_IDENTITY_B };
    }
    *identity = found;
    return is_whole(&in) ? STATUS_OK : STATUS_CORRUPT;
}
