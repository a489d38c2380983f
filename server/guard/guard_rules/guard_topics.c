// SPDX-License-Identifier: MIT
#include <stddef.h>
#include <string.h>

#include "guard_rules.h"

/// The topics of contracts/mqtt.md by who writes them.
static const char *const up[] = { "batch",        "data",          "realtime",
                                  "relay_status", "system_status", "command_result" };
static const char *const down[] = { "ack", "command", "relay_control", "commands", "lease" };
static const char *const seen[] = { "data", "realtime", "relay_status", "system_status" };

static const char root[] = "energy_meter/";

struct words {
    const char *const *list;
    size_t count;
};

static const struct words up_words = { up, sizeof up / sizeof up[0] };
static const struct words down_words = { down, sizeof down / sizeof down[0] };
static const struct words seen_words = { seen, sizeof seen / sizeof seen[0] };

/// energy_meter/<middle>/<word>, taken apart.
struct parts {
    const char *middle;
    size_t middle_size;
    const char *word;
};

static bool take_apart(const char *topic, struct parts *parts)
{
    if (strncmp(topic, root, sizeof root - 1) != 0) {
        return false;
    }
    parts->middle = topic + sizeof root - 1;
    const char *slash = strchr(parts->middle, '/');
    if (slash == NULL) {
        return false;
    }
    parts->middle_size = (size_t)(slash - parts->middle);
    parts->word = slash + 1;
    return true;
}

static bool is_one_of(const char *word, struct words words)
{
    for (size_t i = 0; i < words.count; i++) {
        if (strcmp(word, words.list[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_name(const struct parts *parts, const char *name)
{
    return parts->middle_size == strlen(name) &&
           memcmp(parts->middle, name, parts->middle_size) == 0;
}

static bool device_may(const char *name, enum guard_access access, const struct parts *parts)
{
    return is_name(parts, name) &&
           is_one_of(parts->word, access == GUARD_WRITE ? up_words : down_words);
}

/// Whoever has to do with every device: `reads` and `writes` are the last levels.
static bool overseer_may(struct words reads, struct words writes, enum guard_access access,
                         const struct parts *parts)
{
    const bool every = access == GUARD_SUBSCRIBE && is_name(parts, "+");
    return (every || identity_name_is_good(parts->middle, parts->middle_size)) &&
           is_one_of(parts->word, access == GUARD_WRITE ? writes : reads);
}

bool guard_may(const struct guard_party *party, enum guard_access access, const char *topic)
{
    const struct words nothing = { NULL, 0 };
    struct parts parts;

    if (access == GUARD_UNSUBSCRIBE) {
        return true;
    }
    if (!take_apart(topic, &parts)) {
        return false;
    }
    switch (party->role) {
    case IDENTITY_DEVICE:
        return device_may(party->name, access, &parts);
    case IDENTITY_SERVER:
        return overseer_may(up_words, down_words, access, &parts);
    case IDENTITY_OPERATOR:
        return overseer_may(seen_words, nothing, access, &parts);
    }
    return false;
}
