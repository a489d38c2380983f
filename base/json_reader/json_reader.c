// SPDX-License-Identifier: MIT
#include "json_reader.h"

#include "json_text.h"

/// An object or array that has been opened and not closed.
struct container {
    uint8_t number; ///< Of the object, as struct json_member has it.
    bool is_object;
    bool has_begun; ///< Something of it has been read.
};

/// What is open at a place, from the outermost on. Kept by hand: how deep the stack goes is known.
struct nesting {
    struct container open[JSON_READER_DEPTH_LIMIT];
    unsigned depth;
};

static void skip_space(struct json_reader *reader)
{
    while (reader->position < reader->size) {
        const char byte = reader->text[reader->position];
        if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r') {
            return;
        }
        reader->position++;
    }
}

static bool take(struct json_reader *reader, char byte)
{
    if (reader->position < reader->size && reader->text[reader->position] == byte) {
        reader->position++;
        return true;
    }
    return false;
}

/// Reads to the closing quote; the opening one has been taken.
static enum status read_string(struct json_reader *reader)
{
    size_t position = reader->position;
    uint32_t code_point = 0;

    do {
        if (json_text_next(reader->text, reader->size, &position, &code_point) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
    } while (code_point != JSON_TEXT_END);
    reader->position = (uint16_t)position;
    return STATUS_OK;
}

static bool same_text(const struct json_reader *reader, uint16_t left, uint16_t right)
{
    size_t left_position = left;
    size_t right_position = right;
    uint32_t left_point = 0;
    uint32_t right_point = 0;

    do {
        if (json_text_next(reader->text, reader->size, &left_position, &left_point) != STATUS_OK ||
            json_text_next(reader->text, reader->size, &right_position, &right_point) !=
                STATUS_OK ||
            left_point != right_point) {
            return false;
        }
    } while (left_point != JSON_TEXT_END);
    return true;
}

static bool take_digits(struct json_reader *reader)
{
    const uint16_t start = reader->position;
    while (reader->position < reader->size && reader->text[reader->position] >= '0' &&
           reader->text[reader->position] <= '9') {
        reader->position++;
    }
    return reader->position > start;
}

static enum status read_number(struct json_reader *reader)
{
    (void)take(reader, '-');
    if (!take(reader, '0') && !take_digits(reader)) {
        return STATUS_CORRUPT;
    }
    if (take(reader, '.') && !take_digits(reader)) {
        return STATUS_CORRUPT;
    }
    if (take(reader, 'e') || take(reader, 'E')) {
        if (!take(reader, '+')) {
            (void)take(reader, '-');
        }
        if (!take_digits(reader)) {
            return STATUS_CORRUPT;
        }
    }
    return STATUS_OK;
}

static enum status read_word(struct json_reader *reader, const char *word)
{
    for (; *word != '\0'; word++) {
        if (!take(reader, *word)) {
            return STATUS_CORRUPT;
        }
    }
    return STATUS_OK;
}

/// Takes the opening bracket of an object or array.
static enum status open_container(struct json_reader *reader, struct nesting *nesting,
                                  bool is_object)
{
    const uint8_t number = reader->object_count;

    reader->position++;
    if (nesting->depth == JSON_READER_DEPTH_LIMIT || number == UINT8_MAX) {
        return STATUS_FULL;
    }
    reader->object_count = (uint8_t)(number + (is_object ? 1 : 0));
    nesting->open[nesting->depth++] =
        (struct container){ .number = number, .is_object = is_object };
    return STATUS_OK;
}

/// Reads a value, of an object or array only the opening bracket.
static enum status read_value(struct json_reader *reader, struct nesting *nesting, uint8_t *kind)
{
    if (reader->position >= reader->size) {
        return STATUS_CORRUPT;
    }
    switch (reader->text[reader->position]) {
    case '{':
        *kind = JSON_OBJECT;
        return open_container(reader, nesting, true);
    case '[':
        *kind = JSON_ARRAY;
        return open_container(reader, nesting, false);
    case '"':
        reader->position++;
        *kind = JSON_STRING;
        return read_string(reader);
    case 't':
        *kind = JSON_TRUE;
        return read_word(reader, "true");
    case 'f':
        *kind = JSON_FALSE;
        return read_word(reader, "false");
    case 'n':
        *kind = JSON_NULL;
        return read_word(reader, "null");
    default:
        *kind = JSON_NUMBER;
        return read_number(reader);
    }
}

/// Reads name, colon and value, or the value's opening bracket. The member is entered before its
/// value, so that members of an object inside come behind it.
static enum status read_member(struct json_reader *reader, struct nesting *nesting, uint8_t parent)
{
    if (!take(reader, '"')) {
        return STATUS_CORRUPT;
    }
    const uint16_t name = reader->position;
    if (read_string(reader) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    for (unsigned i = 0; i < reader->member_count; i++) {
        if (reader->members[i].parent == parent &&
            same_text(reader, reader->members[i].name, name)) {
            return STATUS_CORRUPT;
        }
    }
    skip_space(reader);
    if (!take(reader, ':')) {
        return STATUS_CORRUPT;
    }
    skip_space(reader);
    if (reader->member_count == JSON_READER_MEMBER_LIMIT) {
        return STATUS_FULL;
    }
    struct json_member *member = &reader->members[reader->member_count++];
    *member = (struct json_member){ .name = name, .value = reader->position, .parent = parent };
    member->object = reader->object_count;
    const enum status status = read_value(reader, nesting, &member->kind);
    if (status == STATUS_OK && member->kind == JSON_STRING) {
        member->value++;
    }
    return status;
}

/// Goes on in the innermost container: closes it, or reads what comes next in it.
static enum status read_next(struct json_reader *reader, struct nesting *nesting)
{
    struct container *inner = &nesting->open[nesting->depth - 1];
    uint8_t kind = 0;

