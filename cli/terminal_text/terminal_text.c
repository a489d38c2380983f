// SPDX-License-Identifier: MIT
#include "terminal_text.h"

#include <stdbool.h>
#include <stddef.h>

static bool continues(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/// How many bytes the character has that begins with `first`, as far as the first byte tells.
static size_t length_of(unsigned char first)
{
    return first >= 0xF0 && first < 0xF8   ? 4
           : first >= 0xE0 && first < 0xF0 ? 3
           : first >= 0xC2 && first < 0xE0 ? 2
                                           : 1;
}

/// The bytes at `at` that belong together: a whole character, or one byte.
static size_t whole_length(const unsigned char *at)
{
    const size_t length = length_of(*at);
    for (size_t i = 1; i < length; i++) {
        if (!continues(at[i])) {
            return 1; // The end of the text is no continuation, so nothing behind it is read.
        }
    }
    return length;
}

static bool is_control(const unsigned char *at, size_t length)
{
    if (length == 1) {
        return *at < 0x20 || *at == 0x7F || (*at >= 0x80 && *at < 0xA0);
    }
    return length == 2 && *at == 0xC2 && at[1] < 0xA0;
}

char *terminal_text_clean(char *text)
{
    const unsigned char *from = (const unsigned char *)text;
    char *to = text;
    while (*from != '\0') {
        const size_t length = whole_length(from);
        if (is_control(from, length)) {
            *to++ = '?';
            from += length;
            continue;
        }
        for (size_t i = 0; i < length; i++) {
            *to++ = (char)*from++;
        }
    }
    *to = '\0';
    return text;
}
