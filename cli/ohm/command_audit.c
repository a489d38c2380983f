// SPDX-License-Identifier: MIT

/// The record of what was done to identities. Its texts may come from devices and from strangers.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"

enum { LIMIT_USUAL = 50, LIMIT_MOST = 1000 };

static void print_record(const cJSON *record)
{
    const time_t time = (time_t)(ohm_number(record, "time_ms", 0.0) / 1000.0);
    const char *device = ohm_text(record, "device_id");
    const char *actor = ohm_text(record, "actor");
    const char *address = ohm_text(record, "address");
    const char *detail = ohm_text(record, "detail");
    char when[32] = "";
    struct tm parts;
    if (localtime_r(&time, &parts) != NULL) {
        (void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &parts);
    }
    (void)printf("%s  %s  %s", when, ohm_text(record, "kind"), device[0] != '\0' ? device : "-");
    (void)printf("%s%s", actor[0] != '\0' ? "  by " : "", actor);
    (void)printf("%s%s", address[0] != '\0' ? "  from " : "", address);
    (void)printf("%s%s\n", detail[0] != '\0' ? "  " : "", detail);
}

enum exit_code ohm_audit(struct ohm *ohm)
{
    const char *limit = options_line_value(ohm->line, "limit");
    const char *device = ohm->line->arguments > 0 ? ohm->line->argument[0] : NULL;
    char path[OHM_PATH_SIZE];
    char *end = NULL;
    struct fleet_answer answer;
    const long count = limit != NULL ? strtol(limit, &end, 10) : LIMIT_USUAL;

    if (limit != NULL && (end == limit || *end != '\0' || count < 1 || count > LIMIT_MOST)) {
        return ohm_say(OHM_USAGE, "--limit is a number from 1 to %d, not '%s'", LIMIT_MOST, limit);
    }
    (void)snprintf(path, sizeof path, "/v1/certificates/audit?limit=%ld", count);
    const enum exit_code code = ohm_ask(ohm, "GET", path, NULL, &answer);
    if (code != OHM_DONE) {
        return code;
    }
    if (ohm->json) {
        return puts(answer.body) < 0 ? OHM_FAILED : OHM_DONE;
    }
    cJSON *root = cJSON_ParseWithLength(answer.body, answer.size);
    const cJSON *records = cJSON_GetObjectItemCaseSensitive(root, "records");
    for (int i = cJSON_GetArraySize(records); i > 0; i--) {
        const cJSON *record = cJSON_GetArrayItem(records, i - 1);
        if (device == NULL || strcmp(ohm_text(record, "device_id"), device) == 0) {
            print_record(record);
        }
    }
    cJSON_Delete(root);
    return OHM_DONE;
}
