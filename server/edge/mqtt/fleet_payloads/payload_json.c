// SPDX-License-Identifier: MIT
#include "payload_json.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <string.h>

#include "json_text.h"

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/// Moves behind the string whose opening quote has been read.
static bool skip_string(const char *text, size_t size, size_t *position)
{
    uint32_t code_point;
    do {
        if (json_text_next(text, size, position, &code_point) != STATUS_OK) {
            return false;
        }
    } while (code_point != JSON_TEXT_END);
    return true;
}

/// Strings are UTF-8 without control characters; outside of them everything is visible ASCII.
static bool is_clean(const char *text, size_t size)
{
    size_t position = 0;
    while (position < size) {
        const char byte = text[position++];
        if (byte == '"') {
            if (!skip_string(text, size, &position)) {
                return false;
            }
        } else if (!is_space(byte) && (byte < ' ' || byte > '~')) {
            return false;
        }
    }
    return true;
}

static bool has_unique_names(const cJSON *container)
{
    const cJSON *item = NULL;
    unsigned count = 0;
    cJSON_ArrayForEach(item, container)
    {
        if (cJSON_IsObject(container)) {
            if (++count > PAYLOAD_MEMBER_LIMIT ||
                cJSON_GetObjectItemCaseSensitive(container, item->string) != item) {
                return false;
            }
        }
        if (!has_unique_names(item)) {
            return false;
        }
    }
    return true;
}

cJSON *payload_json_parse(const char *text, size_t size)
{
    const char *end = NULL;
    if (!is_clean(text, size)) {
        return NULL;
    }
    cJSON *object = cJSON_ParseWithLengthOpts(text, size, &end, false);
    bool good = cJSON_IsObject(object) && has_unique_names(object);
    for (; good && end < text + size; end++) {
        good = is_space(*end);
    }
    if (!good) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

void payload_json_copy(const char *text, char *out, size_t size)
{
    size_t length = strlen(text);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0u) == 0x80u) {
            length--;
        }
    }
    memcpy(out, text, length);
    out[length] = '\0';
}
