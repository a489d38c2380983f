// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "calibration_session.h"
#include "flash_memory.h"
#include "record_store.h"

enum { CHANNEL = 2, VOLTAGE_INPUT = 0, CURRENT_INPUT = 3 };

static const double degree = 3.14159265358979323846 / 180.0;

/// A meter whose voltage reads 2 % low, and whose sensor on channel 2 reads 4 % high and leads.
static struct {
    struct flash_memory flash;
    struct record_store records;
    struct key_value values;
    struct calibration_store store;
    struct calibration_session session;
    struct calibration_workspace workspace;
    struct wiring wiring;
} meter;

static int power_up(void **state)
{
    (void)state;
    flash_memory_init(&meter.flash, 4096, 2, FLASH_MEMORY_CUT_IN_ORDER, 7);
    if (record_store_open(&meter.records, &meter.flash.region) != STATUS_OK) {
        return -1;
    }
    meter.values = record_store_key_value(&meter.records);
    meter.wiring = wiring_of_one_voltage(4, 0.2, 0.02);
    calibration_session_init(&meter.session, &meter.wiring, 0.0, &meter.store, &meter.workspace);
    return calibration_store_load(&meter.store, &meter.values) == STATUS_OK ? 0 : -1;
}

static struct metering_answer ask(struct metering_request request)
{
    struct metering_answer answer = { .reason = "" };
    calibration_session_answer(&meter.session, &request, &answer);
    return answer;
}

static void watch(double true_current_a, double angle, unsigned windows)
{
    for (unsigned n = 0; n < windows; n++) {
        struct raw_channel raw[READING_CHANNEL_COUNT];
        const double lead = 2.8 * degree - angle;
        for (unsigned c = 0; c < READING_CHANNEL_COUNT; c++) {
            raw[c] = (struct raw_channel){ .frequency_hz = 50.0,
                                           .voltage_v = 230.0 * 0.98,
                                           .voltage1_v = 230.0 * 0.98,
                                           .whole = true };
        }
        raw[CHANNEL].current_a = true_current_a * 1.04;
        raw[CHANNEL].in_phase_a = true_current_a * 1.04 * cos(lead);
        raw[CHANNEL].quadrature_a = true_current_a * 1.04 * -sin(lead);
        raw[CHANNEL].active_w = raw[CHANNEL].in_phase_a * raw[CHANNEL].voltage_v;
        calibration_session_observe(&meter.session, raw, 0.2);
    }
}

static const struct metering_request tell = { .action = METERING_TELL, .channel = CHANNEL };
static const struct metering_request apply = {
    .action = METERING_APPLY, .channel = CHANNEL, .who = "anna", .utc_s = 1763690000
};

static struct metering_request calibrate(double current_a)
{
    return (struct metering_request){
        .action = METERING_CALIBRATE,
        .channel = CHANNEL,
        .seconds = 10,
        .truth = { .resistive = true, .voltage_v = 230.0, .current_a = current_a }
    };
}

static bool mentions(const struct metering_answer *answer, const char *text)
{
    return answer->detail_size > 0 && strstr(answer->detail, text) != NULL;
}

static void calibrates_and_has_the_result_in_force_and_kept(void **state)
{
    (void)state;
    static const double currents[] = { 1.0, 4.0, 10.0 };
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(ask(calibrate(currents[i])).status, STATUS_OK);
        watch(currents[i], 0.0, 25);
        struct metering_answer half = ask(tell);
        assert_true(mentions(&half, "\"activity\":\"calibrating\",\"remaining_s\":5"));
        watch(currents[i], 0.0, 26);
        assert_int_equal(meter.session.activity, CALIBRATION_IDLE);
        assert_int_equal(meter.session.points, i + 1);
    }
    const struct metering_answer before = ask(tell);
    assert_true(mentions(&before, "\"result\":{\"verdict\":\"found\""));
    assert_int_equal(ask(apply).status, STATUS_OK);

    for (unsigned boot = 0; boot < 2; boot++) {
        const struct calibration *found = calibration_store_current(&meter.store);
        const struct calibration_correction correction =
            calibration_at(&found->input[CURRENT_INPUT], 4.0, 50.0);
        assert_true(fabs(found->input[VOLTAGE_INPUT].gain * 0.98 - 1.0) < 1e-6);
        assert_true(fabs(correction.gain * 1.04 - 1.0) < 1e-6);
        assert_true(fabs(correction.lead_rad - 2.8 * degree) < 1e-6);
        assert_int_equal(calibration_store_load(&meter.store, &meter.values), STATUS_OK);
    }
    const struct metering_answer after = ask(tell);
    assert_true(mentions(&after, "\"who\":\"anna\",\"utc_s\":1763690000"));
    assert_true(mentions(&after, "\"points\":[]"));
    assert_int_equal(ask(apply).status, STATUS_INVALID);
}

