// SPDX-License-Identifier: MIT
#include "commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "terminal_text.h"

enum { SENTENCE_SIZE = 2048 };

static const struct option_rule login_options[] = { { "user", true },
                                                    { "password-file", true },
                                                    { NULL, false } };
static const struct option_rule channel_options[] = { { "channel", true }, { NULL, false } };
static const struct option_rule calibrate_options[] = {
    { "channel", true },         { "load-watts", true },     { "load-volts", true },
    { "reference-volts", true }, { "reference-amps", true }, { "reference-watts", true },
    { "turns", true },           { "seconds", true },        { "sensor", true },
    { "resistive", false },      { "point", false },         { "apply", false },
    { "cancel", false },         { "show", false },          { NULL, false }
};
static const struct option_rule wiring_options[] = {
    { "channel", true },      { "load-watts", true },      { "seconds", true },
    { "resistive", false },   { "switch-on", false },      { "may-export", false },
    { "three-phase", false }, { "shared-neutral", false }, { NULL, false }
};

static const struct option_rule linearity_options[] = { { "voltage", false }, { "channels", true },
                                                        { "seconds", true },  { "apply", false },
                                                        { "clear", false },   { "cancel", false },
                                                        { "show", false },    { NULL, false } };
static const struct option_rule tamper_options[] = { { "clear", false }, { NULL, false } };
static const struct option_rule demand_options[] = { { "reset", false }, { NULL, false } };

static const struct option_rule token_options[] = { { "life", true },
                                                    { "replace", false },
                                                    { NULL, false } };
static const struct option_rule revoke_options[] = { { "reason", true },
                                                     { "yes", false },
                                                     { NULL, false } };
static const struct option_rule pki_options[] = { { "host", true },
                                                  { "renew", false },
                                                  { NULL, false } };
static const struct option_rule audit_options[] = { { "limit", true }, { NULL, false } };
static const struct option_rule qr_options[] = { { "code-file", true },
                                                 { "prefix", true },
                                                 { NULL, false } };
static const struct option_rule enroll_options[] = {
    { "code-file", true },          { "prefix", true },     { "ssid", true },
    { "wifi-password-file", true }, { "open", false },      { "wait", true },
    { "no-wait", false },           { "token-file", true }, { "address", true },
    { "replace", false },           { NULL, false }
};

