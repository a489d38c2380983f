// SPDX-License-Identifier: MIT
#include "form_reader.h"

#include <stdbool.h>
#include <stdint.h>

enum { END = -1, BROKEN = -2 };

/// What is left of a form, or of one of its parts.
struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    const int lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : BROKEN;
}

/// The next decoded byte, END or BROKEN.
static int next_byte(struct cursor *part)
{
    if (part->at == part->end) {
        return END;
    }
    const uint8_t byte = *part->at++;
    if (byte == '+') {
        return ' ';
    }
    if (byte != '%') {
        return byte != 0 ? byte : BROKEN;
    }
    if (part->end - part->at < 2) {
        return BROKEN;
    }
    const int high = hex_digit(*part->at++);
    const int low = hex_digit(*part->at++);
    const int value = high < 0 || low < 0 ? 0 : high * 16 + low;
    return value != 0 ? value : BROKEN;
}

/// Cuts off what is in front of `separator`; without one, everything.
static struct cursor cut(struct cursor *rest, uint8_t separator)
{
    struct cursor part = { rest->at, rest->at };
    while (part.end != rest->end && *part.end != separator) {
        part.end++;
    }
    rest->at = part.end == rest->end ? rest->end : part.end + 1;
    return part;
}

static enum status compare(struct cursor part, const char *name, bool *same)
{
    *same = true;
    for (;;) {
        const int byte = next_byte(&part);
        if (byte == BROKEN) {
            return STATUS_CORRUPT;
        }
        if (byte == END) {
            *same = *same && *name == '\0';
            return STATUS_OK;
        }
        *same = *same && (uint8_t)*name == byte;
        name += *same ? 1 : 0;
    }
}

/// Copies as much as there is room for; `*size` is the true size.
static enum status decode(struct cursor part, char *out, size_t capacity, size_t *size)
{
    size_t count = 0;
    for (int byte = next_byte(&part); byte != END; byte = next_byte(&part)) {
        if (byte == BROKEN) {
            return STATUS_CORRUPT;
        }
        if (count < capacity) {
            out[count] = (char)byte;
        }
        count++;
    }
    *size = count;
    return STATUS_OK;
}

enum status form_reader_field(const void *form, size_t form_size, const char *name, char *out,
                              size_t capacity, size_t *size)
{
    struct cursor rest = { form, (const uint8_t *)form + form_size };
    enum status status = STATUS_MISSING;
    size_t found_size = 0;

    while (rest.at != rest.end && status != STATUS_CORRUPT) {
        struct cursor value = cut(&rest, '&');
        const struct cursor key = cut(&value, '=');
        bool same = false;
        size_t value_size = 0;
        // A field that is not asked for is decoded into nothing, to find what is wrong with it.
        if (compare(key, name, &same) != STATUS_OK ||
            decode(value, out, same && status == STATUS_MISSING ? capacity : 0, &value_size) !=
                STATUS_OK) {
            status = STATUS_CORRUPT;
        } else if (same) {
            status = status == STATUS_MISSING ? STATUS_OK : STATUS_INVALID;
            found_size = value_size;
        }
    }
    if (status == STATUS_OK && found_size >= capacity) {
        status = STATUS_FULL;
    }
    *size = status == STATUS_OK ? found_size : 0;
    if (capacity > 0) {
        out[*size] = '\0';
    }
    return status;
}
