// SPDX-License-Identifier: MIT
#include "certificate_reader.h"

#include <stdbool.h>
#include <string.h>

#include "local_time.h"

// Tags of X.690; 0x20 marks what is made of other values.
enum {
    TAG_INTEGER = 0x02,
    TAG_BIT_STRING = 0x03,
    TAG_OID = 0x06,
    TAG_UTF8 = 0x0C,
    TAG_PRINTABLE = 0x13,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    TAG_VERSION = 0xA0,
};

enum { SIZE_BYTES_LIMIT = 2, DAY_S = 86400, UTC_TIME_DIGITS = 12, GENERALIZED_TIME_DIGITS = 14 };

// Without tag and length: 2.5.4.3, 1.2.840.10045.2.1 and 1.2.840.10045.3.1.7.
static const uint8_t COMMON_NAME[] = { 0x55, 0x04, 0x03 };
static const uint8_t EC_PUBLIC_KEY[] = { 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01 };
static const uint8_t PRIME256V1[] = { 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };

/// Bytes that are read from the front.
struct der {
    const uint8_t *at;
    size_t left;
};

/// Takes the next value's tag and content. The length must be in its shortest form.
static enum status take_any(struct der *in, uint8_t *tag, struct der *content)
{
    if (in->left < 2) {
        return STATUS_CORRUPT;
    }
    *tag = in->at[0];
    size_t size = in->at[1];
    size_t head = 2;
    if (size >= 0x80) {
        const size_t count = size - 0x80;
        if (count == 0 || count > SIZE_BYTES_LIMIT || in->left < 2 + count) {
            return STATUS_CORRUPT;
        }
        size = count == 1 ? in->at[2] : (size_t)(in->at[2] << 8 | in->at[3]);
        head += count;
        if (size < (count == 1 ? 0x80u : 0x100u)) {
            return STATUS_CORRUPT;
        }
    }
    if (in->left - head < size) {
        return STATUS_CORRUPT;
    }
    *content = (struct der){ .at = in->at + head, .left = size };
    in->at += head + size;
    in->left -= head + size;
    return STATUS_OK;
}

static enum status take(struct der *in, uint8_t tag, struct der *content)
{
    uint8_t found = 0;
    const enum status status = take_any(in, &found, content);
    return status == STATUS_OK && found != tag ? STATUS_CORRUPT : status;
}

static enum status skip(struct der *in, uint8_t tag)
{
    struct der content;
    return take(in, tag, &content);
}

static bool is_object(const struct der *content, const uint8_t *oid, size_t size)
{
    return content->left == size && memcmp(content->at, oid, size) == 0;
}

static bool is_date(int32_t year, unsigned month, unsigned day)
{
    return month >= 1 && month <= 12 && day >= 1 && day <= local_time_month_days(year, month);
}

/// Reads UTCTime or GeneralizedTime in the forms of RFC 5280 section 4.1.2.5: seconds and a Z.
static enum status take_time(struct der *in, int64_t *time_s)
{
    struct der text;
    uint8_t tag = 0;
    uint32_t part[7] = { 0 }; // Century, year, month, day, hour, minute, second.

    if (take_any(in, &tag, &text) != STATUS_OK ||
        (tag != TAG_UTC_TIME && tag != TAG_GENERALIZED_TIME)) {
        return STATUS_CORRUPT;
    }
    const size_t digits = tag == TAG_UTC_TIME ? UTC_TIME_DIGITS : GENERALIZED_TIME_DIGITS;
    if (text.left != digits + 1 || text.at[digits] != 'Z') {
        return STATUS_CORRUPT;
    }
    const size_t first = tag == TAG_UTC_TIME ? 1 : 0;
    for (size_t i = 0; i < digits; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return STATUS_CORRUPT;
        }
        part[first + i / 2] = part[first + i / 2] * 10 + (text.at[i] - (uint32_t)'0');
    }
    if (tag == TAG_UTC_TIME) {
        part[0] = part[1] >= 50 ? 19 : 20;
    }
    const int32_t year = (int32_t)(part[0] * 100 + part[1]);
    if (year < 1950 || !is_date(year, part[2], part[3]) || part[4] > 23 || part[5] > 59 ||
        part[6] > 59) {
        return STATUS_CORRUPT;
    }
    *time_s = (int64_t)local_time_days(year, part[2], part[3]) * DAY_S + part[4] * 3600 +
              part[5] * 60 + part[6];
    return STATUS_OK;
}

