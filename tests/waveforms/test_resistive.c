// SPDX-License-Identifier: MIT

/// Resistive loads of the recordings through a sensor that leads by 2.8 degrees: calibrated with
/// one heater, all of them must show what a resistor shows.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "calibration_fit.h"
#include "power_terms.h"
#include "recorded_codes.h"
#include "waveform_catalogue.h"

static struct waveform_catalogue catalogue;
static struct recorded_codes codes;
static struct calibration_stage stage;
static struct calibration calibration;

static void look_on(void *ctx, const struct window_report *report)
{
    calibration_stage_add(ctx, report->raw);
}

static const struct window_watcher watcher = { .window = look_on, .ctx = &stage };

static void drop(void *ctx, const struct reading *reading)
{
    (void)ctx;
    (void)reading;
}

struct powers {
    double active;
    double apparent;
    double active1;
    double apparent1;
};

static void add_up(void *ctx, const struct reading *reading)
{
    struct powers *sum = ctx;
    const struct reading_channel *channel = &reading->channel[0];
    if (reading->frequency_mhz == 0) {
        return;
    }
    const struct power_measures m = power_measures_of_channel(channel);
    sum->active += m.active_w;
    sum->apparent += m.voltage_v * m.current_a;
    sum->active1 += m.active1_w;
    sum->apparent1 += m.voltage1_v * m.current1_a;
}

static bool is_resistive(const struct waveform *waveform)
{
    static const char *const names[] = { "kettle", "water_heater", "rice_cooker",
                                         "water_dispenser" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(waveform->name, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return false;
}

/// The current comes one frame early: 2.8 degrees at 6.4 kHz.
static void load(const struct waveform *waveform)
{
    assert_int_equal(recorded_codes_load(&codes, waveform), STATUS_OK);
    memmove(codes.current, codes.current + 1, (codes.count - 1) * sizeof codes.current[0]);
    codes.count--;
}

static void calibrate_by(const struct waveform *waveform)
{
    const struct calibration_truth truth = { .resistive = true };
    const struct calibration_known known = { .voltage_gain = 1.0 };
    calibration_default(&calibration);
    load(waveform);
    codes.watcher = &watcher;
    recorded_codes_meter(&codes, 0, 100.0, 10.0, drop, NULL);
    codes.watcher = NULL;
    const struct calibration_point point = calibration_fit_point(&stage, &truth, &known);
    const struct calibration_curve curve =
        calibration_fit_curve(&point, 1, 0.0, &calibration.input[1]);
    assert_int_equal(curve.verdict, CALIBRATION_FOUND);
    print_message("calibrated by %s: lead %.3f degrees, give or take %.3f\n", waveform->name,
                  point.lead_rad * 57.29578, point.lead_error_deg);
    calibration.input[1] = curve.input;
}

static void all_resistive_loads_have_a_power_factor_of_one_after_calibrating_with_one(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (size_t i = 0; i < catalogue.count; i++) {
        if (strcmp(catalogue.waveform[i].name, "water_heater_01") == 0) {
            calibrate_by(&catalogue.waveform[i]);
        }
    }
    for (size_t i = 0; i < catalogue.count; i++) {
        const struct waveform *waveform = &catalogue.waveform[i];
        if (!is_resistive(waveform)) {
            continue;
        }
        struct powers before = { .active = 0.0 };
        struct powers after = { .active = 0.0 };
        load(waveform);
        recorded_codes_meter(&codes, 0, 100.0, 10.0, add_up, &before);
        load(waveform);
        codes.calibration = &calibration;
        recorded_codes_meter(&codes, 0, 100.0, 10.0, add_up, &after);
        codes.calibration = NULL;
        const double displacement = after.active1 / after.apparent1;
        const double factor = after.active / after.apparent;
        print_message("%-19s displacement PF %.5f -> %.5f   PF %.5f -> %.5f\n", waveform->name,
                      before.active1 / before.apparent1, displacement,
                      before.active / before.apparent, factor);
        assert_true(before.active1 / before.apparent1 < 0.999);
        assert_true(displacement >= 0.9999);
        // One code of noise in 83 is 0.0003 of the total power factor of the smallest of them.
        assert_true(factor >= (waveform->expected.current_a > 2.0 ? 0.9999 : 0.9997));
        seen++;
    }
    assert_int_equal(seen, 12);
}

int main(void)
{
    const int code = waveform_catalogue_open(&catalogue, OHM_DEFAULT_TEST_DATA);
    if (code != 0) {
        return code;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_resistive_loads_have_a_power_factor_of_one_after_calibrating_with_one),
    };
    return cmocka_run_group_tests_name("resistive", tests, NULL, NULL);
}
