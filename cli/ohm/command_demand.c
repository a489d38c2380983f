// SPDX-License-Identifier: MIT
#include "device_call.h"

#include <stdio.h>

static void print_maximum(const char *name, const cJSON *detail, const char *power,
                          const char *time)
{
    char date[DEVICE_CALL_DATE_SIZE];
    const double ms = ohm_number(detail, time, 0.0);
    (void)printf("%s %10.3f kW  %s\n", name, ohm_number(detail, power, 0.0) / 1000.0,
                 device_call_date(ms / 1000.0, date));
}

enum exit_code ohm_demand(struct ohm *ohm)
{
    cJSON *root = NULL;
    char date[DEVICE_CALL_DATE_SIZE];
    enum exit_code code = OHM_DONE;
    if (options_line_value(ohm->line, "reset") != NULL) {
        code = device_call_post(ohm, "/demand/reset", "{}");
    }
    if (code == OHM_DONE) {
        code = device_call_ask(ohm, "/demand", &root);
    }
    const cJSON *detail = device_call_detail(root);
    if (code == OHM_DONE && ohm->json) {
        device_call_print(detail);
    } else if (code == OHM_DONE) {
        print_maximum("maximum ", detail, "maximum_demand_w", "maximum_demand_ms");
        if (ohm_number(detail, "resets", 0.0) > 0.0) {
            print_maximum("previous", detail, "previous_demand_w", "previous_demand_ms");
            (void)printf("reset %.0f times, last by %s: %s\n", ohm_number(detail, "resets", 0.0),
                         ohm_text(detail, "reset_by"),
                         device_call_date(ohm_number(detail, "reset_ms", 0.0) / 1000.0, date));
        }
    }
    cJSON_Delete(root);
    return code;
}
