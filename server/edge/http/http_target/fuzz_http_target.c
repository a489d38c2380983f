// SPDX-License-Identifier: MIT

/// Any bytes as a target and as a Cookie header: never a crash, never a path that leaves its root.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http_cookie.h"
#include "http_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_target target;
    const char *value = NULL;
    size_t value_size = 0;
    int64_t number = 0;

    if (http_target_parse(&target, (const char *)data, size) == STATUS_OK) {
        if (target.path[0] != '/' || strstr(target.path, "/../") != NULL ||
            strstr(target.path, "//") != NULL || strlen(target.path) > size) {
            abort();
        }
        for (size_t i = 0; i < target.query_count; i++) {
            const enum status status = http_target_number(target.query[i].value, -5, 500, &number);
            if (status == STATUS_OK && (number < -5 || number > 500)) {
                abort();
            }
        }
    }
    if (http_cookie_find((const char *)data, size, "__Host-ohm", &value, &value_size) ==
            STATUS_OK &&
        ((const char *)data > value || value + value_size > (const char *)data + size)) {
        abort();
    }
    return 0;
}
