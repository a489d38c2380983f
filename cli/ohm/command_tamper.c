// SPDX-License-Identifier: MIT
#include "device_call.h"

#include <stdio.h>

static void print_case(const cJSON *tamper)
{
    const bool latched = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(tamper, "latched"));
    const bool open = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(tamper, "case_open"));
    (void)printf("case      %s\n", open ? "open" : "closed");
    (void)printf("opened    %.0f times\n", ohm_number(tamper, "count", 0.0));
    (void)printf("state     %s\n",
                 latched ? "opened and not cleared: every relay stays open" : "in order");
}

static enum exit_code clear(struct ohm *ohm, const cJSON *tamper)
{
    char body[64];
    (void)snprintf(body, sizeof body, "{\"count\":%.0f}", ohm_number(tamper, "count", 0.0));
    return device_call_post(ohm, "/tamper/clear", body);
}

enum exit_code ohm_tamper(struct ohm *ohm)
{
    const bool clears = options_line_value(ohm->line, "clear") != NULL;
    cJSON *root = NULL;
    enum exit_code code = device_call_ask(ohm, "", &root);
    const cJSON *tamper = cJSON_GetObjectItemCaseSensitive(root, "tamper");
    if (code == OHM_DONE && !cJSON_IsObject(tamper)) {
        code = ohm_say(OHM_FAILED,
                       "%s has told nothing of its case: it has no switch there, or "
                       "has not been online yet",
                       ohm->line->argument[0]);
    } else if (code == OHM_DONE && clears) {
        code = clear(ohm, tamper);
    } else if (code == OHM_DONE && ohm->json) {
        device_call_print(tamper);
    } else if (code == OHM_DONE) {
        print_case(tamper);
    }
    if (code == OHM_DONE && clears && !ohm->json) {
        (void)printf("cleared; the relays stay open until they are switched\n");
    }
    cJSON_Delete(root);
    return code;
}
