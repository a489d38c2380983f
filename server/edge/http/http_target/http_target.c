// SPDX-License-Identifier: MIT
#include "http_target.h"

#include <string.h>

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static bool is_graphic(char byte)
{
    return byte > ' ' && byte < 0x7F;
}

/// Decodes [raw, raw + size) to `out` and ends it with NUL. Only graphic ASCII may stand for
/// itself, and nothing may decode to a control character or to anything beyond ASCII, which no
/// name here uses and an answer would have to repeat.
static bool decode(const char *raw, size_t size, bool plus_is_space, char **out)
{
    char *at = *out;
    for (size_t i = 0; i < size; i++) {
        char byte = raw[i];
        if (!is_graphic(byte)) {
            return false;
        }
        if (byte == '%') {
            const int high = size - i > 2 ? hex_value(raw[i + 1]) : -1;
            const int low = size - i > 2 ? hex_value(raw[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            const int value = high * 16 + low;
            if (value < 0x20 || value >= 0x7F) {
                return false;
            }
            byte = (char)value;
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        *at++ = byte;
    }
    *at++ = '\0';
    *out = at;
    return true;
}

/// A segment that means itself: not empty, no dots alone, no separators that were encoded.
static bool is_plain_segment(const char *text, size_t size)
{
    if (size == 0 || (size == 1 && text[0] == '.') ||
        (size == 2 && text[0] == '.' && text[1] == '.')) {
        return false;
    }
    return memchr(text, '/', size) == NULL && memchr(text, '\\', size) == NULL;
}

static bool parse_path(struct http_target *out, const char *raw, size_t size, char **at)
{
    out->path = *at;
    if (size == 0 || raw[0] != '/') {
        return false;
    }
    size_t from = 1;
    *(*at)++ = '/';
    if (size == 1) {
        *(*at)++ = '\0';
        return true;
    }
    for (;;) {
        const char *slash = memchr(raw + from, '/', size - from);
        const size_t end = slash != NULL ? (size_t)(slash - raw) : size;
        const char *segment = *at;
        if (!decode(raw + from, end - from, false, at) ||
            !is_plain_segment(segment, (size_t)(*at - segment) - 1)) {
            return false;
        }
        if (slash == NULL) {
            return true;
        }
        (*at)[-1] = '/';
        from = end + 1;
    }
}

static enum status parse_member(struct http_target *out, const char *raw, size_t size, char **at)
{
    const char *equals = memchr(raw, '=', size);
    const size_t name_size = equals != NULL ? (size_t)(equals - raw) : size;
    const char *name = *at;

    if (name_size == 0 || equals == NULL || !decode(raw, name_size, true, at)) {
        return STATUS_CORRUPT;
    }
    const char *value = *at;
    if (!decode(equals + 1, size - name_size - 1, true, at)) {
        return STATUS_CORRUPT;
    }
    if (http_target_query(out, name) != NULL) {
        out->repeated = name;
        return STATUS_CORRUPT;
    }
    if (out->query_count == HTTP_TARGET_QUERY_LIMIT) {
        return STATUS_FULL;
    }
    out->query[out->query_count++] = (struct http_query_member){ .name = name, .value = value };
    return STATUS_OK;
}

enum status http_target_parse(struct http_target *out, const char *raw, size_t size)
{
    out->query_count = 0;
    out->repeated = NULL;
    if (size > HTTP_TARGET_SIZE_LIMIT) {
        return STATUS_FULL;
    }
    // Decoding never makes text longer: a member's NULs take the places of "=" and "&".
    char *at = out->text;
    const char *question = size > 0 ? memchr(raw, '?', size) : NULL;
    const size_t path_size = question != NULL ? (size_t)(question - raw) : size;
    if (!parse_path(out, raw, path_size, &at)) {
        return STATUS_CORRUPT;
    }
    size_t from = question != NULL ? path_size + 1 : size;
    while (from < size) {
        const char *ampersand = memchr(raw + from, '&', size - from);
        const size_t end = ampersand != NULL ? (size_t)(ampersand - raw) : size;
        const enum status status = parse_member(out, raw + from, end - from, &at);
        if (status != STATUS_OK) {
            return status;
        }
        from = end + 1;
    }
    return STATUS_OK;
}

const char *http_target_query(const struct http_target *target, const char *name)
{
    for (size_t i = 0; i < target->query_count; i++) {
        if (strcmp(target->query[i].name, name) == 0) {
            return target->query[i].value;
        }
    }
    return NULL;
}

enum status http_target_number(const char *text, int64_t least, int64_t most, int64_t *out)
{
    enum { DIGITS = 18 }; // Any 18 digits fit an int64_t.
    const bool negative = text[0] == '-';
    const char *digits = text + (negative ? 1 : 0);
    const size_t count = strspn(digits, "0123456789");
    int64_t value = 0;

    if (count == 0 || count > DIGITS || digits[count] != '\0') {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        value = value * 10 + (digits[i] - '0');
    }
    value = negative ? -value : value;
    if (value < least || value > most) {
        return STATUS_INVALID;
    }
    *out = value;
    return STATUS_OK;
}
