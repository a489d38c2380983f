// SPDX-License-Identifier: MIT
#include "commands.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SHOWN_ORDERS = 50, ORDERS_A_LINE = 10, MS_PER_S = 1000 };

static void print_spectrum(const cJSON *spectrum)
{
    const bool is_voltage = strcmp(ohm_text(spectrum, "signal"), "voltage") == 0;
    (void)printf("channel %.0f %s: fundamental %.*f %s, THD %.2f %%\n",
                 ohm_number(spectrum, "channel", (double)NAN), ohm_text(spectrum, "signal"),
                 is_voltage ? 2 : 4, ohm_number(spectrum, "fundamental", (double)NAN),
                 is_voltage ? "V" : "A", 100.0 * ohm_number(spectrum, "thd", (double)NAN));
    const cJSON *share = NULL;
    int order = 0;
    cJSON_ArrayForEach(share, cJSON_GetObjectItemCaseSensitive(spectrum, "harmonics"))
    {
        if (order % ORDERS_A_LINE == 0) {
            (void)printf("  %2d-%-2d", order + 1, order + ORDERS_A_LINE);
        }
        (void)printf(" %8.3f%%", 100.0 * cJSON_GetNumberValue(share));
        if (++order % ORDERS_A_LINE == 0) {
            (void)putchar('\n');
        }
        if (order == SHOWN_ORDERS) {
            break;
        }
    }
    if (order % ORDERS_A_LINE != 0) {
        (void)putchar('\n');
    }
}

enum exit_code ohm_harmonics(struct ohm *ohm)
{
    const char *wanted = options_line_value(ohm->line, "channel");
    double channel = 0.0;
    cJSON *root = NULL;
    if (wanted != NULL && !options_number(wanted, 0.0, 7.0, &channel)) {
        return ohm_say(OHM_USAGE, "--channel %s: channels have the numbers 0 to 7", wanted);
    }
    const enum exit_code code = ohm_get(ohm, "/spectra/latest", &root);
    if (root == NULL) {
        return code;
    }
    const cJSON *spectrum = NULL;
    int shown = 0;
    cJSON_ArrayForEach(spectrum, cJSON_GetObjectItemCaseSensitive(root, "spectra"))
    {
        if (wanted == NULL || fabs(ohm_number(spectrum, "channel", -1.0) - channel) < 0.5) {
            print_spectrum(spectrum);
            shown++;
        }
    }
    cJSON_Delete(root);
    if (shown == 0) {
        (void)fputs("There is no spectrum yet; a meter sends one a minute for each signal.\n",
                    stderr);
    }
    return OHM_DONE;
}

static void print_event(const cJSON *event)
{
    const double start_ms = ohm_number(event, "start_ms", 0.0);
    const time_t start_s = (time_t)floor(start_ms / MS_PER_S);
    struct tm local;
    char when[32] = "?";
    if (localtime_r(&start_s, &local) != NULL) {
        (void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &local);
    }
    const double fraction_ms = start_ms - (double)start_s * MS_PER_S;
    (void)printf(
        "%s.%03.0f  %-12s  channel %.0f  %10.1f ms  %7.1f V of %.0f V\n", when,
        fmin(floor(fraction_ms), 999.0), ohm_text(event, "kind"),
        ohm_number(event, "channel", (double)NAN), ohm_number(event, "duration_ms", (double)NAN),
        ohm_number(event, "extreme_v", (double)NAN), ohm_number(event, "declared_v", (double)NAN));
}

enum exit_code ohm_events(struct ohm *ohm)
{
    cJSON *root = NULL;
    const enum exit_code code = ohm_get(ohm, "/events", &root);
    if (root == NULL) {
        return code;
    }
    const cJSON *event = NULL;
    int shown = 0;
    cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(root, "events"))
    {
        print_event(event);
        shown++;
    }
    cJSON_Delete(root);
    if (shown == 0) {
        (void)fputs("No dip, swell or interruption in the last 30 days.\n", stderr);
    }
    return OHM_DONE;
}
