// SPDX-License-Identifier: MIT
#include "device_id.h"

#include <string.h>

static bool is_allowed(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_' || character == '-';
}

bool device_id_parse(const char *text, size_t size, char device_id[DEVICE_ID_SIZE])
{
    if (size == 0 || size >= DEVICE_ID_SIZE) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!is_allowed(text[i])) {
            return false;
        }
    }
    memcpy(device_id, text, size);
    device_id[size] = '\0';
    return true;
}
