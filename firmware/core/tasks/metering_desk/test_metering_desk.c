// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flash_memory.h"
#include "metering_desk.h"
#include "record_store.h"

static struct {
    struct flash_memory flash;
    struct record_store records;
    struct key_value values;
    struct wiring wiring;
    struct metering_mailbox mailbox;
    struct calibration_store calibrations;
    struct calibration_session calibration;
    struct code_census census;
    union metering_workspace workspace;
    struct linearity_session linearity;
    struct maximum_demand maximum;
    struct metering_desk desk;
    uint32_t next_id;
} meter;

static void boot(void)
{
    assert_int_equal(record_store_open(&meter.records, &meter.flash.region), STATUS_OK);
    meter.values = record_store_key_value(&meter.records);
    meter.wiring = wiring_of_one_voltage(4, 0.2, 0.02);
    assert_int_equal(calibration_store_load(&meter.calibrations, &meter.values), STATUS_OK);
    calibration_session_init(&meter.calibration, &meter.wiring, 0.0, &meter.calibrations,
                             &meter.workspace.calibration);
    const struct linearity_parts parts = { .wiring = &meter.wiring,
                                           .values = &meter.values,
                                           .census = &meter.census,
                                           .workspace = &meter.workspace.linearity,
                                           .code_max = 4095 };
    assert_int_equal(linearity_session_init(&meter.linearity, &parts), STATUS_OK);
    const enum status loaded = maximum_demand_load(&meter.maximum, &meter.values);
    assert_true(loaded == STATUS_OK || loaded == STATUS_MISSING);
    metering_mailbox_init(&meter.mailbox);
    meter.desk = (struct metering_desk){ &meter.mailbox, &meter.calibration, &meter.linearity,
                                         &meter.maximum };
}

static int power_up(void **state)
{
    (void)state;
    flash_memory_init(&meter.flash, 4096, 4, FLASH_MEMORY_CUT_IN_ORDER, 7);
    boot();
    return 0;
}

static struct metering_answer ask(struct metering_request request)
{
    request.id = ++meter.next_id;
    assert_int_equal(metering_mailbox_post(&meter.mailbox, &request), STATUS_OK);
    metering_desk_step(&meter.desk);
    const struct metering_answer answer = *metering_mailbox_peek(&meter.mailbox);
    metering_mailbox_release(&meter.mailbox);
    assert_int_equal(answer.id, request.id);
    return answer;
}

static bool mentions(const struct metering_answer *answer, const char *text)
{
    return answer->detail_size > 0 && strstr(answer->detail, text) != NULL;
}

static void brings_each_request_to_whom_it_concerns(void **state)
{
    (void)state;
    metering_desk_step(&meter.desk);
    assert_null(metering_mailbox_peek(&meter.mailbox));
    const struct metering_answer sensor = ask((struct metering_request){ .action = METERING_TELL });
    assert_true(mentions(&sensor, "\"channel\":0,\"activity\":\"idle\""));
    const struct metering_answer converter =
        ask((struct metering_request){ .action = METERING_LINEARITY_TELL });
    assert_true(mentions(&converter, "\"in_force\":false,\"last_change\":null"));
    const struct metering_answer demand =
        ask((struct metering_request){ .action = METERING_DEMAND_TELL });
    assert_true(
        mentions(&demand, "\"maximum_demand_w\":0,\"maximum_demand_ms\":null,\"resets\":0"));
}

static const struct metering_request reset = { .action = METERING_DEMAND_RESET,
                                               .who = "anna",
                                               .utc_s = 1763690000 };

static void begins_a_new_maximum_and_tells_who_and_when(void **state)
{
    (void)state;
    maximum_demand_offer(&meter.maximum, 1234500, 1763680000000);
    assert_int_equal(maximum_demand_settle(&meter.maximum), STATUS_OK);
    assert_int_equal(ask(reset).status, STATUS_OK);
    boot();
    const struct metering_answer answer =
        ask((struct metering_request){ .action = METERING_DEMAND_TELL });
    assert_true(mentions(&answer, "\"maximum_demand_w\":0,\"maximum_demand_ms\":null,\"resets\":1,"
                                  "\"reset_ms\":1763690000000,\"reset_by\":\"anna\","
                                  "\"previous_demand_w\":1234.5,"
                                  "\"previous_demand_ms\":1763680000000"));
}