    skip_space(reader);
    if (take(reader, inner->is_object ? '}' : ']')) {
        nesting->depth--;
        return STATUS_OK;
    }
    if (inner->has_begun && !take(reader, ',')) {
        return STATUS_CORRUPT;
    }
    inner->has_begun = true;
    skip_space(reader);
    return inner->is_object ? read_member(reader, nesting, inner->number)
                            : read_value(reader, nesting, &kind);
}

/// Reads a value with everything that is in it.
static enum status read_whole(struct json_reader *reader, uint8_t *kind)
{
    struct nesting nesting = { .depth = 0 };
    enum status status = read_value(reader, &nesting, kind);

    while (status == STATUS_OK && nesting.depth > 0) {
        status = read_next(reader, &nesting);
    }
    return status;
}

enum status json_reader_open(struct json_reader *reader, const void *text, size_t size)
{
    return json_reader_open_large(reader, text, size, JSON_READER_SIZE_LIMIT);
}

enum status json_reader_open_large(struct json_reader *reader, const void *text, size_t size,
                                   size_t limit)
{
    uint8_t kind = JSON_NULL;

    *reader = (struct json_reader){ .text = text };
    if (size > limit || size > JSON_READER_LARGE_LIMIT) {
        return STATUS_FULL;
    }
    reader->size = (uint16_t)size;
    skip_space(reader);
    enum status status = read_whole(reader, &kind);
    skip_space(reader);
    if (status == STATUS_OK && (kind != JSON_OBJECT || reader->position != reader->size)) {
        status = STATUS_CORRUPT;
    }
    if (status != STATUS_OK) {
        reader->member_count = 0;
    }
    return status;
}

static bool is_named(const struct json_reader *reader, uint16_t start, const char *name)
{
    size_t position = start;
    uint32_t code_point = 0;

    for (;;) {
        char bytes[4];
        if (json_text_next(reader->text, reader->size, &position, &code_point) != STATUS_OK) {
            return false;
        }
        if (code_point == JSON_TEXT_END) {
            return *name == '\0';
        }
        const size_t count = json_text_utf8(code_point, bytes);
        for (size_t i = 0; i < count; i++) {
            if (*name != bytes[i]) {
                return false;
            }
            name++;
        }
    }
}

static const struct json_member *find_in(const struct json_reader *reader, unsigned parent,
                                         const char *name)
{
    for (unsigned i = 0; i < reader->member_count; i++) {
        if (reader->members[i].parent == parent &&
            is_named(reader, reader->members[i].name, name)) {
            return &reader->members[i];
        }
    }
    return NULL;
}

static const struct json_member *find(const struct json_reader *reader, const char *name)
{
    return find_in(reader, 0, name);
}

/// Copies the decoded string that begins at `position`, with a final NUL.
static enum status copy_string(const struct json_reader *reader, size_t position, char *out,
                               size_t capacity)
{
    size_t used = 0;

    for (;;) {
        char bytes[4];
        uint32_t code_point = 0;
        if (json_text_next(reader->text, reader->size, &position, &code_point) != STATUS_OK) {
            return STATUS_INVALID;
        }
        const size_t count = code_point == JSON_TEXT_END ? 0 : json_text_utf8(code_point, bytes);
        if (capacity == 0 || used + count >= capacity) {
            if (capacity > 0) {
                out[0] = '\0';
            }
            return STATUS_FULL;
        }
        for (size_t i = 0; i < count; i++) {
            out[used++] = bytes[i];
        }
        if (code_point == JSON_TEXT_END) {
            out[used] = '\0';
            return STATUS_OK;
        }
    }
}

static enum status copy_member(const struct json_reader *reader, const struct json_member *member,
                               char *out, size_t capacity)
{
    if (member == NULL) {
        return STATUS_MISSING;
    }
    if (member->kind != JSON_STRING) {
        return STATUS_INVALID;
    }
    return copy_string(reader, member->value, out, capacity);
}

enum status json_reader_string(const struct json_reader *reader, const char *name, char *out,
                               size_t capacity)
{
    return copy_member(reader, find(reader, name), out, capacity);
}

enum status json_reader_inner_string(const struct json_reader *reader, const char *object,
                                     const char *name, char *out, size_t capacity)
{
    const struct json_member *outer = find(reader, object);

    if (outer == NULL) {
        return STATUS_MISSING;
    }
    return outer->kind == JSON_OBJECT
               ? copy_member(reader, find_in(reader, outer->object, name), out, capacity)
               : STATUS_INVALID;
}

enum status json_reader_stranger(const struct json_reader *reader, const char *const *names,
                                 size_t count, char *out, size_t capacity)
{
    for (unsigned i = 0; i < reader->member_count; i++) {
        const struct json_member *member = &reader->members[i];
        bool known = member->parent != 0;
        for (size_t j = 0; j < count && !known; j++) {
            known = is_named(reader, member->name, names[j]);
        }
        if (!known) {
            return copy_string(reader, member->name, out, capacity);
        }
    }
    return STATUS_MISSING;
}

enum status json_reader_integer(const struct json_reader *reader, const char *name, int64_t *out)
{
    const struct json_member *member = find(reader, name);

