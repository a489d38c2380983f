// SPDX-License-Identifier: MIT

/// A session and its sampling side, step by step, on a converter that bends by up to 12 codes.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "flash_memory.h"
#include "linearity_session.h"
#include "record_store.h"

enum { CODES = 4096, BLOCK = 100, RATE = 10000, WINDOW = 2000 };

static const double pi = 3.14159265358979323846;

/// Peak codes of the voltage and of two channels.
static const double usual[3] = { 1750.0, 1150.0, 600.0 };

static struct {
    struct flash_memory flash;
    struct record_store records;
    struct key_value values;
    struct wiring wiring;
    struct code_census census;
    struct linearity_workspace workspace;
    struct linearity_session session;
    struct adc_block block;
    double peak[3];
    double angle;
    uint64_t random;
    double odd; ///< Third harmonic that the first current has and no other.
    bool clips;
    bool has_mains;
} meter;

static enum status boot(void)
{
    assert_int_equal(record_store_open(&meter.records, &meter.flash.region), STATUS_OK);
    meter.values = record_store_key_value(&meter.records);
    meter.wiring = wiring_of_one_voltage(2, 0.2, 0.02);
    const struct linearity_parts parts = { .wiring = &meter.wiring,
                                           .values = &meter.values,
                                           .census = &meter.census,
                                           .workspace = &meter.workspace,
                                           .code_max = CODES - 1 };
    return linearity_session_init(&meter.session, &parts);
}

static int power_up(void **state)
{
    (void)state;
    flash_memory_init(&meter.flash, 4096, 4, FLASH_MEMORY_CUT_IN_ORDER, 7);
    memcpy(meter.peak, usual, sizeof usual);
    meter.angle = 1.0;
    meter.random = 88172645463325252u;
    meter.odd = 0.0;
    meter.clips = false;
    meter.has_mains = true;
    return boot() == STATUS_OK ? 0 : -1;
}

static double dice(void)
{
    meter.random ^= meter.random << 13;
    meter.random ^= meter.random >> 7;
    meter.random ^= meter.random << 17;
    return (double)(meter.random >> 11) / 9007199254740992.0;
}

static double bent(double code)
{
    const double x = code / CODES;
    return code + 8.0 * sin(2.0 * pi * 1.3 * x) + 4.0 * sin(2.0 * pi * 3.1 * x + 1.0);
}

/// One window of mains of 2.9 % distortion, with four codes of noise, through both tasks.
static void sample_window(void)
{
    struct raw_channel raw[READING_CHANNEL_COUNT] = { { .frequency_hz = 0.0 } };
    for (unsigned k = 0; k < WINDOW / BLOCK; k++) {
        meter.block.frame_count = BLOCK;
        for (unsigned n = 0; n < BLOCK; n++) {
            meter.angle = fmod(meter.angle + 2.0 * pi * 50.0137 / RATE, 2.0 * pi);
            const double a = meter.angle;
            const double wave = cos(a) + 0.012 * cos(3.0 * a + 2.6) + 0.024 * cos(5.0 * a + 0.4);
            for (unsigned i = 0; i < 3; i++) {
                const double noise = 4.0 * 1.7320508 * (2.0 * dice() - 1.0);
                const double own = wave + (i == 1 ? meter.odd * cos(3.0 * a) : 0.0);
                meter.block.code[i][n] = (int32_t)floor(bent(2048.0 + meter.peak[i] * own) + noise);
            }
        }
        code_census_take(&meter.census, &meter.block);
    }
    for (unsigned n = 0; n < 2; n++) {
        raw[n] = (struct raw_channel){ .frequency_hz = meter.has_mains ? 50.0 : 0.0,
                                       .voltage_v = 0.2 * meter.peak[0],
                                       .current_a = 0.02 * meter.peak[1 + n],
                                       .current_clipped = meter.clips,
                                       .whole = meter.has_mains };
    }
    linearity_session_observe(&meter.session, raw, (double)WINDOW / RATE);
    linearity_session_step(&meter.session);
}

static void sample(unsigned seconds)
{
    for (unsigned n = 0; n < seconds * RATE / WINDOW; n++) {
        sample_window();
    }
}

