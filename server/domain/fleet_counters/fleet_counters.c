// SPDX-License-Identifier: MIT
#include "fleet_counters.h"

#include <stddef.h>

const char *fleet_counter_name(enum fleet_counter counter)
{
    static const char *const names[FLEET_COUNTER_COUNT] = {
        [FLEET_COUNTER_BATCHES_STORED] = "batches_stored",
        [FLEET_COUNTER_READINGS_STORED] = "readings_stored",
        [FLEET_COUNTER_BATCHES_DUPLICATE] = "batches_duplicate",
        [FLEET_COUNTER_BATCHES_TRIMMED] = "batches_trimmed",
        [FLEET_COUNTER_GAPS_RECORDED] = "gaps_recorded",
        [FLEET_COUNTER_COMMITS] = "commits",
        [FLEET_COUNTER_ACKS_PUBLISHED] = "acks_published",
        [FLEET_COUNTER_MESSAGES_RECEIVED] = "messages_received",
        [FLEET_COUNTER_REFUSED_TOPIC] = "refused_topic",
        [FLEET_COUNTER_REFUSED_MALFORMED] = "refused_malformed",
        [FLEET_COUNTER_REFUSED_OVERSIZED] = "refused_oversized",
        [FLEET_COUNTER_REFUSED_WRONG_DEVICE] = "refused_wrong_device",
        [FLEET_COUNTER_REFUSED_HOLE] = "refused_hole",
        [FLEET_COUNTER_REFUSED_FLOOD] = "refused_flood",
        [FLEET_COUNTER_REFUSED_STORAGE] = "refused_storage",
        [FLEET_COUNTER_COMMITS_FAILED] = "commits_failed",
        [FLEET_COUNTER_METER_RESETS] = "meter_resets",
        [FLEET_COUNTER_METER_GLITCHES] = "meter_glitches",
        [FLEET_COUNTER_METER_SWAPS_SUSPECTED] = "meter_swaps_suspected",
        [FLEET_COUNTER_COMMANDS_SENT] = "commands_sent",
        [FLEET_COUNTER_COMMANDS_CONFIRMED] = "commands_confirmed",
        [FLEET_COUNTER_COMMANDS_UNCONFIRMED] = "commands_unconfirmed",
        [FLEET_COUNTER_BROKER_DISCONNECTS] = "broker_disconnects",
    };
    const char *name = (unsigned)counter < FLEET_COUNTER_COUNT ? names[counter] : NULL;
    return name != NULL ? name : "unknown";
}
