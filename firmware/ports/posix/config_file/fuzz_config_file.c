// SPDX-License-Identifier: MIT

/// Any text is read or refused without reading past its end.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"

static const char *take(void *ctx, const char *key, const char *value)
{
    (void)ctx;
    return strlen(key) + strlen(value) > 1000 ? "too long" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct config_taker taker = { .take = take };
    char fault[CONFIG_FILE_FAULT_SIZE];
    char *text = malloc(size + 1);

    if (text == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    (void)!config_text_read(text, "input", &taker, fault);
    free(text);
    return 0;
}