static struct metering_answer ask(struct metering_request request)
{
    struct metering_answer answer = { .reason = "" };
    linearity_session_answer(&meter.session, &request, &answer);
    return answer;
}

static bool mentions(const struct metering_answer *answer, const char *text)
{
    return answer->detail_size > 0 && strstr(answer->detail, text) != NULL;
}

static const struct metering_request tell = { .action = METERING_LINEARITY_TELL };
static const struct metering_request cancel = { .action = METERING_LINEARITY_CANCEL };
static const struct metering_request clear = { .action = METERING_LINEARITY_CLEAR, .who = "bert" };
static const struct metering_request apply = { .action = METERING_LINEARITY_APPLY,
                                               .who = "anna",
                                               .utc_s = 1763690000 };

static struct metering_request gather(bool voltage, uint8_t channels)
{
    return (struct metering_request){
        .action = METERING_LINEARITY_GATHER, .seconds = 12, .voltage = voltage, .channels = channels
    };
}

/// Largest error of the codes that the swings covered, a best line taken off. Of that, rounding to
/// whole codes before and after the table is up to one.
static double left_over(const struct linearity_table *table)
{
    double n = 0.0, x1 = 0.0, x2 = 0.0, y1 = 0.0, xy = 0.0;
    double worst = 0.0;
    for (unsigned pass = 0; pass < 2; pass++) {
        const double slope = pass == 0 ? 0.0 : (n * xy - x1 * y1) / (n * x2 - x1 * x1);
        const double offset = pass == 0 ? 0.0 : (y1 - slope * x1) / n;
        for (int32_t level = 400; level < 3700; level += 10) {
            int32_t code = (int32_t)lround(bent(level));
            linearity_table_apply(table, &code, 1);
            const double error = code - level;
            if (pass == 0) {
                n += 1.0;
                x1 += level;
                x2 += (double)level * level;
                y1 += error;
                xy += level * error;
            } else {
                worst = fmax(worst, fabs(error - offset - slope * level));
            }
        }
    }
    return worst;
}

static void straightens_from_swings_at_once_and_keeps_the_table(void **state)
{
    (void)state;
    const double before = left_over(code_census_table(&meter.census));
    assert_int_equal(ask(gather(true, 3)).status, STATUS_OK);
    sample(6);
    const struct metering_answer half = ask(tell);
    assert_true(mentions(&half, "\"activity\":\"gathering\",\"remaining_s\":6"));
    sample(7);
    const struct metering_answer done = ask(tell);
    assert_true(mentions(&done, "\"activity\":\"idle\",\"remaining_s\":0"));
    assert_true(mentions(&done, "\"result\":{\"verdict\":\"found\",\"advice\":\"\","
                                "\"separated\":true"));
    assert_true(mentions(&done, "\"in_force\":false"));
    assert_int_equal(ask(apply).status, STATUS_OK);
    sample_window();
    for (unsigned round = 0; round < 2; round++) {
        const double after = left_over(code_census_table(&meter.census));
        print_message("largest error %.1f codes, straightened %.1f\n", before, after);
        assert_true(before > 10.0 && after < 3.5);
        const struct metering_answer kept = ask(tell);
        assert_true(mentions(&kept, "\"swings\":[],\"in_force\":true,\"last_change\":{\"number\":1,"
                                    "\"who\":\"anna\",\"utc_s\":1763690000,\"swings\":3"));
        assert_int_equal(boot(), STATUS_OK);
    }
    assert_int_equal(ask(apply).status, STATUS_INVALID);
}

static void gathers_one_swing_after_another(void **state)
{
    (void)state;
    assert_int_equal(ask(gather(true, 0)).status, STATUS_OK);
    sample(13);
    const struct metering_answer one = ask(tell);
    assert_true(mentions(&one, "\"result\":{\"verdict\":\"one_swing\""));
    assert_int_equal(ask(apply).status, STATUS_INVALID);
    static const double turns[] = { 400.0, 800.0, 1600.0 };
    for (unsigned k = 0; k < 3; k++) {
        meter.peak[1] = turns[k];
        assert_int_equal(ask(gather(false, 1)).status, STATUS_OK);
        sample(13);
    }
    const struct metering_answer four = ask(tell);
    assert_true(mentions(&four, "\"result\":{\"verdict\":\"found\""));
    assert_int_equal(ask(gather(false, 1)).status, STATUS_BUSY);
    assert_int_equal(ask(apply).status, STATUS_OK);
    sample_window();
    assert_true(left_over(code_census_table(&meter.census)) < 3.5);
}

