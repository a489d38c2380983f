// SPDX-License-Identifier: MIT

/// Whatever topic a party names: a device gets nothing that is not its own, and nobody gets a topic
/// that has a wildcard or begins with '$'.

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "guard_rules.h"

static void check(bool good)
{
    if (!good) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct guard_party parties[] = { { IDENTITY_DEVICE, "m" },
                                                  { IDENTITY_SERVER, "ohmd" },
                                                  { IDENTITY_OPERATOR, "o" } };
    static const char own[] = "energy_meter/m/";
    char topic[256];

    if (size >= sizeof topic) {
        return 0;
    }
    if (size > 0) {
        memcpy(topic, data, size);
    }
    topic[size] = '\0';
    for (size_t i = 0; i < sizeof parties / sizeof parties[0]; i++) {
        const bool reads = guard_may(&parties[i], GUARD_READ, topic);
        const bool writes = guard_may(&parties[i], GUARD_WRITE, topic);
        const bool subscribes = guard_may(&parties[i], GUARD_SUBSCRIBE, topic);
        check(!(reads && writes));
        check(!(reads || writes || subscribes) || topic[0] == 'e');
        check(!(reads || writes) || strpbrk(topic, "+#$") == NULL);
        check(!subscribes || strchr(topic, '#') == NULL);
        check(!reads || subscribes);
        if (parties[i].role == IDENTITY_DEVICE) {
            check(!(reads || writes || subscribes) || strncmp(topic, own, sizeof own - 1) == 0);
            check(!subscribes || strchr(topic, '+') == NULL);
        }
        check(parties[i].role != IDENTITY_OPERATOR || !writes);
    }
    return 0;
}