/// The maximum was reset or it was not, whenever the plug is pulled.
static void resets_wholly_or_not_at_all_when_cut_at_every_byte(void **state)
{
    (void)state;
    uint64_t cuts = 0;
    for (bool ended = false; !ended; cuts++) {
        assert_int_equal(power_up(state), 0);
        maximum_demand_offer(&meter.maximum, 1234500, 1763680000000);
        assert_int_equal(maximum_demand_settle(&meter.maximum), STATUS_OK);
        flash_memory_cut_after(&meter.flash, cuts);
        const struct metering_answer answer = ask(reset);
        ended = answer.status == STATUS_OK;
        assert_true(ended || strcmp(answer.reason, "the reset could not be kept") == 0);
        assert_true(ended || meter.maximum.value.resets == 0);
        flash_memory_power_up(&meter.flash);
        boot();
        const struct maximum_demand_value *value = &meter.maximum.value;
        const bool is_old = value->demand_mw == 1234500 && value->resets == 0;
        const bool is_new = value->demand_mw == 0 && value->resets == 1 &&
                            value->previous_mw == 1234500 && strcmp(value->reset_by, "anna") == 0;
        assert_true(ended ? is_new : is_old || is_new);
    }
    print_message("%u cuts\n", (unsigned)cuts);
    assert_true(cuts > 50);
}

/// The sampling task carries out what it was told, and the desk goes on.
static void sample(void)
{
    static const struct adc_block nothing = { .frame_count = 0 };
    code_census_take(&meter.census, &nothing);
    metering_desk_step(&meter.desk);
}

static const struct raw_channel some_load = { .frequency_hz = 50.0,
                                              .voltage_v = 230.0,
                                              .voltage1_v = 230.0,
                                              .current_a = 5.0,
                                              .in_phase_a = 5.0,
                                              .active_w = 1150.0,
                                              .whole = true };

static void show_load(unsigned windows, bool to_calibration, bool to_linearity)
{
    struct raw_channel raw[READING_CHANNEL_COUNT];
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        raw[n] = some_load;
    }
    for (unsigned n = 0; n < windows; n++) {
        if (to_calibration) {
            calibration_session_observe(&meter.calibration, raw, 0.2);
        }
        if (to_linearity) {
            linearity_session_observe(&meter.linearity, raw, 0.2);
        }
    }
}

static void show_harmonics(void)
{
    static const int32_t bin[2 * RFFT_BINS];
    const struct spectrum_bins bins = {
        .ended_us = 1, .frequency_hz = 50.0, .cycles = 10, .scale = 65536.0, .bin = bin
    };
    calibration_session_take_bins(&meter.calibration, &bins);
}

static const struct metering_request calibrate = { .action = METERING_CALIBRATE,
                                                   .seconds = 10,
                                                   .truth = { .resistive = true } };
static const struct metering_request check_wiring = { .action = METERING_CHECK_WIRING,
                                                      .seconds = 10 };
static const struct metering_request gather = {
    .action = METERING_LINEARITY_GATHER, .seconds = 10, .voltage = true, .channels = 1
};

static void assert_refused(struct metering_request request, const char *words)
{
    const struct metering_answer answer = ask(request);
    assert_int_equal(answer.status, STATUS_BUSY);
    assert_non_null(strstr(answer.reason, words));
    assert_true(answer.detail_size == 0);
}