static void clears_what_is_in_force(void **state)
{
    (void)state;
    assert_int_equal(ask(gather(true, 3)).status, STATUS_OK);
    sample(13);
    assert_int_equal(ask(apply).status, STATUS_OK);
    sample_window();
    assert_int_not_equal(code_census_table(&meter.census)->cells, 0);
    assert_int_equal(ask(clear).status, STATUS_OK);
    sample_window();
    assert_int_equal(code_census_table(&meter.census)->cells, 0);
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(code_census_table(&meter.census)->cells, 0);
    const struct metering_answer answer = ask(tell);
    assert_true(mentions(&answer,
                         "\"in_force\":false,\"last_change\":{\"number\":2,\"who\":\"bert\","
                         "\"utc_s\":null,\"swings\":0"));
}

/// Gathers all three, and expects this of the first current.
static void expect_refusal(const char *verdict)
{
    char wanted[96];
    assert_int_equal(ask(cancel).status, STATUS_OK);
    assert_int_equal(ask(gather(false, 1)).status, STATUS_OK);
    sample(6);
    meter.peak[1] = strcmp(verdict, "unsteady") == 0 ? 0.9 * meter.peak[1] : meter.peak[1];
    sample(7);
    const struct metering_answer answer = ask(tell);
    (void)snprintf(wanted, sizeof wanted, "\"verdict\":\"%s\"", verdict);
    assert_true(mentions(&answer, wanted));
    assert_int_equal(ask(apply).status, STATUS_INVALID);
}

static void refuses_swings_that_tell_nothing_and_makes_room_for_others(void **state)
{
    (void)state;
    expect_refusal("unsteady");
    meter.peak[1] = 20.0;
    expect_refusal("too_little");
    meter.peak[1] = usual[1];
    meter.clips = true;
    expect_refusal("clipped");
    meter.clips = false;
    meter.has_mains = false;
    expect_refusal("no_mains");
    meter.has_mains = true;
    for (unsigned k = 0; k < 2; k++) {
        assert_int_equal(ask(gather(k == 0, k == 0 ? 0 : 1)).status, STATUS_OK);
        sample(13);
    }
    const struct metering_answer answer = ask(tell);
    assert_true(mentions(&answer, "\"result\":{\"verdict\":\"found\""));
    assert_int_equal(meter.session.swings, 2);
}

static void refuses_swings_of_one_size(void **state)
{
    (void)state;
    meter.peak[1] = usual[0] * 0.95;
    assert_int_equal(ask(gather(true, 1)).status, STATUS_OK);
    sample(13);
    const struct metering_answer answer = ask(tell);
    assert_true(mentions(&answer, "\"result\":{\"verdict\":\"alike\""));
    assert_int_equal(ask(apply).status, STATUS_INVALID);
    assert_int_equal(ask(cancel).status, STATUS_OK);
    const struct metering_answer empty = ask(tell);
    assert_true(mentions(&empty, "\"swings\":[],\"in_force\":false"));
}

static void refuses_swings_of_different_shapes(void **state)
{
    static const double odd[] = { 0.005, 0.02, 0.1 };
    for (unsigned n = 0; n < 3; n++) {
        assert_int_equal(power_up(state), 0);
        meter.odd = odd[n];
        assert_int_equal(ask(gather(true, 3)).status, STATUS_OK);
        sample(13);
        const struct metering_answer answer = ask(tell);
        print_message("a swing with %.1f %% of a harmonic of its own: %.2f codes apart\n",
                      100.0 * odd[n], meter.workspace.estimate.disagreement_codes);
        assert_true(mentions(&answer, "\"result\":{\"verdict\":\"contradictory\""));
        assert_true(mentions(&answer, "\"disagreement_codes\":"));
        assert_int_equal(ask(apply).status, STATUS_INVALID);
    }
}

