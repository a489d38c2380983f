// SPDX-License-Identifier: MIT
#include "device_call.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BODY_SIZE = 512, PATH_SIZE = 64, SENSOR_LIMIT = 23 };

/// A JSON object that is being written.
struct body {
    char text[BODY_SIZE];
    size_t size;
};

static void add(struct body *body, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct body *body, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int size = vsnprintf(body->text + body->size, BODY_SIZE - body->size, format, list);
    va_end(list);
    if (size > 0 && (size_t)size < BODY_SIZE - body->size) {
        body->size += (size_t)size;
    }
}

/// Adds an option's number, times `scale`, when it was given. @return false  it is no such number.
static bool add_option(struct ohm *ohm, struct body *body, const char *option, const char *member,
                       double scale, double most)
{
    const char *text = options_line_value(ohm->line, option);
    double number = 0.0;
    if (text == NULL) {
        return true;
    }
    if (!options_number(text, 0.0, most, &number) || llround(number * scale) < 1) {
        (void)ohm_say(OHM_USAGE, "--%s %s: a number above 0, at most %.0f", option, text, most);
        return false;
    }
    add(body, ",\"%s\":%lld", member, llround(number * scale));
    return true;
}

static void add_flag(struct ohm *ohm, struct body *body, const char *option, const char *member)
{
    if (options_line_value(ohm->line, option) != NULL) {
        add(body, ",\"%s\":true", member);
    }
}

/// Adds the type of the sensor. The device knows which there are, and lists them to who asks for
/// another.
static bool add_sensor(struct ohm *ohm, struct body *body)
{
    const char *type = options_line_value(ohm->line, "sensor");
    if (type == NULL) {
        return true;
    }
    const size_t size = strlen(type);
    if (size == 0 || size > SENSOR_LIMIT ||
        strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789-") != size) {
        (void)ohm_say(OHM_USAGE, "--sensor %s: a type such as sct-013-000", type);
        return false;
    }
    add(body, ",\"sensor\":\"%s\"", type);
    return true;
}

static bool read_channel(struct ohm *ohm, int *channel)
{
    const char *text = options_line_value(ohm->line, "channel");
    double number = 0.0;
    if (text == NULL) {
        (void)ohm_say(OHM_USAGE, "say which sensor: --channel 0 to 7");
        return false;
    }
    if (!options_number(text, 0.0, 7.0, &number) || number != floor(number)) {
        (void)ohm_say(OHM_USAGE, "--channel %s: channels have the numbers 0 to 7", text);
        return false;
    }
    *channel = (int)number;
    return true;
}

/// Where the device tells how far it is with a channel.
static const char *name_path(int channel, char rest[PATH_SIZE])
{
    (void)snprintf(rest, PATH_SIZE, "/calibration?channel=%d", channel);
    return rest;
}

static void print_value(const cJSON *object, const char *name, const char *format)
{
    const double number = ohm_number(object, name, (double)NAN);
    if (!isnan(number)) {
        // The formats are all in this file.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)printf(format, number);
#pragma GCC diagnostic pop
    }
}

static void print_point(const cJSON *point)
{
    (void)printf("  %s:", ohm_text(point, "verdict"));
    print_value(point, "current_a", " %.3f A");
    print_value(point, "voltage_gain", ", voltage gain %.5f");
    print_value(point, "gain", ", gain %.5f");
    print_value(point, "gain_error_percent", " (+-%.3f %%)");
    print_value(point, "lead_deg", ", lead %.3f degrees");
    print_value(point, "frequency_hz", " at %.2f Hz");
    print_value(point, "lead_error_deg", " (+-%.3f there)");
    (void)putchar('\n');
}

/// What is known of the angle at other frequencies, and from what.
static void print_phase(const cJSON *detail)
{
    static const struct {
        const char *law;
        const char *text;
    } laws[] = {
        { "harmonics", "found from the harmonics of the mains" },
        { "two_frequencies", "measured at 50 and at 60 Hz" },
        { "type", "by the table of the sensor's type" },
        { "inverse", "taken to fall as 1/f: give --sensor, or measure a larger current for 60 s" },
    };
    const cJSON *result = cJSON_GetObjectItemCaseSensitive(detail, "result");
    const char *law = ohm_text(result, "law");
    for (size_t n = 0; n < sizeof laws / sizeof laws[0]; n++) {
        if (strcmp(law, laws[n].law) == 0) {
            (void)fputs("  phase:", stdout);
            print_value(result, "lead_error_deg", " +-%.3f degrees at the measured frequency");
            print_value(result, "lead_error_45hz_deg", ", +-%.3f at 45 Hz");
            print_value(result, "lead_error_65hz_deg", ", +-%.3f at 65 Hz");
            (void)printf(" (%s)\n", laws[n].text);
        }
    }
}

