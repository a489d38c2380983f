// SPDX-License-Identifier: MIT
#include "json_text.h"

enum {
    HIGH_SURROGATE = 0xD800,
    LOW_SURROGATE = 0xDC00,
    SURROGATE_END = 0xE000,
    CODE_POINT_END = 0x110000,
};

static enum status read_hex4(const char *text, size_t size, size_t *position, uint32_t *out)
{
    uint32_t value = 0;

    if (size - *position < 4) {
        return STATUS_CORRUPT;
    }
    for (unsigned i = 0; i < 4; i++) {
        const char digit = text[(*position)++];
        value <<= 4;
        if (digit >= '0' && digit <= '9') {
            value |= (uint32_t)(digit - '0');
        } else if (digit >= 'a' && digit <= 'f') {
            value |= (uint32_t)(digit - 'a' + 10);
        } else if (digit >= 'A' && digit <= 'F') {
            value |= (uint32_t)(digit - 'A' + 10);
        } else {
            return STATUS_CORRUPT;
        }
    }
    *out = value;
    return STATUS_OK;
}

static enum status read_unicode_escape(const char *text, size_t size, size_t *position,
                                       uint32_t *out)
{
    uint32_t low = 0;

    if (read_hex4(text, size, position, out) != STATUS_OK || *out == 0) {
        return STATUS_CORRUPT;
    }
    if (*out < HIGH_SURROGATE || *out >= SURROGATE_END) {
        return STATUS_OK;
    }
    if (*out >= LOW_SURROGATE || size - *position < 6 || text[*position] != '\\' ||
        text[*position + 1] != 'u') {
        return STATUS_CORRUPT;
    }
    *position += 2;
    if (read_hex4(text, size, position, &low) != STATUS_OK || low < LOW_SURROGATE ||
        low >= SURROGATE_END) {
        return STATUS_CORRUPT;
    }
    *out = 0x10000u + ((*out - HIGH_SURROGATE) << 10) + (low - LOW_SURROGATE);
    return STATUS_OK;
}

static enum status read_escape(const char *text, size_t size, size_t *position, uint32_t *out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";

    if (*position >= size) {
        return STATUS_CORRUPT;
    }
    const char letter = text[(*position)++];
    if (letter == 'u') {
        return read_unicode_escape(text, size, position, out);
    }
    for (unsigned i = 0; letters[i] != '\0'; i++) {
        if (letters[i] == letter) {
            *out = (uint32_t)meanings[i];
            return STATUS_OK;
        }
    }
    return STATUS_CORRUPT;
}

/// RFC 3629, section 3: length by the first byte, shortest form, no surrogates.
static enum status read_utf8(const char *text, size_t size, size_t *position, uint32_t *out)
{
    static const uint32_t smallest[] = { 0, 0x80, 0x800, 0x10000 };
    const unsigned char first = (unsigned char)text[(*position)++];
    unsigned more = 0;
    uint32_t value = 0;

    if (first >= 0xC2 && first <= 0xDF) {
        more = 1;
        value = first & 0x1Fu;
    } else if (first >= 0xE0 && first <= 0xEF) {
        more = 2;
        value = first & 0x0Fu;
    } else if (first >= 0xF0 && first <= 0xF4) {
        more = 3;
        value = first & 0x07u;
    } else {
        return STATUS_CORRUPT;
    }
    for (unsigned i = 0; i < more; i++) {
        if (*position >= size || ((unsigned char)text[*position] & 0xC0u) != 0x80u) {
            return STATUS_CORRUPT;
        }
        value = value << 6 | ((unsigned char)text[(*position)++] & 0x3Fu);
    }
    if (value < smallest[more] || value >= CODE_POINT_END ||
        (value >= HIGH_SURROGATE && value < SURROGATE_END)) {
        return STATUS_CORRUPT;
    }
    *out = value;
    return STATUS_OK;
}

enum status json_text_next(const char *text, size_t size, size_t *position, uint32_t *code_point)
{
    if (*position >= size) {
        return STATUS_CORRUPT;
    }
    const unsigned char byte = (unsigned char)text[*position];
    if (byte < 0x20) {
        return STATUS_CORRUPT;
    }
    if (byte >= 0x80) {
        return read_utf8(text, size, position, code_point);
    }
    (*position)++;
    if (byte == '\\') {
        return read_escape(text, size, position, code_point);
    }
    *code_point = byte == '"' ? (uint32_t)JSON_TEXT_END : byte;
    return STATUS_OK;
}

size_t json_text_utf8(uint32_t code_point, char out[4])
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xC0u | code_point >> 6);
        out[1] = (char)(0x80u | (code_point & 0x3Fu));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xE0u | code_point >> 12);
        out[1] = (char)(0x80u | (code_point >> 6 & 0x3Fu));
        out[2] = (char)(0x80u | (code_point & 0x3Fu));
        return 3;
    }
    out[0] = (char)(0xF0u | code_point >> 18);
    out[1] = (char)(0x80u | (code_point >> 12 & 0x3Fu));
    out[2] = (char)(0x80u | (code_point >> 6 & 0x3Fu));
    out[3] = (char)(0x80u | (code_point & 0x3Fu));
    return 4;
}