/// A window's transforms: voltage and current with a lead of `b / f` and a delay, on six orders.
static void show_harmonics(uint64_t ended_us, bool clipped)
{
    static const double peak[6] = { 1e6, 1e4, 3e4, 1e4, 5e3, 5e3 };
    static int32_t bin[2][RFFT_POINTS];
    for (uint32_t n = 0; n < 6; n++) {
        const uint32_t order = 2 * n + 1;
        const double lead = (2.8 / order + 0.018 * 5.0 * order) * degree; // 5 us at 50 Hz.
        bin[0][20 * order] = (int32_t)lrint(peak[n] * 100.0);
        bin[1][20 * order] = (int32_t)lrint(peak[n] * 100.0 * cos(lead));
        bin[1][20 * order + 1] = (int32_t)lrint(peak[n] * 100.0 * sin(lead));
    }
    struct spectrum_bins bins = { .ended_us = ended_us,
                                  .frequency_hz = 50.0,
                                  .cycles = 10,
                                  .input = VOLTAGE_INPUT,
                                  .clipped = clipped,
                                  .scale = 65536.0,
                                  .bin = bin[0] };
    calibration_session_take_bins(&meter.session, &bins);
    bins.input = CURRENT_INPUT - 1; // Another channel's.
    bins.bin = bin[1];
    calibration_session_take_bins(&meter.session, &bins);
    bins.input = CURRENT_INPUT;
    calibration_session_take_bins(&meter.session, &bins);
}

static void finds_the_delay_by_the_harmonics_that_it_is_shown_while_it_watches(void **state)
{
    (void)state;
    show_harmonics(1, false);
    assert_int_equal(calibration_session_wants(&meter.session), 0);
    assert_int_equal(ask(calibrate(10.0)).status, STATUS_OK);
    assert_int_equal(calibration_session_wants(&meter.session),
                     1 << VOLTAGE_INPUT | 1 << CURRENT_INPUT);
    show_harmonics(2, false); // May have begun with another load.
    for (unsigned n = 0; n < 10; n++) {
        show_harmonics(3 + 2 * n, true); // Worthless.
        show_harmonics(4 + 2 * n, false);
    }
    assert_int_equal(meter.workspace.harmonics.response.windows, 10);
    watch(10.0, -0.09 * degree, 51);
    assert_int_equal(calibration_session_wants(&meter.session), 0);
    show_harmonics(100, false);
    assert_int_equal(meter.workspace.harmonics.response.windows, 10);
    const struct metering_answer answer = ask(tell);
    assert_true(mentions(&answer, "\"law\":\"harmonics\",\"lead_error_45hz_deg\":"));
    assert_int_equal(ask(apply).status, STATUS_OK);
    const struct calibration_input *found =
        &calibration_store_current(&meter.store)->input[CURRENT_INPUT];
    assert_true(fabs(found->delay_s - 5e-6) < 1e-8);
    assert_true(fabs((double)found->knot[0].lead_50hz_rad - 2.8 * degree) < 1e-6);
    assert_true(fabs((double)found->knot[0].lead_60hz_rad - 2.8 * degree * 50.0 / 60.0) < 1e-6);
}

static void says_that_without_harmonics_it_goes_by_one_over_f_or_the_type(void **state)
{
    (void)state;
    struct metering_request request = calibrate(10.0);
    assert_int_equal(ask(request).status, STATUS_OK);
    watch(10.0, 0.0, 51);
    struct metering_answer answer = ask(tell);
    assert_true(mentions(&answer, "\"law\":\"inverse\""));
    const struct metering_request cancel = { .action = METERING_CANCEL, .channel = CHANNEL };
    assert_int_equal(ask(cancel).status, STATUS_OK);
    request.truth.sensor = CALIBRATION_SENSOR_SCT_013_000;
    assert_int_equal(ask(request).status, STATUS_OK);
    watch(10.0, 0.0, 51);
    answer = ask(tell);
    assert_true(mentions(&answer, "\"law\":\"type\""));
}

static void calibrates_the_voltage_alone(void **state)
{
    (void)state;
    struct metering_request request = calibrate(0.0);
    request.truth.resistive = false;
    assert_int_equal(ask(request).status, STATUS_OK);
    watch(0.0, 0.0, 51);
    assert_int_equal(ask(apply).status, STATUS_OK);
    const struct calibration *found = calibration_store_current(&meter.store);
    assert_true(fabs(found->input[VOLTAGE_INPUT].gain * 0.98 - 1.0) < 1e-6);
    assert_true(found->input[CURRENT_INPUT].gain == 1.0);
}

