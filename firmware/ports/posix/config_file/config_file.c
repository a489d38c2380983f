// SPDX-License-Identifier: MIT
#include "config_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *trim(char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1])) {
        text[--size] = '\0';
    }
    return text;
}

/// Takes the quotes off. @return false  there is only one.
static bool unquote(char **value)
{
    const size_t size = strlen(*value);

    if ((*value)[0] != '"') {
        return true;
    }
    if (size < 2 || (*value)[size - 1] != '"') {
        return false;
    }
    (*value)[size - 1] = '\0';
    (*value)++;
    return true;
}

/// @return NULL, or what is wrong with the line.
static const char *take_line(char *line, const struct config_taker *taker)
{
    char *key = trim(line);
    char *equals = strchr(key, '=');

    if (*key == '\0' || *key == '#') {
        return NULL;
    }
    if (equals == NULL || equals == key) {
        return "not of the form key = value";
    }
    *equals = '\0';
    char *value = trim(equals + 1);
    if (!unquote(&value)) {
        return "a quote is missing";
    }
    return taker->take(taker->ctx, trim(key), value);
}

enum status config_text_read(char *text, const char *name, const struct config_taker *taker,
                             char fault[CONFIG_FILE_FAULT_SIZE])
{
    unsigned number = 1;

    for (char *line = text; line != NULL; number++) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        const char *wrong = take_line(line, taker);
        if (wrong != NULL) {
            (void)snprintf(fault, CONFIG_FILE_FAULT_SIZE, "%s, line %u: %s", name, number, wrong);
            return STATUS_INVALID;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return STATUS_OK;
}

enum status config_file_read(const char *path, const struct config_taker *taker,
                             char fault[CONFIG_FILE_FAULT_SIZE])
{
    FILE *file = fopen(path, "r");
    char *text = file != NULL ? malloc(CONFIG_FILE_SIZE_LIMIT + 1) : NULL;

    if (text == NULL) {
        (void)snprintf(fault, CONFIG_FILE_FAULT_SIZE, "%s: %s", path, strerror(errno));
        if (file != NULL) {
            (void)fclose(file);
        }
        return STATUS_IO;
    }
    const size_t size = fread(text, 1, CONFIG_FILE_SIZE_LIMIT + 1, file);
    enum status status = STATUS_OK;
    if (ferror(file) != 0) {
        (void)snprintf(fault, CONFIG_FILE_FAULT_SIZE, "%s: %s", path, strerror(errno));
        status = STATUS_IO;
    } else if (size > CONFIG_FILE_SIZE_LIMIT || memchr(text, '\0', size) != NULL) {
        (void)snprintf(fault, CONFIG_FILE_FAULT_SIZE, "%s: too large, or not a text file", path);
        status = STATUS_FULL;
    } else {
        text[size] = '\0';
        status = config_text_read(text, path, taker, fault);
    }
    free(text);
    (void)fclose(file);
    return status;
}