static enum status take_validity(struct der *in, struct certificate_facts *facts)
{
    struct der validity;
    if (take(in, TAG_SEQUENCE, &validity) != STATUS_OK ||
        take_time(&validity, &facts->from_s) != STATUS_OK ||
        take_time(&validity, &facts->until_s) != STATUS_OK || validity.left != 0 ||
        facts->until_s < facts->from_s) {
        return STATUS_CORRUPT;
    }
    return STATUS_OK;
}

/// Keeps one attribute if it is the common name.
static enum status read_attribute(struct der attribute, struct certificate_facts *facts)
{
    struct der oid;
    struct der value;
    uint8_t tag = 0;

    if (take(&attribute, TAG_OID, &oid) != STATUS_OK ||
        take_any(&attribute, &tag, &value) != STATUS_OK || attribute.left != 0) {
        return STATUS_CORRUPT;
    }
    if (!is_object(&oid, COMMON_NAME, sizeof COMMON_NAME)) {
        return STATUS_OK;
    }
    if (facts->common_name[0] != '\0' || value.left == 0 ||
        value.left > CERTIFICATE_READER_NAME_LIMIT || (tag != TAG_UTF8 && tag != TAG_PRINTABLE)) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < value.left; i++) {
        if (value.at[i] < 0x20 || value.at[i] > 0x7E) {
            return STATUS_INVALID;
        }
    }
    memcpy(facts->common_name, value.at, value.left);
    facts->common_name[value.left] = '\0';
    return STATUS_OK;
}

static enum status take_subject(struct der *in, struct certificate_facts *facts)
{
    struct der name;
    struct der set;
    struct der attribute;

    if (take(in, TAG_SEQUENCE, &name) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    while (name.left > 0) {
        if (take(&name, TAG_SET, &set) != STATUS_OK || set.left == 0) {
            return STATUS_CORRUPT;
        }
        while (set.left > 0) {
            if (take(&set, TAG_SEQUENCE, &attribute) != STATUS_OK) {
                return STATUS_CORRUPT;
            }
            const enum status status = read_attribute(attribute, facts);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    return facts->common_name[0] == '\0' ? STATUS_INVALID : STATUS_OK;
}

static enum status take_key(struct der *in, struct certificate_facts *facts)
{
    struct der info;
    struct der algorithm;
    struct der oid;
    struct der curve;
    struct der bits;

    if (take(in, TAG_SEQUENCE, &info) != STATUS_OK ||
        take(&info, TAG_SEQUENCE, &algorithm) != STATUS_OK ||
        take(&algorithm, TAG_OID, &oid) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    if (!is_object(&oid, EC_PUBLIC_KEY, sizeof EC_PUBLIC_KEY)) {
        return STATUS_INVALID;
    }
    if (take(&algorithm, TAG_OID, &curve) != STATUS_OK || algorithm.left != 0 ||
        take(&info, TAG_BIT_STRING, &bits) != STATUS_OK || info.left != 0) {
        return STATUS_CORRUPT;
    }
    // The first byte of a bit string counts unused bits, of which a key has none.
    if (!is_object(&curve, PRIME256V1, sizeof PRIME256V1) ||
        bits.left != 1 + CERTIFICATE_READER_KEY_SIZE || bits.at[0] != 0 || bits.at[1] != 0x04) {
        return STATUS_INVALID;
    }
    memcpy(facts->public_key, bits.at + 1, CERTIFICATE_READER_KEY_SIZE);
    return STATUS_OK;
}

enum status certificate_reader_read(const uint8_t *der, size_t size,
                                    struct certificate_facts *facts)
{
    struct der in = { .at = der, .left = size };
    struct der whole;
    struct der body;

    *facts = (struct certificate_facts){ .from_s = 0 };
    if (take(&in, TAG_SEQUENCE, &whole) != STATUS_OK || in.left != 0 ||
        take(&whole, TAG_SEQUENCE, &body) != STATUS_OK || skip(&whole, TAG_SEQUENCE) != STATUS_OK ||
        skip(&whole, TAG_BIT_STRING) != STATUS_OK || whole.left != 0) {
        return STATUS_CORRUPT;
    }
    // Version, serial number, signature algorithm, issuer (RFC 5280 section 4.1).
    if ((body.left > 0 && body.at[0] == TAG_VERSION && skip(&body, TAG_VERSION) != STATUS_OK) ||
        skip(&body, TAG_INTEGER) != STATUS_OK || skip(&body, TAG_SEQUENCE) != STATUS_OK ||
        skip(&body, TAG_SEQUENCE) != STATUS_OK || take_validity(&body, facts) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    const enum status status = take_subject(&body, facts);
    return status == STATUS_OK ? take_key(&body, facts) : status;
}