static void does_one_thing_at_a_time_and_lets_go_on_cancel(void **state)
{
    (void)state;
    assert_int_equal(ask(gather(true, 3)).status, STATUS_OK);
    assert_int_equal(ask(gather(true, 0)).status, STATUS_BUSY);
    sample(1);
    assert_int_equal(ask(apply).status, STATUS_BUSY);
    assert_int_equal(ask(clear).status, STATUS_BUSY);
    assert_int_equal(ask(cancel).status, STATUS_OK);
    assert_int_equal(ask(gather(true, 0)).status, STATUS_BUSY); // Still being counted.
    sample(1);
    const uint32_t total = meter.workspace.density[0].total;
    sample(1);
    assert_int_equal(meter.workspace.density[0].total, total);
    assert_int_equal(meter.session.gathered, 0);
    assert_int_equal(ask(gather(true, 0)).status, STATUS_OK);
}

static void refuses_what_it_cannot_gather(void **state)
{
    (void)state;
    struct metering_request request = gather(false, 0);
    assert_int_equal(ask(request).status, STATUS_INVALID);
    assert_int_equal(ask(gather(false, 4)).status, STATUS_INVALID);
    request = gather(true, 0);
    request.seconds = 2;
    assert_int_equal(ask(request).status, STATUS_INVALID);
}

static void leaves_codes_alone_when_the_table_is_of_another_converter(void **state)
{
    (void)state;
    assert_int_equal(ask(gather(true, 3)).status, STATUS_OK);
    sample(13);
    assert_int_equal(ask(apply).status, STATUS_OK);
    struct linearity_parts parts = meter.session.parts;
    parts.code_max = 2 * CODES - 1;
    assert_int_equal(linearity_session_init(&meter.session, &parts), STATUS_CORRUPT);
    assert_int_equal(code_census_table(&meter.census)->cells, 0);
    const struct metering_answer answer = ask(tell);
    assert_true(mentions(&answer, "\"in_force\":false"));
}

static void says_so_when_no_samples_come(void **state)
{
    (void)state;
    assert_int_equal(ask(gather(true, 0)).status, STATUS_OK);
    assert_int_equal(ask(cancel).status, STATUS_OK);
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(ask(clear).status, STATUS_OK);
    assert_int_equal(ask(clear).status, STATUS_BUSY);
}

static void has_something_to_say_of_every_verdict(void **state)
{
    (void)state;
    for (int n = 0; n < LINEARITY_VERDICT_COUNT; n++) {
        assert_true(strlen(linearity_verdict_name((enum linearity_verdict)n)) > 0);
        // It is a command's reason, too.
        assert_in_range(strlen(linearity_verdict_advice((enum linearity_verdict)n)),
                        n == LINEARITY_FOUND ? 0 : 10, n == LINEARITY_FOUND ? 0 : 63);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(straightens_from_swings_at_once_and_keeps_the_table, power_up),
        cmocka_unit_test_setup(gathers_one_swing_after_another, power_up),
        cmocka_unit_test_setup(clears_what_is_in_force, power_up),
        cmocka_unit_test_setup(refuses_swings_that_tell_nothing_and_makes_room_for_others,
                               power_up),
        cmocka_unit_test_setup(refuses_swings_of_one_size, power_up),
        cmocka_unit_test_setup(refuses_swings_of_different_shapes, power_up),
        cmocka_unit_test_setup(does_one_thing_at_a_time_and_lets_go_on_cancel, power_up),
        cmocka_unit_test_setup(refuses_what_it_cannot_gather, power_up),
        cmocka_unit_test_setup(leaves_codes_alone_when_the_table_is_of_another_converter, power_up),
        cmocka_unit_test_setup(says_so_when_no_samples_come, power_up),
        cmocka_unit_test(has_something_to_say_of_every_verdict),
    };
    return cmocka_run_group_tests_name("linearity_session", tests, NULL, NULL);
}
