// SPDX-License-Identifier: MIT
#include "pem.h"

#include <stdbool.h>
#include <string.h>

enum { LINE_GROUPS = 16 }; // Of four characters: RFC 7468 section 2 asks for lines of 64.

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct text {
    const char *at;
    size_t left;
};

static bool skip(struct text *text, const char *word)
{
    const size_t size = strlen(word);
    if (text->left < size || memcmp(text->at, word, size) != 0) {
        return false;
    }
    text->at += size;
    text->left -= size;
    return true;
}

/// Skips "-----BEGIN label-----", or the same with END.
static bool skip_boundary(struct text *text, const char *kind, const char *label)
{
    struct text rest = *text;
    if (!skip(&rest, "-----") || !skip(&rest, kind) || !skip(&rest, " ") || !skip(&rest, label) ||
        !skip(&rest, "-----")) {
        return false;
    }
    *text = rest;
    return true;
}

static bool is_space(char byte)
{
    return byte == '\n' || byte == '\r' || byte == ' ' || byte == '\t';
}

/// The next character that is no space; 0 at the end.
static char next_character(struct text *text)
{
    while (text->left > 0 && is_space(*text->at)) {
        text->at++;
        text->left--;
    }
    return (char)(text->left > 0 ? *text->at : '\0');
}

/// Reads four characters as one to three bytes.
static enum status read_group(struct text *text, uint8_t bytes[3], size_t *count)
{
    uint32_t bits = 0;
    unsigned padding = 0;

    for (unsigned i = 0; i < 4; i++) {
        const char byte = next_character(text);
        const char *found = byte == '\0' ? NULL : strchr(ALPHABET, byte);
        if (byte == '=' && i >= 2) {
            padding++;
        } else if (found == NULL || padding > 0) {
            return STATUS_CORRUPT;
        }
        bits = bits << 6 | (found == NULL ? 0u : (uint32_t)(found - ALPHABET));
        text->at++;
        text->left--;
    }
    *count = 3 - padding;
    for (unsigned i = 0; i < 3; i++) {
        bytes[i] = (uint8_t)(bits >> (16 - 8 * i));
    }
    const bool has_spare_bits = (padding > 0 && bytes[2] != 0) || (padding > 1 && bytes[1] != 0);
    return has_spare_bits ? STATUS_CORRUPT : STATUS_OK;
}

enum status pem_decode(const char *text, size_t text_size, const char *label, uint8_t *der,
                       size_t capacity, size_t *size)
{
    struct text rest = { .at = text, .left = text_size };
    bool ended = false;

    *size = 0;
    while (!skip_boundary(&rest, "BEGIN", label)) {
        if (rest.left == 0) {
            return STATUS_MISSING;
        }
        rest.at++;
        rest.left--;
    }
    while (next_character(&rest) != '-') {
        uint8_t bytes[3];
        size_t count = 0;
        if (ended || read_group(&rest, bytes, &count) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
        if (count > capacity - *size) {
            return STATUS_FULL;
        }
        memcpy(der + *size, bytes, count);
        *size += count;
        ended = count < 3;
    }
    return *size > 0 && skip_boundary(&rest, "END", label) ? STATUS_OK : STATUS_CORRUPT;
}

struct output {
    char *at;
    size_t left;
    bool failed;
};

static void put(struct output *out, const char *bytes, size_t count)
{
    if (out->failed || out->left < count) {
        out->failed = true;
        return;
    }
    memcpy(out->at, bytes, count);
    out->at += count;
    out->left -= count;
}

static void put_boundary(struct output *out, const char *kind, const char *label)
{
    put(out, "-----", 5);
    put(out, kind, strlen(kind));
    put(out, label, strlen(label));
    put(out, "-----\n", 6);
}

static void put_group(struct output *out, const uint8_t *bytes, size_t count)
{
    uint32_t bits = 0;
    char group[4];

    for (unsigned i = 0; i < 3; i++) {
        bits = bits << 8 | (i < count ? bytes[i] : 0u);
    }
    for (unsigned i = 0; i < 4; i++) {
        group[i] = (char)(i <= count ? ALPHABET[bits >> (18 - 6 * i) & 63u] : '=');
    }
    put(out, group, sizeof group);
}

enum status pem_encode(const char *label, const uint8_t *der, size_t der_size, char *text,
                       size_t capacity, size_t *size)
{
    struct output out = { .at = text, .left = capacity };

    put_boundary(&out, "BEGIN ", label);
    for (size_t at = 0, group = 1; at < der_size; at += 3, group++) {
        const bool is_last = der_size - at <= 3;
        put_group(&out, der + at, is_last ? der_size - at : 3);
        if (is_last || group % LINE_GROUPS == 0) {
            put(&out, "\n", 1);
        }
    }
    put_boundary(&out, "END ", label);
    put(&out, "", 1);
    *size = out.failed ? 0 : capacity - out.left - 1;
    if (out.failed && capacity > 0) {
        text[0] = '\0';
    }
    return out.failed ? STATUS_FULL : STATUS_OK;
}
