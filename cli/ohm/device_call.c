// SPDX-License-Identifier: MIT
#include "device_call.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { POLL_S = 1, GRACE_S = 30 };

enum exit_code device_call_post(struct ohm *ohm, const char *rest, const char *body)
{
    char path[OHM_PATH_SIZE];
    struct fleet_answer answer;
    if (!ohm_device_path(ohm, rest, path)) {
        return ohm_say(OHM_USAGE, "%s: no device has such a name", ohm->line->argument[0]);
    }
    return ohm_ask(ohm, "POST", path, body, &answer);
}

enum exit_code device_call_ask(struct ohm *ohm, const char *rest, cJSON **root)
{
    char path[OHM_PATH_SIZE];
    struct fleet_answer answer;
    *root = NULL;
    if (!ohm_device_path(ohm, rest, path)) {
        return ohm_say(OHM_USAGE, "%s: no device has such a name", ohm->line->argument[0]);
    }
    const enum exit_code code = ohm_ask(ohm, "GET", path, NULL, &answer);
    if (code != OHM_DONE) {
        return code;
    }
    *root = cJSON_ParseWithLength(answer.body, answer.size);
    return *root != NULL ? OHM_DONE : ohm_say(OHM_FAILED, "the server's answer is not JSON");
}

const cJSON *device_call_detail(const cJSON *root)
{
    return cJSON_GetObjectItemCaseSensitive(root, "detail");
}

enum exit_code device_call_watch(struct ohm *ohm, const char *rest, cJSON **root)
{
    enum exit_code code = device_call_ask(ohm, rest, root);
    double least = HUGE_VAL;
    int idle_s = 0;
    while (code == OHM_DONE &&
           strcmp(ohm_text(device_call_detail(*root), "activity"), "idle") != 0) {
        const double left = ohm_number(device_call_detail(*root), "remaining_s", 0.0);
        idle_s = left < least ? 0 : idle_s + POLL_S;
        least = fmin(left, least);
        (void)fprintf(stderr, "\rmeasuring, %3.0f s to go ", left);
        cJSON_Delete(*root);
        *root = NULL;
        if (idle_s > GRACE_S) {
            (void)fputc('\n', stderr);
            return ohm_say(OHM_FAILED, "the device sees no mains any more; nothing was changed");
        }
        const struct timespec wait = { .tv_sec = POLL_S };
        (void)nanosleep(&wait, NULL);
        code = device_call_ask(ohm, rest, root);
    }
    if (least < HUGE_VAL) {
        (void)fputc('\n', stderr);
    }
    return code;
}

void device_call_print(const cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    (void)puts(text != NULL ? text : "{}");
    cJSON_free(text);
}

const char *device_call_date(double utc_s, char date[DEVICE_CALL_DATE_SIZE])
{
    const time_t when = (time_t)utc_s;
    struct tm local;
    if (when <= 0 || localtime_r(&when, &local) == NULL ||
        strftime(date, DEVICE_CALL_DATE_SIZE, "%Y-%m-%d %H:%M:%S", &local) == 0) {
        (void)snprintf(date, DEVICE_CALL_DATE_SIZE, "time not known");
    }
    return date;
}
