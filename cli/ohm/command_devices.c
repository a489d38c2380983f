// SPDX-License-Identifier: MIT
#include "commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal_text.h"

enum { PAGE_SIZE = 200, RELAY_COUNT = 8 };

static const double MILLIJOULE_PER_KWH = 3.6e9;

/// A number, or a dash for one that is not there.
static void print_number(double number, int width, int digits)
{
    if (isnan(number)) {
        (void)printf("%*s", width, "-");
    } else {
        (void)printf("%*.*f", width, digits, number);
    }
}

static void print_quality(const cJSON *object)
{
    const cJSON *flag = NULL;
    const char *before = "  ";
    cJSON_ArrayForEach(flag, cJSON_GetObjectItemCaseSensitive(object, "quality"))
    {
        char *name = cJSON_GetStringValue(flag);
        (void)printf("%s%s", before, name != NULL ? terminal_text_clean(name) : "?");
        before = ",";
    }
    (void)putchar('\n');
}

static void print_device(const cJSON *device)
{
    (void)printf("%-32s  %-7s", ohm_text(device, "device_id"),
                 cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(device, "online")) ? "online"
                                                                                  : "offline");
    print_number(ohm_number(device, "active_power_w", (double)NAN), 11, 1);
    print_number(ohm_number(device, "reference_voltage_v", (double)NAN), 8, 1);
    print_number(ohm_number(device, "frequency_hz", (double)NAN), 8, 3);
    (void)printf("  %s", ohm_text(device, "name"));
    print_quality(device);
}

enum exit_code ohm_devices(struct ohm *ohm)
{
    int pages = 1;
    if (!ohm->json) {
        (void)printf("%-32s  %-7s%11s%8s%8s  %s\n", "DEVICE", "STATE", "W", "V", "Hz",
                     "NAME  FLAGS");
    }
    for (int page = 1; page <= pages; page++) {
        char path[OHM_PATH_SIZE];
        struct fleet_answer answer;
        (void)snprintf(path, sizeof path, "/v1/devices?page=%d&per_page=%d", page, PAGE_SIZE);
        const enum exit_code code = ohm_ask(ohm, "GET", path, NULL, &answer);
        if (code != OHM_DONE) {
            return code;
        }
        cJSON *root = cJSON_ParseWithLength(answer.body, answer.size);
        const cJSON *device = NULL;
        pages = (int)ohm_number(cJSON_GetObjectItemCaseSensitive(root, "pagination"), "pages", 1.0);
        cJSON_ArrayForEach(device, cJSON_GetObjectItemCaseSensitive(root, "devices"))
        {
            if (ohm->json) {
                char *text = cJSON_PrintUnformatted(device);
                (void)printf("%s\n", text != NULL ? text : "{}");
                cJSON_free(text);
            } else {
                print_device(device);
            }
        }
        cJSON_Delete(root);
    }
    return OHM_DONE;
}

static void print_channel(const cJSON *channel)
{
    static const struct {
        const char *name;
        int width;
        int digits;
    } columns[] = {
        { "active_power_w", 11, 2 },     { "voltage_v", 9, 2 },          { "current_a", 9, 4 },
        { "reactive_power_var", 11, 2 }, { "apparent_power_va", 11, 2 }, { "power_factor", 8, 4 },
    };
    (void)printf("%7.0f", ohm_number(channel, "channel", (double)NAN));
    for (size_t n = 0; n < sizeof columns / sizeof columns[0]; n++) {
        print_number(ohm_number(channel, columns[n].name, (double)NAN), columns[n].width,
                     columns[n].digits);
    }
    print_number(ohm_number(channel, "import_mj", (double)NAN) / MILLIJOULE_PER_KWH, 13, 4);
    print_number(ohm_number(channel, "export_mj", (double)NAN) / MILLIJOULE_PER_KWH, 13, 4);
    print_quality(channel);
}

enum exit_code ohm_show(struct ohm *ohm)
{
    cJSON *root = NULL;
    const enum exit_code code = ohm_get(ohm, "/telemetry/latest", &root);
    if (root == NULL) {
        return code;
    }
    (void)printf("frequency ");
    print_number(ohm_number(root, "frequency_hz", (double)NAN), 0, 3);
    (void)printf(" Hz");
    print_quality(root);
    (void)printf("CHANNEL%11s%9s%9s%11s%11s%8s%13s%13s\n", "W", "V", "A", "var", "VA", "PF",
                 "import kWh", "export kWh");
    const cJSON *channel = NULL;
    cJSON_ArrayForEach(channel, cJSON_GetObjectItemCaseSensitive(root, "channels"))
    {
        print_channel(channel);
    }
    cJSON_Delete(root);
    return OHM_DONE;
}