static void print_input(const char *name, const cJSON *input)
{
    (void)printf("%s: gain %.5f\n", name, ohm_number(input, "gain", (double)NAN));
    const cJSON *knot = NULL;
    cJSON_ArrayForEach(knot, cJSON_GetObjectItemCaseSensitive(input, "knots"))
    {
        (void)printf("  at %8.3f A: gain %.5f, lead %.3f degrees at 50 Hz, %.3f at 60 Hz\n",
                     ohm_number(knot, "at", (double)NAN), ohm_number(knot, "gain", (double)NAN),
                     ohm_number(knot, "lead_50hz_deg", (double)NAN),
                     ohm_number(knot, "lead_60hz_deg", (double)NAN));
    }
}

static void print_calibration(const cJSON *detail)
{
    const cJSON *points = cJSON_GetObjectItemCaseSensitive(detail, "points");
    const cJSON *force = cJSON_GetObjectItemCaseSensitive(detail, "in_force");
    const cJSON *item = NULL;
    if (cJSON_GetArraySize(points) > 0) {
        (void)puts("points, not applied yet:");
    }
    cJSON_ArrayForEach(item, points)
    {
        print_point(item);
    }
    print_phase(detail);
    print_input("voltage", cJSON_GetObjectItemCaseSensitive(force, "voltage"));
    print_input("current", cJSON_GetObjectItemCaseSensitive(force, "current"));
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(detail, "history"))
    {
        char date[DEVICE_CALL_DATE_SIZE];
        (void)printf("%s  %s by %s (%s): gain %.5f -> %.5f, lead %.3f -> %.3f degrees\n",
                     device_call_date(ohm_number(item, "utc_s", 0.0), date),
                     ohm_text(item, "input"), ohm_text(item, "who"), ohm_text(item, "method"),
                     ohm_number(item, "old_gain", (double)NAN),
                     ohm_number(item, "new_gain", (double)NAN),
                     ohm_number(item, "old_lead_deg", (double)NAN),
                     ohm_number(item, "new_lead_deg", (double)NAN));
    }
}

/// Shows what came of a point. @return whether it may be applied.
static enum exit_code show_point(struct ohm *ohm, const cJSON *detail)
{
    const cJSON *points = cJSON_GetObjectItemCaseSensitive(detail, "points");
    const cJSON *point = cJSON_GetArrayItem(points, cJSON_GetArraySize(points) - 1);
    if (ohm->json) {
        device_call_print(detail);
    } else if (point != NULL) {
        print_point(point);
        print_phase(detail);
    }
    return strcmp(ohm_text(point, "verdict"), "found") == 0
               ? OHM_DONE
               : ohm_say(OHM_FAILED, "not calibrated (%s): %s", ohm_text(point, "verdict"),
                         ohm_text(point, "advice"));
}

static enum exit_code show(struct ohm *ohm, int channel)
{
    char rest[PATH_SIZE];
    cJSON *root = NULL;
    const enum exit_code code = device_call_ask(ohm, name_path(channel, rest), &root);
    if (code == OHM_DONE && ohm->json) {
        device_call_print(device_call_detail(root));
    } else if (code == OHM_DONE) {
        print_calibration(device_call_detail(root));
    }
    cJSON_Delete(root);
    return code;
}

static enum exit_code apply(struct ohm *ohm, int channel, bool loud)
{
    char body[64];
    (void)snprintf(body, sizeof body, "{\"channel\":%d}", channel);
    const enum exit_code code = device_call_post(ohm, "/calibration/apply", body);
    if (code == OHM_DONE && loud && !ohm->json) {
        (void)printf("channel %d of %s is calibrated; it is in force now\n", channel,
                     ohm->line->argument[0]);
    }
    return code;
}

