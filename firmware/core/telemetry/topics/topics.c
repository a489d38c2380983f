// SPDX-License-Identifier: MIT
#include "topics.h"

static const struct {
    const char *leaf;
    int qos;
} table[TOPIC_COUNT] = {
    [TOPIC_BATCH] = { "batch", 1 },
    [TOPIC_DATA] = { "data", 1 },
    [TOPIC_REALTIME] = { "realtime", 0 },
    [TOPIC_RELAY_STATUS] = { "relay_status", 1 },
    [TOPIC_SYSTEM_STATUS] = { "system_status", 1 },
    [TOPIC_COMMAND_RESULT] = { "command_result", 1 },
    [TOPIC_ACK] = { "ack", 1 },
    [TOPIC_COMMAND] = { "command", 1 },
    [TOPIC_RELAY_CONTROL] = { "relay_control", 1 },
    [TOPIC_COMMANDS] = { "commands", 1 },
    [TOPIC_LEASE] = { "lease", 0 },
};

/// Appends `text` to `out`, which has room for `capacity` bytes and a NUL.
static bool append(char *out, size_t capacity, size_t *size, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*size == capacity) {
            return false;
        }
        out[(*size)++] = *text;
    }
    out[*size] = '\0';
    return true;
}

/// Returns what follows `prefix` in `text`, or NULL when it starts otherwise.
static const char *after(const char *text, const char *prefix)
{
    for (; *prefix != '\0'; prefix++, text++) {
        if (*text != *prefix) {
            return NULL;
        }
    }
    return text;
}

static bool is_sound(const char *root)
{
    char before = '/';

    if (root[0] == '$') {
        return false;
    }
    for (; *root != '\0'; root++) {
        const unsigned char byte = (unsigned char)*root;
        if (byte <= ' ' || byte >= 0x7F || byte == '+' || byte == '#' ||
            (byte == '/' && before == '/')) {
            return false;
        }
        before = *root;
    }
    return before != '/';
}

enum status topics_init(struct topics *topics, const char *pattern, const char *device_id)
{
    size_t size = 0;

    topics->root[0] = '\0';
    while (*pattern != '\0') {
        const char one[] = { *pattern, '\0' };
        const char *rest = after(pattern, "{device_id}");
        if (!append(topics->root, TOPICS_ROOT_SIZE, &size, rest != NULL ? device_id : one)) {
            return STATUS_INVALID;
        }
        pattern = rest != NULL ? rest : pattern + 1;
    }
    return is_sound(topics->root) ? STATUS_OK : STATUS_INVALID;
}

void topics_name(const struct topics *topics, enum topic topic, char out[TOPICS_NAME_SIZE])
{
    size_t size = 0;

    out[0] = '\0';
    (void)(append(out, TOPICS_NAME_SIZE - 1, &size, topics->root) &&
           append(out, TOPICS_NAME_SIZE - 1, &size, "/") &&
           append(out, TOPICS_NAME_SIZE - 1, &size, table[topic].leaf));
}

enum status topics_find_down(const struct topics *topics, const char *name, enum topic *topic)
{
    const char *leaf = after(name, topics->root);

    if (leaf == NULL || *leaf != '/') {
        return STATUS_MISSING;
    }
    leaf++;
    for (int candidate = TOPIC_FIRST_DOWN; candidate < TOPIC_COUNT; candidate++) {
        const char *end = after(leaf, table[candidate].leaf);
        if (end != NULL && *end == '\0') {
            *topic = (enum topic)candidate;
            return STATUS_OK;
        }
    }
    return STATUS_MISSING;
}

int topics_qos(enum topic topic)
{
    return table[topic].qos;
}
