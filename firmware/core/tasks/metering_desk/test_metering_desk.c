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
    struct linearity_workspace workspace;
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
    calibration_session_init(&meter.calibration, &meter.wiring, 0.0, &meter.calibrations);
    const struct linearity_parts parts = { .wiring = &meter.wiring,
                                           .values = &meter.values,
                                           .census = &meter.census,
                                           .workspace = &meter.workspace,
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

static void changes_no_table_under_a_calibration(void **state)
{
    (void)state;
    const struct metering_request calibrate = { .action = METERING_CALIBRATE,
                                                .seconds = 10,
                                                .truth = { .resistive = true } };
    const struct metering_request clear = { .action = METERING_LINEARITY_CLEAR };
    assert_int_equal(ask(calibrate).status, STATUS_OK);
    assert_int_equal(ask(clear).status, STATUS_BUSY);
    assert_int_equal(ask((struct metering_request){ .action = METERING_CANCEL }).status, STATUS_OK);
    assert_int_equal(ask(clear).status, STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(brings_each_request_to_whom_it_concerns, power_up),
        cmocka_unit_test_setup(begins_a_new_maximum_and_tells_who_and_when, power_up),
        cmocka_unit_test_setup(resets_wholly_or_not_at_all_when_cut_at_every_byte, power_up),
        cmocka_unit_test_setup(changes_no_table_under_a_calibration, power_up),
    };
    return cmocka_run_group_tests_name("metering_desk", tests, NULL, NULL);
}