enum exit_code ohm_calibrate(struct ohm *ohm)
{
    struct body body = { .size = 0 };
    int channel = 0;
    if (!read_channel(ohm, &channel)) {
        return OHM_USAGE;
    }
    if (options_line_value(ohm->line, "show") != NULL) {
        return show(ohm, channel);
    }
    add(&body, "{\"channel\":%d", channel);
    if (options_line_value(ohm->line, "cancel") != NULL) {
        add(&body, "}");
        return device_call_post(ohm, "/calibration/cancel", body.text);
    }
    if (options_line_value(ohm->line, "apply") != NULL) {
        return apply(ohm, channel, true);
    }
    if (!add_option(ohm, &body, "seconds", "seconds", 1.0, 300.0) ||
        !add_option(ohm, &body, "turns", "turns", 1.0, 100.0) ||
        !add_option(ohm, &body, "load-watts", "rated_mw", 1000.0, 1e6) ||
        !add_option(ohm, &body, "load-volts", "rated_mv", 1000.0, 1e6) ||
        !add_option(ohm, &body, "reference-volts", "voltage_mv", 1000.0, 1e6) ||
        !add_option(ohm, &body, "reference-amps", "current_ma", 1000.0, 1e6) ||
        !add_option(ohm, &body, "reference-watts", "power_mw", 1000.0, 1e6) ||
        !add_sensor(ohm, &body)) {
        return OHM_USAGE;
    }
    // A load of which nothing but its watts is known is a heater.
    const bool heater = options_line_value(ohm->line, "load-watts") != NULL ||
                        options_line_value(ohm->line, "resistive") != NULL;
    add(&body, heater ? ",\"resistive\":true}" : "}");
    enum exit_code code = device_call_post(ohm, "/calibration", body.text);
    char rest[PATH_SIZE];
    cJSON *root = NULL;
    if (code == OHM_DONE) {
        code = device_call_watch(ohm, name_path(channel, rest), &root);
    }
    if (code == OHM_DONE) {
        code = show_point(ohm, device_call_detail(root));
    }
    cJSON_Delete(root);
    if (code != OHM_DONE) {
        return code;
    }
    if (options_line_value(ohm->line, "point") != NULL) {
        (void)fputs("Repeat with another load, then with --apply instead.\n", stderr);
        return OHM_DONE;
    }
    return apply(ohm, channel, true);
}

enum exit_code ohm_wiring(struct ohm *ohm)
{
    struct body body = { .size = 0 };
    int channel = 0;
    if (!read_channel(ohm, &channel)) {
        return OHM_USAGE;
    }
    if (options_line_value(ohm->line, "load-watts") == NULL) {
        return ohm_say(OHM_USAGE, "say what is on, 100 W or more: --load-watts W");
    }
    add(&body, "{\"channel\":%d", channel);
    if (!add_option(ohm, &body, "load-watts", "load_mw", 1000.0, 1e6) ||
        !add_option(ohm, &body, "seconds", "seconds", 1.0, 300.0)) {
        return OHM_USAGE;
    }
    add_flag(ohm, &body, "resistive", "resistive");
    add_flag(ohm, &body, "switch-on", "switched");
    add_flag(ohm, &body, "may-export", "may_export");
    add_flag(ohm, &body, "three-phase", "three_phase");
    add_flag(ohm, &body, "shared-neutral", "shared_neutral");
    add(&body, "}");
    enum exit_code code = device_call_post(ohm, "/wiring-check", body.text);
    char rest[PATH_SIZE];
    cJSON *root = NULL;
    if (code == OHM_DONE && options_line_value(ohm->line, "switch-on") != NULL) {
        (void)fputs("Leave the load off for five seconds, then switch it on and leave it on.\n",
                    stderr);
    }
    if (code == OHM_DONE) {
        code = device_call_watch(ohm, name_path(channel, rest), &root);
    }
    if (code == OHM_DONE) {
        const cJSON *wiring = cJSON_GetObjectItemCaseSensitive(device_call_detail(root), "wiring");
        const char *verdict = ohm_text(wiring, "verdict");
        if (ohm->json) {
            device_call_print(wiring);
        } else {
            (void)printf("%s%s%s: %s\n", verdict, ohm_text(wiring, "reason")[0] != '\0' ? ", " : "",
                         ohm_text(wiring, "reason"), ohm_text(wiring, "advice"));
        }
        code = strcmp(verdict, "ok") == 0 ? OHM_DONE : OHM_FAILED;
    }
    cJSON_Delete(root);
    return code;
}