    if (member == NULL) {
        return STATUS_MISSING;
    }
    if (member->kind != JSON_NUMBER) {
        return STATUS_INVALID;
    }
    size_t position = member->value;
    const bool negative = reader->text[position] == '-';
    position += negative ? 1u : 0u;

    // Collected below zero, where one number more fits than above.
    int64_t value = 0;
    for (; position < reader->size; position++) {
        const char byte = reader->text[position];
        if (byte == '.' || byte == 'e' || byte == 'E') {
            return STATUS_INVALID;
        }
        if (byte < '0' || byte > '9') {
            break;
        }
        const int64_t digit = byte - '0';
        if (value < (INT64_MIN + digit) / 10) {
            return STATUS_INVALID;
        }
        value = value * 10 - digit;
    }
    if (!negative && value == INT64_MIN) {
        return STATUS_INVALID;
    }
    *out = negative ? value : -value;
    return STATUS_OK;
}

enum status json_reader_boolean(const struct json_reader *reader, const char *name, bool *out)
{
    const struct json_member *member = find(reader, name);

    if (member == NULL) {
        return STATUS_MISSING;
    }
    if (member->kind != JSON_TRUE && member->kind != JSON_FALSE) {
        return STATUS_INVALID;
    }
    *out = member->kind == JSON_TRUE;
    return STATUS_OK;
}
