// SPDX-License-Identifier: MIT
#include "commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct option_rule login_options[] = { { "user", true },
                                                    { "password-file", true },
                                                    { NULL, false } };
static const struct option_rule channel_options[] = { { "channel", true }, { NULL, false } };

static const struct ohm_command commands[] = {
    { "login", "[SERVER]", "sign in and remember the session",
      "SERVER is an address such as https://localhost:8443 (the default).\n"
      "  --user NAME             who signs in (default admin)\n"
      "  --password-file FILE    read the password from FILE, '-' for standard input;\n"
      "                          without it the terminal is asked\n",
      0, 1, login_options, ohm_login },
    { "logout", "", "end the session, here and on the server", NULL, 0, 0, NULL, ohm_logout },
    { "devices", "", "list the devices and what flows through them", NULL, 0, 0, NULL,
      ohm_devices },
    { "show", "DEVICE", "show the newest reading of a device", NULL, 1, 1, NULL, ohm_show },
    { "relay", "DEVICE RELAY on|off", "switch a relay, and wait until the device confirms", NULL, 3,
      3, NULL, ohm_relay },
    { "registers", "DEVICE", "show the energy registers", NULL, 1, 1, NULL, ohm_registers },
    { "preset", "DEVICE REGISTER KWH", "match a register to the utility's meter",
      "REGISTER is total_import, total_export, or channel_N_import or channel_N_export.\n"
      "What the meter itself counted never changes; who set what and when is kept.\n",
      3, 3, NULL, ohm_preset },
    { "harmonics", "DEVICE", "show the newest harmonics",
      "  --channel N             only this channel\n", 1, 1, channel_options, ohm_harmonics },
    { "events", "DEVICE", "list dips, swells and interruptions of the last 30 days", NULL, 1, 1,
      NULL, ohm_events },
};

const struct ohm_command *ohm_command_at(size_t index)
{
    return index < sizeof commands / sizeof commands[0] ? &commands[index] : NULL;
}

enum exit_code ohm_say(enum exit_code code, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)fputs("ohm: ", stderr);
    (void)vfprintf(stderr, format, list);
    (void)fputc('\n', stderr);
    va_end(list);
    return code;
}

enum exit_code ohm_ask(struct ohm *ohm, const char *method, const char *path, const char *body,
                       struct fleet_answer *answer)
{
    char fault[FLEET_FAULT_SIZE] = "";
    switch (fleet_client_call(ohm->client, method, path, body, answer, fault)) {
    case STATUS_OK:
        return OHM_DONE;
    case STATUS_BUSY:
        return ohm_say(OHM_SIGNED_OUT, "not signed in at %s: run \"ohm login %s\"",
                       ohm->session.server, ohm->session.server);
    case STATUS_IO:
        return ohm_say(OHM_UNREACHABLE, "%s", fault);
    case STATUS_INVALID:
    case STATUS_MISSING:
    case STATUS_FULL:
    case STATUS_CORRUPT:
        break;
    }
    return ohm_say(OHM_FAILED, "%s", fault);
}

bool ohm_device_path(const struct ohm *ohm, const char *rest, char path[OHM_PATH_SIZE])
{
    char id[OHM_ID_SIZE];
    return fleet_client_escape(ohm->line->argument[0], id, sizeof id) &&
           snprintf(path, OHM_PATH_SIZE, "/v1/devices/%s%s", id, rest) < OHM_PATH_SIZE;
}

enum exit_code ohm_get(struct ohm *ohm, const char *rest, cJSON **root)
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
    if (ohm->json) {
        return puts(answer.body) < 0 ? OHM_FAILED : OHM_DONE;
    }
    *root = cJSON_ParseWithLength(answer.body, answer.size);
    return *root != NULL ? OHM_DONE : ohm_say(OHM_FAILED, "the server's answer is not JSON");
}

const char *ohm_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL ? text : "";
}

double ohm_number(const cJSON *object, const char *name, double missing)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : missing;
}
