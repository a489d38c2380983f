// SPDX-License-Identifier: MIT
#include "der_reader.h"

enum { LONG_FORM = 0x80, SHORT_LIMIT = 0x7F, SIGN_BIT = 0x80 };

void der_reader_open(struct der_reader *reader, const uint8_t *der, size_t size)
{
    *reader = (struct der_reader){ .at = der, .left = size };
}

/// Reads a length and tells how many bytes it took; 0 when it is none.
static size_t read_length(const uint8_t *at, size_t left, size_t *length)
{
    if (left >= 1 && at[0] <= SHORT_LIMIT) {
        *length = at[0];
        return 1;
    }
    if (left >= 2 && at[0] == (LONG_FORM | 1) && at[1] > SHORT_LIMIT) {
        *length = at[1];
        return 2;
    }
    if (left >= 3 && at[0] == (LONG_FORM | 2) && at[1] != 0) {
        *length = (size_t)at[1] << 8 | at[2];
        return 3;
    }
    return 0;
}

enum status der_reader_enter(struct der_reader *reader, enum der_tag tag, struct der_reader *inside)
{
    size_t length = 0;

    if (reader->left == 0 || reader->at[0] != tag) {
        return STATUS_CORRUPT;
    }
    const size_t used = read_length(reader->at + 1, reader->left - 1, &length);
    const size_t head = 1 + used;
    if (used == 0 || length > reader->left - head) {
        return STATUS_CORRUPT;
    }
    *inside = (struct der_reader){ .at = reader->at + head, .left = length };
    reader->at += head + length;
    reader->left -= head + length;
    return STATUS_OK;
}

enum status der_reader_unsigned(struct der_reader *reader, const uint8_t **bytes, size_t *size)
{
    struct der_reader next = *reader;
    struct der_reader value;

    const enum status status = der_reader_enter(&next, DER_INTEGER, &value);
    if (status != STATUS_OK || value.left == 0 || (value.at[0] & SIGN_BIT) != 0) {
        return STATUS_CORRUPT;
    }
    // A leading zero only keeps a number from being negative (X.690 clause 8.3.2).
    if (value.at[0] == 0) {
        if (value.left > 1 && (value.at[1] & SIGN_BIT) == 0) {
            return STATUS_CORRUPT;
        }
        value.at++;
        value.left--;
    }
    *bytes = value.at;
    *size = value.left;
    *reader = next;
    return STATUS_OK;
}

bool der_reader_is_at_end(const struct der_reader *reader)
{
    return reader->left == 0;
}
