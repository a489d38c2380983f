// SPDX-License-Identifier: MIT

/// Any bytes are no code, or one that is written the same, small letters aside.

#include <string.h>

#include "pairing_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pairing_code code;
    char text[PAIRING_CODE_SIZE];
    if (pairing_code_read((const char *)data, size, &code) != STATUS_OK) {
        return 0;
    }
    if (pairing_code_write(&code, text) != STATUS_OK || strlen(text) != size ||
        memcmp(text, data, strlen("EM1:") + strlen(code.device_id)) != 0) {
        __builtin_trap();
    }
    return 0;
}
