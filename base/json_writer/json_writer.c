// SPDX-License-Identifier: MIT
#include "json_writer.h"

enum { DECIMAL_DIGITS = 20 }; // Of the largest 64-bit number.

static void put(struct json_writer *writer, char byte)
{
    // One byte stays free for the final NUL.
    if (writer->failed || writer->size + 1 >= writer->capacity) {
        writer->failed = true;
        return;
    }
    writer->out[writer->size++] = byte;
}

static void put_text(struct json_writer *writer, const char *text)
{
    for (; *text != '\0'; text++) {
        put(writer, *text);
    }
}

static void put_quoted(struct json_writer *writer, const char *text)
{
    static const char hex[] = "0123456789abcdef";

    put(writer, '"');
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') {
            put(writer, '\\');
            put(writer, (char)byte);
        } else if (byte == '\n') {
            put_text(writer, "\\n");
        } else if (byte < 0x20 || byte == 0x7F) {
            put_text(writer, "\\u00");
            put(writer, hex[byte >> 4]);
            put(writer, hex[byte & 0x0F]);
        } else {
            put(writer, (char)byte);
        }
    }
    put(writer, '"');
}

/// Writes the comma and the name that stand before a value.
static void put_name(struct json_writer *writer, const char *name)
{
    if (((writer->filled >> writer->depth) & 1u) != 0) {
        put(writer, ',');
    }
    writer->filled |= 1u << writer->depth;
    if (name != NULL) {
        put_quoted(writer, name);
        put(writer, ':');
    }
}

/// Writes at least `width` digits.
static void put_digits(struct json_writer *writer, uint64_t value, unsigned width)
{
    char digits[DECIMAL_DIGITS];
    unsigned count = 0;

    while (count < DECIMAL_DIGITS && (value > 0 || count < width || count == 0)) {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    }
    while (count > 0) {
        put(writer, digits[--count]);
    }
}

static void begin(struct json_writer *writer, const char *name, char bracket)
{
    put_name(writer, name);
    put(writer, bracket);
    if (writer->depth + 1 >= JSON_WRITER_DEPTH) {
        writer->failed = true;
        return;
    }
    writer->depth++;
    writer->filled &= ~(1u << writer->depth);
}

static void end(struct json_writer *writer, char bracket)
{
    if (writer->depth == 0) {
        writer->failed = true;
        return;
    }
    put(writer, bracket);
    writer->depth--;
}

void json_writer_init(struct json_writer *writer, char *out, size_t capacity)
{
    *writer = (struct json_writer){ .out = out, .capacity = capacity };
}

void json_writer_begin_object(struct json_writer *writer, const char *name)
{
    begin(writer, name, '{');
}

void json_writer_end_object(struct json_writer *writer)
{
    end(writer, '}');
}

void json_writer_begin_array(struct json_writer *writer, const char *name)
{
    begin(writer, name, '[');
}

void json_writer_end_array(struct json_writer *writer)
{
    end(writer, ']');
}

void json_writer_string(struct json_writer *writer, const char *name, const char *value)
{
    put_name(writer, name);
    put_quoted(writer, value);
}

void json_writer_verbatim(struct json_writer *writer, const char *name, const char *json)
{
    put_name(writer, name);
    put_text(writer, json);
}

void json_writer_integer(struct json_writer *writer, const char *name, int64_t value)
{
    json_writer_decimal(writer, name, value, 0);
}

void json_writer_unsigned(struct json_writer *writer, const char *name, uint64_t value)
{
    put_name(writer, name);
    put_digits(writer, value, 1);
}

void json_writer_boolean(struct json_writer *writer, const char *name, bool value)
{
    put_name(writer, name);
    put_text(writer, value ? "true" : "false");
}

void json_writer_null(struct json_writer *writer, const char *name)
{
    put_name(writer, name);
    put_text(writer, "null");
}

void json_writer_decimal(struct json_writer *writer, const char *name, int64_t value,
                         unsigned decimals)
{
    uint64_t magnitude = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    uint64_t scale = 1;

    while (decimals > 0 && magnitude % 10 == 0) {
        magnitude /= 10;
        decimals--;
    }
    for (unsigned i = 0; i < decimals; i++) {
        scale *= 10;
    }
    put_name(writer, name);
    if (value < 0) {
        put(writer, '-');
    }
    put_digits(writer, magnitude / scale, 1);
    if (decimals > 0) {
        put(writer, '.');
        put_digits(writer, magnitude % scale, decimals);
    }
}

enum status json_writer_finish(struct json_writer *writer, size_t *size)
{
    if (writer->failed || writer->capacity == 0) {
        return STATUS_FULL;
    }
    if (writer->depth != 0) {
        return STATUS_INVALID;
    }
    writer->out[writer->size] = '\0';
    *size = writer->size;
    return STATUS_OK;
}
