// SPDX-License-Identifier: MIT
#include "vector_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite_hex.h"

static cJSON *read_json(FILE *file)
{
    enum { SIZE = 4 << 20 };
    char *text = malloc(SIZE);
    const size_t size = text == NULL ? 0 : fread(text, 1, SIZE, file);
    cJSON *json = cJSON_ParseWithLength(text, size);
    free(text);
    return json;
}

int vector_file_open(const char *name, cJSON **json)
{
    const char *folder = getenv("TEST_DATA_DIR");
    const char *required = getenv("OHM_REQUIRE_DATA");
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : OHM_DEFAULT_TEST_DATA,
                   name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        const bool fails = required != NULL && strcmp(required, "1") == 0;
        (void)fprintf(stderr, "%s: there is no %s (set TEST_DATA_DIR)\n",
                      fails ? "FAILED" : "skipped", path);
        return fails ? 1 : 77;
    }
    *json = read_json(file);
    (void)fclose(file);
    if (*json == NULL) {
        (void)fprintf(stderr, "FAILED: %s is no JSON\n", path);
        return 1;
    }
    return 0;
}

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    if (found == NULL) {
        (void)fprintf(stderr, "a test vector has no member %s\n", name);
        abort();
    }
    return found;
}

const char *vector_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(member(object, name));
    if (text == NULL) {
        (void)fprintf(stderr, "%s of a test vector is no text\n", name);
        abort();
    }
    return text;
}

long long vector_number(const cJSON *object, const char *name)
{
    const cJSON *number = member(object, name);
    if (!cJSON_IsNumber(number)) {
        (void)fprintf(stderr, "%s of a test vector is no number\n", name);
        abort();
    }
    return (long long)number->valuedouble;
}

struct crypto_part vector_bytes(const cJSON *object, const char *name)
{
    enum { ROOMS = 16, ROOM_SIZE = 16384 };
    static uint8_t rooms[ROOMS][ROOM_SIZE];
    static unsigned next;
    uint8_t *room = rooms[next++ % ROOMS];
    return (struct crypto_part){ room, suite_hex(vector_text(object, name), room, ROOM_SIZE) };
}
