// SPDX-License-Identifier: MIT
#include "device_call.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNEL_MOST = 7, SECONDS_MOST = 300 };

static const char PATH[] = "/linearity";

/// Reads "0,2,3". @return -1  it is no list of channels.
static int read_channels(const char *text)
{
    unsigned mask = 0;
    for (;;) {
        char *end = NULL;
        const long channel = strtol(text, &end, 10);
        if (end == text || channel < 0 || channel > CHANNEL_MOST || (*end != '\0' && *end != ',')) {
            return -1;
        }
        mask |= 1u << (unsigned)channel;
        if (*end == '\0') {
            return (int)mask;
        }
        text = end + 1;
    }
}

static void print_figures(const cJSON *object)
{
    (void)printf("largest correction %.2f codes, swings differ by %.2f codes",
                 ohm_number(object, "largest_codes", (double)NAN),
                 ohm_number(object, "disagreement_codes", (double)NAN));
}

static void print_swing(const cJSON *swing)
{
    const cJSON *channel = cJSON_GetObjectItemCaseSensitive(swing, "channel");
    if (cJSON_IsNumber(channel)) {
        (void)printf("  current of channel %d", channel->valueint);
    } else {
        (void)printf("  voltage");
    }
    (void)printf(": %s", ohm_text(swing, "verdict"));
    if (strcmp(ohm_text(swing, "verdict"), "found") == 0) {
        (void)printf(", codes %.0f to %.0f", ohm_number(swing, "from_code", (double)NAN),
                     ohm_number(swing, "to_code", (double)NAN));
    } else {
        (void)printf(". %s", ohm_text(swing, "advice"));
    }
    (void)putchar('\n');
}

/// Shows what the swings come to. @return whether it may be applied.
static enum exit_code show_swings(const struct ohm *ohm, const cJSON *detail)
{
    const cJSON *result = cJSON_GetObjectItemCaseSensitive(detail, "result");
    const bool is_found = strcmp(ohm_text(result, "verdict"), "found") == 0;
    const cJSON *swing = NULL;
    if (ohm->json) {
        device_call_print(detail);
    } else {
        cJSON_ArrayForEach(swing, cJSON_GetObjectItemCaseSensitive(detail, "swings"))
        {
            print_swing(swing);
        }
    }
    if (is_found && !ohm->json) {
        print_figures(result);
        (void)printf(", seen from code %.0f to %.0f\n",
                     ohm_number(result, "from_code", (double)NAN),
                     ohm_number(result, "to_code", (double)NAN));
    }
    return is_found ? OHM_DONE
                    : ohm_say(OHM_FAILED, "no table yet (%s): %s", ohm_text(result, "verdict"),
                              ohm_text(result, "advice"));
}

static void print_force(const cJSON *detail)
{
    const cJSON *change = cJSON_GetObjectItemCaseSensitive(detail, "last_change");
    const bool is_straight =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(detail, "in_force")) != 0;
    char date[DEVICE_CALL_DATE_SIZE];
    if (!cJSON_IsObject(change)) {
        (void)puts("codes are taken as they are");
        return;
    }
    (void)printf("%s  %s by %s", device_call_date(ohm_number(change, "utc_s", 0.0), date),
                 is_straight ? "straightened" : "cleared", ohm_text(change, "who"));
    if (is_straight) {
        (void)printf(" from %.0f swings: ", ohm_number(change, "swings", 0.0));
        print_figures(change);
    }
    (void)putchar('\n');
}

static enum exit_code show(struct ohm *ohm)
{
    cJSON *root = NULL;
    const enum exit_code code = device_call_ask(ohm, PATH, &root);
    const cJSON *detail = device_call_detail(root);
    if (code == OHM_DONE && ohm->json) {
        device_call_print(detail);
    } else if (code == OHM_DONE) {
        print_force(detail);
        if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(detail, "swings")) > 0) {
            (void)puts("swings, not applied yet:");
            (void)show_swings(ohm, detail);
        }
    }
    cJSON_Delete(root);
    return code;
}

static enum exit_code say_done(const struct ohm *ohm, enum exit_code code, const char *what)
{
    if (code == OHM_DONE && !ohm->json) {
        (void)printf("%s: %s\n", ohm->line->argument[0], what);
    }
    return code;
}

static enum exit_code gather(struct ohm *ohm)
{
    const char *channels = options_line_value(ohm->line, "channels");
    const char *seconds = options_line_value(ohm->line, "seconds");
    const bool voltage = options_line_value(ohm->line, "voltage") != NULL;
    const int mask = channels != NULL ? read_channels(channels) : 0;
    double wanted = 60.0;
    char body[96];
    if (mask < 0) {
        return ohm_say(OHM_USAGE, "--channels %s: numbers 0 to 7, such as 0,2", channels);
    }
    if (mask == 0 && !voltage) {
        return ohm_say(OHM_USAGE, "say which inputs swing: --voltage, --channels 0,1, or both");
    }
    if (seconds != NULL && !options_number(seconds, 3.0, SECONDS_MOST, &wanted)) {
        return ohm_say(OHM_USAGE, "--seconds %s: 3 to %d", seconds, SECONDS_MOST);
    }
    (void)snprintf(body, sizeof body, "{\"voltage\":%s,\"channels\":%d,\"seconds\":%.0f}",
                   voltage ? "true" : "false", mask, wanted);
    enum exit_code code = device_call_post(ohm, PATH, body);
    cJSON *root = NULL;
    if (code == OHM_DONE) {
        code = device_call_watch(ohm, PATH, &root);
    }
    if (code == OHM_DONE) {
        code = show_swings(ohm, device_call_detail(root));
    }
    if (code == OHM_DONE) {
        (void)fputs("Have it in force with --apply, or gather more first.\n", stderr);
    }
    cJSON_Delete(root);
    return code;
}

enum exit_code ohm_linearity(struct ohm *ohm)
{
    if (options_line_value(ohm->line, "apply") != NULL) {
        return say_done(ohm, device_call_post(ohm, "/linearity/apply", "{}"),
                        "codes are straightened from now on");
    }
    if (options_line_value(ohm->line, "clear") != NULL) {
        return say_done(ohm, device_call_post(ohm, "/linearity/clear", "{}"),
                        "codes are taken as they are from now on");
    }
    if (options_line_value(ohm->line, "cancel") != NULL) {
        return say_done(ohm, device_call_post(ohm, "/linearity/cancel", "{}"),
                        "the swings are forgotten");
    }
    return options_line_value(ohm->line, "show") != NULL ? show(ohm) : gather(ohm);
}
