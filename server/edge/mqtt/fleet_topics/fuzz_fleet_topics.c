// SPDX-License-Identifier: MIT

/// Any bytes as a topic: never a crash, and what is taken apart can be put together again.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet_topics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char lab_device[] = "lab-meter";
    enum fleet_topic topic;
    char device_id[DEVICE_ID_SIZE];
    char again[FLEET_TOPIC_SIZE];
    char *text = malloc(size + 1); // Exactly as long as it is, so that a read beyond shows.
    if (text == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    if (fleet_topic_parse(text, NULL, &topic, device_id)) {
        (void)snprintf(again, sizeof again, "energy_meter/%s/%s", device_id,
                       fleet_topic_word(topic));
        if (strcmp(again, text) != 0) {
            abort();
        }
    } else if (fleet_topic_parse(text, lab_device, &topic, device_id)) {
        fleet_topic_down(lab_device, lab_device, fleet_topic_word(topic), again);
        if (strcmp(device_id, lab_device) != 0 || strcmp(again, text) != 0) {
            abort();
        }
    }
    free(text);
    return 0;
}
