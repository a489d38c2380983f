// SPDX-License-Identifier: MIT
#include "http_cookie.h"

#include <string.h>

enum status http_cookie_find(const char *header, size_t size, const char *name, const char **value,
                             size_t *value_size)
{
    const size_t name_size = strlen(name);
    unsigned found = 0;
    size_t at = 0;

    while (at < size) {
        while (at < size && (header[at] == ' ' || header[at] == '\t')) {
            at++;
        }
        const char *semicolon = memchr(header + at, ';', size - at);
        const size_t end = semicolon != NULL ? (size_t)(semicolon - header) : size;
        if (end - at > name_size && memcmp(header + at, name, name_size) == 0 &&
            header[at + name_size] == '=') {
            *value = header + at + name_size + 1;
            *value_size = end - at - name_size - 1;
            found++;
        }
        at = end + 1;
    }
    return found == 1 ? STATUS_OK : STATUS_MISSING;
}