static const struct ohm_command commands[] = {
    { "login", "[SERVER]", "sign in and remember the session",
      "SERVER is an address such as https://localhost:8443 (the default).\n"
      "  --user NAME             who signs in (default admin)\n"
      "  --password-file FILE    read the password from FILE, '-' for standard input;\n"
      "                          without it the terminal is asked\n",
      0, 1, login_options, ohm_login },
    { "logout", "", "end the session, here and on the server", NULL, 0, 0, NULL, ohm_logout },
    { "enroll", "--ssid NAME", "set a new device up: pair, send it the network, wait for it",
      "Asks for the pairing code on the device's label and for the network's password. What\n"
      "goes to the device is sealed with that code. A secret is never an argument.\n"
      "  --ssid NAME             the network that the device shall use\n"
      "  --open                  it has no password\n"
      "  --code-file FILE        read the pairing code from FILE, '-' for standard input\n"
      "  --wifi-password-file FILE  so the network's password; from '-' it is the next line\n"
      "  --token-file FILE       so a provisioning token, instead of asking the server for one\n"
      "  --replace               it has a certificate already, and shall get another\n"
      "  --address ADDRESS       where the device is (default http://192.168.4.1)\n"
      "  --prefix TEXT           how its hotspot's name begins (default Ohmstead)\n"
      "  --wait S                how long to wait in all (default 180)\n"
      "  --no-wait               done when the device is in the network\n",
      0, 0, enroll_options, ohm_enroll },
    { "qr", "", "print the codes that join a device's hotspot and pair with it",
      "Asks for the pairing code. Whoever sees the codes can pair with the device.\n"
      "  --code-file FILE        read the pairing code from FILE, '-' for standard input\n"
      "  --prefix TEXT           how the hotspot's name begins (default Ohmstead)\n"
      "  --json                  print the texts instead of drawing them\n",
      0, 0, qr_options, ohm_qr },
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
    { "calibrate", "DEVICE --channel N", "calibrate a sensor by a load or another meter",
      "Switch a load on that does not change, say what is known of it, and wait.\n"
      "  --load-watts W          a heater's rated power; with --load-volts V, at that voltage\n"
      "  --resistive             a heater or a kettle of unknown power: finds the phase\n"
      "  --reference-volts V     what another meter shows, as do the next two\n"
      "  --reference-amps A\n"
      "  --reference-watts W\n"
      "  --turns N               the wire goes N times through the sensor\n"
      "  --sensor TYPE           the transformer, where its type is known: sct-013-000\n"
      "  --seconds S             how long to measure, 3 to 300 (default 20); with 60 the phase\n"
      "                          holds further from the frequency that was measured\n"
      "  --point                 keep it as one of several points; do not apply yet\n"
      "  --apply                 apply the points that were made\n"
      "  --cancel                forget them\n"
      "  --show                  show what is in force, and who changed it\n",
      1, 1, calibrate_options, ohm_calibrate },
    { "wiring", "DEVICE --channel N --load-watts W", "find out how a current sensor is fitted",
      "Ends with 0 only when the sensor is in order.\n"
      "  --load-watts W          roughly what the load takes, 100 W or more\n"
      "  --resistive             it is a heater or a kettle\n"
      "  --switch-on             it is off now, and you switch it on after five seconds\n"
      "  --may-export            a solar inverter or a battery may feed in here\n"
      "  --three-phase           conductors of other phases are near\n"
      "  --shared-neutral        so is a neutral that several phases share\n"
      "  --seconds S             how long to watch, 15 to 300 (default 45)\n",
      1, 1, wiring_options, ohm_wiring },
    { "linearity", "DEVICE --voltage --channels LIST", "straighten the converter by the mains",
      "Connect a heater alone, its wire led through the sensors of two or three channels, once\n"
      "through one, twice or more through another. Inputs that swing at the same time tell the\n"
      "converter's errors from those of the mains.\n"
      "  --voltage               the voltage is one of the swings\n"
      "  --channels LIST         and so are the currents of these, such as 0,2\n"
      "  --seconds S             how long to count, 3 to 300 (default 60)\n"
      "  --apply                 have what the swings come to in force, and keep it\n"
      "  --clear                 take codes as they are again\n"
      "  --cancel                forget the swings\n"
      "  --show                  show what is in force, and who changed it\n",
      1, 1, linearity_options, ohm_linearity },
    { "demand", "DEVICE", "show the maximum demand, or begin a new one",
      "  --reset                 begin a new maximum; the one before is kept\n", 1, 1,
      demand_options, ohm_demand },
    { "tamper", "DEVICE", "show whether the case was opened, or clear that",
      "  --clear                 the device was looked at and is in order\n", 1, 1, tamper_options,
      ohm_tamper },
    { "certificates", "[DEVICE]", "list certificates with the days they have left", NULL, 0, 1,
      NULL, ohm_certificates },
    { "token", "DEVICE", "make a token with which a device fetches its certificate",
      "Prints the token alone. It is good once, for this device.\n"
      "  --life S                for so many seconds, 60 to 86400\n"
      "  --replace               also when the device has an active certificate\n",
      1, 1, token_options, ohm_token },
    { "revoke", "DEVICE", "withdraw every certificate and token of a device, at once",
      "It cannot be undone: the device comes back as a new one alone. On a terminal it asks.\n"
      "  --reason TEXT           kept in the record of what was done\n"
      "  --yes                   do not ask\n",
      1, 1, revoke_options, ohm_revoke },
    { "audit", "[DEVICE]", "show what was done to identities, the newest last",
      "Also what the broker refused, opened cases, and renewals that are overdue.\n"
      "  --limit N               so many records, 1 to 1000 (default 50), before DEVICE is "
      "picked\n",
      0, 1, audit_options, ohm_audit },
    { "pki", "ACTION FOLDER [FILE]", "look after the certificate authority in a folder",
      "Works on this machine's files; the server is not asked.\n"
      "  pki init FOLDER               make the authority, or complete and renew it\n"
      "  pki status FOLDER             list its certificates with the days they have left\n"
      "  pki export-root FOLDER FILE   move the root's key away; it is needed again only to\n"
      "                                renew an intermediate\n"
      "  --host NAMES            more names in the server certificates, for init\n"
      "  --renew                 sign the intermediates anew now, for init, with the root's key\n"
      "                          brought back into FOLDER\n"
      "  --json                  print the list as JSON\n",
      2, 3, pki_options, ohm_pki },
};

const struct ohm_command *ohm_command_at(size_t index)
{
    return index < sizeof commands / sizeof commands[0] ? &commands[index] : NULL;
}

enum exit_code ohm_say(enum exit_code code, const char *format, ...)
{
    char sentence[SENTENCE_SIZE];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(sentence, sizeof sentence, format, list);
    va_end(list);
    // It may quote a device, or a server.
    (void)fprintf(stderr, "ohm: %s\n", terminal_text_clean(sentence));
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
    char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL ? terminal_text_clean(text) : "";
}

double ohm_number(const cJSON *object, const char *name, double missing)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : missing;
}
