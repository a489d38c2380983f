// SPDX-License-Identifier: MIT
#include "fleet_topics.h"

#include <stdio.h>
#include <string.h>

static const char root[] = "energy_meter/";

const char *fleet_topic_word(enum fleet_topic topic)
{
    switch (topic) {
    case FLEET_TOPIC_BATCH:
        return "batch";
    case FLEET_TOPIC_DATA:
        return "data";
    case FLEET_TOPIC_REALTIME:
        return "realtime";
    case FLEET_TOPIC_RELAY_STATUS:
        return "relay_status";
    case FLEET_TOPIC_SYSTEM_STATUS:
        return "system_status";
    case FLEET_TOPIC_COMMAND_RESULT:
        return "command_result";
    case FLEET_TOPIC_COUNT:
        break;
    }
    return "";
}

bool fleet_topic_parse(const char *text, const char *lab_device, enum fleet_topic *topic,
                       char device_id[DEVICE_ID_SIZE])
{
    if (strncmp(text, root, sizeof root - 1) != 0) {
        return false;
    }
    const char *rest = text + sizeof root - 1;
    const char *slash = strchr(rest, '/');
    const char *word = slash != NULL ? slash + 1 : rest;
    const char *name = slash != NULL ? rest : lab_device;
    const size_t name_size = slash != NULL        ? (size_t)(slash - rest)
                             : lab_device != NULL ? strlen(lab_device)
                                                  : 0;
    for (int i = 0; i < FLEET_TOPIC_COUNT; i++) {
        if (strcmp(word, fleet_topic_word((enum fleet_topic)i)) == 0) {
            *topic = (enum fleet_topic)i;
            return name != NULL && device_id_parse(name, name_size, device_id);
        }
    }
    return false;
}

void fleet_topic_down(const char *device_id, const char *lab_device, const char *word,
                      char out[FLEET_TOPIC_SIZE])
{
    const bool flat = lab_device != NULL && strcmp(device_id, lab_device) == 0;
    (void)snprintf(out, FLEET_TOPIC_SIZE, "%s%s%s%s", root, flat ? "" : device_id, flat ? "" : "/",
                   word);
}