enum exit_code ohm_relay(struct ohm *ohm)
{
    double relay = 0.0;
    const char *state = ohm->line->argument[2];
    const bool on = strcmp(state, "on") == 0;
    char path[OHM_PATH_SIZE];
    char body[128];
    struct fleet_answer answer;
    if (!options_number(ohm->line->argument[1], 0.0, RELAY_COUNT - 1, &relay) ||
        relay != floor(relay)) {
        return ohm_say(OHM_USAGE, "%s: relays have the numbers 0 to 7", ohm->line->argument[1]);
    }
    if (!on && strcmp(state, "off") != 0) {
        return ohm_say(OHM_USAGE, "%s: a relay is switched on or off", state);
    }
    if (!ohm_device_path(ohm, "/command", path)) {
        return ohm_say(OHM_USAGE, "%s: no device has such a name", ohm->line->argument[0]);
    }
    (void)snprintf(body, sizeof body, "{\"command\":\"set_relay\",\"relay\":%d,\"state\":%s}",
                   (int)relay, on ? "true" : "false");
    const enum exit_code code = ohm_ask(ohm, "POST", path, body, &answer);
    if (code == OHM_DONE) {
        if (ohm->json) {
            (void)puts(answer.body);
        } else {
            (void)printf("relay %d of %s is %s\n", (int)relay, ohm->line->argument[0], state);
        }
    }
    return code;
}

static void print_register(const char *name, const cJSON *values)
{
    const double import_mj = ohm_number(values, "import_mj", (double)NAN);
    const double export_mj = ohm_number(values, "export_mj", (double)NAN);
    (void)printf("%-9s", name);
    print_number(ohm_number(values, "shown_import_mj", import_mj) / MILLIJOULE_PER_KWH, 16, 4);
    print_number(ohm_number(values, "shown_export_mj", export_mj) / MILLIJOULE_PER_KWH, 16, 4);
    const cJSON *quadrant = NULL;
    cJSON_ArrayForEach(quadrant, cJSON_GetObjectItemCaseSensitive(values, "reactive_mvars"))
    {
        print_number(cJSON_GetNumberValue(quadrant) / MILLIJOULE_PER_KWH, 12, 4);
    }
    (void)putchar('\n');
}

enum exit_code ohm_registers(struct ohm *ohm)
{
    cJSON *root = NULL;
    const enum exit_code code = ohm_get(ohm, "/energy?period=today", &root);
    if (root == NULL) {
        return code;
    }
    (void)printf("%-9s%16s%16s%12s%12s%12s%12s\n", "REGISTER", "import kWh", "export kWh",
                 "I kvarh", "II kvarh", "III kvarh", "IV kvarh");
    print_register("total", cJSON_GetObjectItemCaseSensitive(root, "total"));
    const cJSON *channel = NULL;
    cJSON_ArrayForEach(channel, cJSON_GetObjectItemCaseSensitive(root, "registers"))
    {
        char name[16];
        (void)snprintf(name, sizeof name, "%.0f", ohm_number(channel, "channel", 0.0));
        print_register(name, channel);
    }
    cJSON_Delete(root);
    return OHM_DONE;
}

enum exit_code ohm_preset(struct ohm *ohm)
{
    double kwh = 0.0;
    char path[OHM_PATH_SIZE];
    char body[192];
    struct fleet_answer answer;
    const char *name = ohm->line->argument[1];
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz_01234567") != strlen(name) || strlen(name) > 32) {
        return ohm_say(OHM_USAGE, "%s: there is no such register", name);
    }
    if (!options_number(ohm->line->argument[2], 0.0, 1e6, &kwh)) {
        return ohm_say(OHM_USAGE, "%s: say the other meter's reading in kWh, 0 to 1000000",
                       ohm->line->argument[2]);
    }
    if (!ohm_device_path(ohm, "/registers/preset", path)) {
        return ohm_say(OHM_USAGE, "%s: no device has such a name", ohm->line->argument[0]);
    }
    (void)snprintf(body, sizeof body, "{\"register\":\"%s\",\"value_mj\":%lld}", name,
                   llround(kwh * MILLIJOULE_PER_KWH));
    const enum exit_code code = ohm_ask(ohm, "POST", path, body, &answer);
    if (code == OHM_DONE) {
        if (ohm->json) {
            (void)puts(answer.body);
        } else {
            (void)printf("%s of %s shows %.4f kWh\n", name, ohm->line->argument[0], kwh);
        }
    }
    return code;
}