static void refuses_a_motor_and_lets_one_try_again(void **state)
{
    (void)state;
    assert_int_equal(ask(calibrate(5.0)).status, STATUS_OK);
    watch(5.0, 40.0 * degree, 51);
    const struct metering_answer refused = ask(apply);
    assert_int_equal(refused.status, STATUS_INVALID);
    assert_string_equal(refused.reason, "Use a heater or a kettle.");
    assert_int_equal(ask(calibrate(5.0)).status, STATUS_OK);
    watch(5.0, 0.0, 51);
    assert_int_equal(meter.session.points, 1);
    assert_int_equal(ask(apply).status, STATUS_OK);
}

static void does_one_thing_at_a_time(void **state)
{
    (void)state;
    const struct metering_request cancel = { .action = METERING_CANCEL, .channel = CHANNEL };
    struct metering_request odd = calibrate(5.0);
    assert_int_equal(ask(calibrate(5.0)).status, STATUS_OK);
    assert_int_equal(ask(calibrate(5.0)).status, STATUS_BUSY);
    assert_int_equal(ask(apply).status, STATUS_BUSY);
    assert_int_equal(ask(cancel).status, STATUS_OK);
    assert_int_equal(ask(apply).status, STATUS_INVALID);
    odd.channel = 7;
    assert_int_equal(ask(odd).status, STATUS_INVALID);
    odd.channel = 200;
    assert_int_equal(ask(odd).status, STATUS_INVALID);
    odd = calibrate(5.0);
    odd.seconds = 1;
    assert_int_equal(ask(odd).status, STATUS_INVALID);
}

static void finds_a_reversed_sensor_and_none_once_it_is_turned(void **state)
{
    (void)state;
    const struct metering_request check = {
        .action = METERING_CHECK_WIRING,
        .channel = CHANNEL,
        .seconds = 30,
        .question = { .load_w = 1000.0, .load_resistive = true, .load_switched = true }
    };
    assert_int_equal(ask(check).status, STATUS_OK);
    watch(0.01, 0.0, 60);
    watch(-4.3, 0.0, 92);
    struct metering_answer answer = ask(tell);
    assert_true(mentions(&answer, "\"wiring\":{\"verdict\":\"reversed\""));

    struct calibration_input turned = { .gain = -1.0 };
    const struct calibration_change change = { .input = CURRENT_INPUT };
    assert_int_equal(calibration_store_apply(&meter.store, &turned, &change), STATUS_OK);
    assert_int_equal(ask(check).status, STATUS_OK);
    watch(-0.01, 0.0, 60);
    watch(-4.3, 0.0, 92);
    answer = ask(tell);
    assert_true(mentions(&answer, "\"wiring\":{\"verdict\":\"ok\""));
}

static void has_room_for_all_it_can_tell(void **state)
{
    (void)state;
    struct calibration_input longest = { .gain = -123.456789, .delay_s = -0.0019999 };
    struct calibration_change change = { .input = CURRENT_INPUT, .utc_s = 1763690000000 };
    longest.knots = CALIBRATION_KNOT_LIMIT;
    for (unsigned i = 0; i < longest.knots; i++) {
        longest.knot[i] =
            (struct calibration_knot){ 1234.5678f + (float)i, 1.234567f, -0.499f, -0.4999f };
    }
    memcpy(change.who, "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"", 16);
    for (unsigned i = 0; i < CALIBRATION_STORE_CHANGE_COUNT; i++) {
        assert_int_equal(calibration_store_apply(&meter.store, &longest, &change), STATUS_OK);
    }
    for (unsigned i = 0; i < CALIBRATION_POINT_LIMIT; i++) {
        assert_int_equal(ask(calibrate(1.0 + i)).status, STATUS_OK);
        watch(1.0 + i, 0.0, 51);
    }
    const struct metering_answer answer = ask(tell);
    print_message("the longest detail: %u bytes\n", answer.detail_size);
    assert_true(answer.detail_size > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(calibrates_and_has_the_result_in_force_and_kept, power_up),
        cmocka_unit_test_setup(finds_the_delay_by_the_harmonics_that_it_is_shown_while_it_watches,
                               power_up),
        cmocka_unit_test_setup(says_that_without_harmonics_it_goes_by_one_over_f_or_the_type,
                               power_up),
        cmocka_unit_test_setup(calibrates_the_voltage_alone, power_up),
        cmocka_unit_test_setup(refuses_a_motor_and_lets_one_try_again, power_up),
        cmocka_unit_test_setup(does_one_thing_at_a_time, power_up),
        cmocka_unit_test_setup(finds_a_reversed_sensor_and_none_once_it_is_turned, power_up),
        cmocka_unit_test_setup(has_room_for_all_it_can_tell, power_up),
    };
    return cmocka_run_group_tests_name("calibration_session", tests, NULL, NULL);
}