/// Everything that could reach calibration leaves the memory to linearity.
static void assert_calibration_waits(const char *words)
{
    const union metering_workspace before = meter.workspace;
    assert_refused(calibrate, words);
    assert_refused(check_wiring, words);
    show_load(60, true, false);
    show_harmonics();
    assert_int_equal(ask((struct metering_request){ .action = METERING_APPLY }).status,
                     STATUS_INVALID);
    assert_int_equal(ask((struct metering_request){ .action = METERING_CANCEL }).status, STATUS_OK);
    assert_int_equal(ask((struct metering_request){ .action = METERING_TELL }).status, STATUS_OK);
    show_load(60, true, false);
    show_harmonics();
    assert_memory_equal(&meter.workspace, &before, sizeof before);
}

/// And the other way round.
static void assert_linearity_waits(const char *words)
{
    const union metering_workspace before = meter.workspace;
    assert_refused(gather, words);
    assert_refused((struct metering_request){ .action = METERING_LINEARITY_APPLY }, words);
    assert_refused((struct metering_request){ .action = METERING_LINEARITY_CLEAR }, words);
    show_load(60, false, true);
    sample();
    const struct metering_request cancel = { .action = METERING_LINEARITY_CANCEL };
    const struct metering_request tell = { .action = METERING_LINEARITY_TELL };
    assert_int_equal(ask(cancel).status, STATUS_OK);
    assert_int_equal(ask(tell).status, STATUS_OK);
    show_load(60, false, true);
    sample();
    assert_memory_equal(&meter.workspace, &before, sizeof before);
}

static void lets_calibration_wait_until_linearity_has_ended(void **state)
{
    (void)state;
    assert_int_equal(ask(gather).status, STATUS_OK);
    assert_calibration_waits("codes are being counted");
    sample();
    assert_calibration_waits("codes are being counted");
    assert_int_equal(ask((struct metering_request){ .action = METERING_LINEARITY_CANCEL }).status,
                     STATUS_OK);
    // The sampling task may still be counting.
    assert_calibration_waits("codes are being counted");
    sample();
    assert_int_equal(ask(calibrate).status, STATUS_OK);
}

static void lets_calibration_wait_for_swings_and_for_a_table_on_its_way(void **state)
{
    (void)state;
    meter.linearity.swings = 1;
    assert_calibration_waits("linearity has swings: apply or cancel");
    assert_int_equal(ask((struct metering_request){ .action = METERING_LINEARITY_CANCEL }).status,
                     STATUS_OK);
    assert_int_equal(ask((struct metering_request){ .action = METERING_LINEARITY_CLEAR }).status,
                     STATUS_OK);
    assert_calibration_waits("try again");
    sample();
    assert_int_equal(ask(calibrate).status, STATUS_OK);
}

static void lets_linearity_wait_until_calibration_has_ended(void **state)
{
    (void)state;
    assert_int_equal(ask(calibrate).status, STATUS_OK);
    assert_linearity_waits("is under way");
    show_load(60, true, false);
    assert_int_equal(meter.calibration.points, 1);
    assert_linearity_waits("a calibration has points: apply or cancel");
    assert_int_equal(ask((struct metering_request){ .action = METERING_CANCEL }).status, STATUS_OK);
    assert_int_equal(ask(check_wiring).status, STATUS_OK);
    assert_linearity_waits("is under way");
    // A finding needs no memory.
    show_load(60, true, false);
    assert_int_equal(ask(gather).status, STATUS_OK);
    const struct metering_answer told = ask((struct metering_request){ .action = METERING_TELL });
    assert_true(mentions(&told, "\"wiring\":{\"verdict\":"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(brings_each_request_to_whom_it_concerns, power_up),
        cmocka_unit_test_setup(begins_a_new_maximum_and_tells_who_and_when, power_up),
        cmocka_unit_test_setup(resets_wholly_or_not_at_all_when_cut_at_every_byte, power_up),
        cmocka_unit_test_setup(lets_calibration_wait_until_linearity_has_ended, power_up),
        cmocka_unit_test_setup(lets_calibration_wait_for_swings_and_for_a_table_on_its_way,
                               power_up),
        cmocka_unit_test_setup(lets_linearity_wait_until_calibration_has_ended, power_up),
    };
    return cmocka_run_group_tests_name("metering_desk", tests, NULL, NULL);
}
