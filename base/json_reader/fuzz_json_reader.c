// SPDX-License-Identifier: MIT

/// Any bytes either fail to open or give members whose accessors keep inside their storage.

#include <stdint.h>
#include <string.h>

#include "json_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "action", "relay", "state", "mask", "" };
    struct json_reader reader;

    if (json_reader_open(&reader, data, size) != STATUS_OK) {
        return 0;
    }
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[16];
        int64_t number = 0;
        bool flag = false;
        const enum status as_text = json_reader_string(&reader, names[i], text, sizeof text);
        const enum status as_number = json_reader_integer(&reader, names[i], &number);
        const enum status as_flag = json_reader_boolean(&reader, names[i], &flag);
        if (as_text == STATUS_OK && (as_number == STATUS_OK || strlen(text) >= sizeof text)) {
            __builtin_trap();
        }
        if ((as_text == STATUS_MISSING) != (as_flag == STATUS_MISSING)) {
            __builtin_trap();
        }
    }
    return 0;
}
