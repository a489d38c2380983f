// SPDX-License-Identifier: MIT

/// Keeps calibrations, and pulls the plug at every byte that is written meanwhile.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "calibration_store.h"
#include "crc32.h"
#include "flash_memory.h"
#include "power_cut_sweep.h"
#include "record_store.h"

enum { SECTOR_SIZE = 4096, SECTOR_COUNT = 2, CHANGES = 11, INPUTS = 3 };

struct device {
    struct flash_memory flash;
    struct record_store records;
    struct key_value values;
    struct calibration_store store;
};

static struct device device;

/// A calibration that is known by its number.
static struct calibration_input make_input(unsigned number)
{
    struct calibration_input input = { .gain = 1.0 + number * 0.001, .delay_s = number * 1e-6 };
    input.knots = number % (CALIBRATION_KNOT_LIMIT + 1);
    for (unsigned i = 0; i < input.knots; i++) {
        input.knot[i] = (struct calibration_knot){
            .magnitude = (float)(1 << i),
            .gain = 1.0f,
            .lead_50hz_rad = (float)number * 0.001f,
            .lead_60hz_rad = (float)number * 0.0008f,
        };
    }
    return input;
}

static struct calibration_change make_change(unsigned number)
{
    struct calibration_change change = { .utc_s = 1700000000 + number,
                                         .input = (uint8_t)(number / 2 % INPUTS),
                                         .method = CALIBRATION_METHOD_LOAD,
                                         .gain_error_percent = 0.05f,
                                         .lead_error_deg = 0.01f };
    memcpy(change.who, "anna", 5);
    change.who[0] = (char)('a' + number);
    return change;
}

static enum status apply(unsigned number)
{
    const struct calibration_input input = make_input(number);
    const struct calibration_change change = make_change(number);
    return calibration_store_apply(&device.store, &input, &change);
}

static bool is_same_input(const struct calibration_input *a, const struct calibration_input *b)
{
    bool same = a->gain == b->gain && a->delay_s == b->delay_s && a->knots == b->knots;
    for (uint32_t i = 0; same && i < a->knots; i++) {
        same = a->knot[i].magnitude == b->knot[i].magnitude && a->knot[i].gain == b->knot[i].gain &&
               a->knot[i].lead_50hz_rad == b->knot[i].lead_50hz_rad &&
               a->knot[i].lead_60hz_rad == b->knot[i].lead_60hz_rad;
    }
    return same;
}

static void open_store(void)
{
    assert_int_equal(record_store_open(&device.records, &device.flash.region), STATUS_OK);
    device.values = record_store_key_value(&device.records);
    assert_int_equal(calibration_store_load(&device.store, &device.values), STATUS_OK);
}

static int power_up_blank(void **state)
{
    (void)state;
    flash_memory_init(&device.flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER, 7);
    open_store();
    return 0;
}

/// Whether exactly the changes 1 to `newest` are in force, and the last eight of them told.
static bool holds(unsigned newest)
{
    static const struct calibration_input fresh = { .gain = 1.0 };
    const struct calibration *current = calibration_store_current(&device.store);
    unsigned of_input[INPUTS] = { 0 };
    for (unsigned number = 1; number <= newest; number++) {
        of_input[make_change(number).input] = number;
    }
    for (unsigned input = 0; input < INPUTS; input++) {
        const struct calibration_input expected =
            of_input[input] > 0 ? make_input(of_input[input]) : fresh;
        if (!is_same_input(&current->input[input], &expected)) {
            return false;
        }
    }
    for (unsigned age = 0; age < CALIBRATION_STORE_CHANGE_COUNT; age++) {
        const struct calibration_change *change = calibration_store_change(&device.store, age);
        const unsigned number = newest - age;
        if (age >= newest) {
            return change == NULL;
        }
        if (change == NULL || change->utc_s != make_change(number).utc_s ||
            change->new_gain != (float)make_input(number).gain ||
            strcmp(change->who, make_change(number).who) != 0) {
            return false;
        }
    }
    return calibration_store_change(&device.store, CALIBRATION_STORE_CHANGE_COUNT) == NULL;
}

static void starts_without_a_calibration(void **state)
{
    (void)state;
    assert_true(holds(0));
}

static void keeps_calibrations_and_the_last_eight_changes(void **state)
{
    (void)state;
    for (unsigned number = 1; number <= 20; number++) {
        assert_int_equal(apply(number), STATUS_OK);
        assert_true(holds(number));
        open_store();
        assert_true(holds(number));
    }
    const struct calibration_change *newest = calibration_store_change(&device.store, 0);
    assert_int_equal(newest->number, 20);
    assert_true(newest->old_gain == (float)make_input(15).gain);
    assert_true(newest->old_lead_rad == make_input(15).knot[0].lead_50hz_rad);
    assert_true(newest->new_lead_rad == make_input(20).knot[0].lead_50hz_rad);
}

static void refuses_what_the_engine_could_not_use(void **state)
{
    (void)state;
    struct calibration_input input = make_input(1);
    struct calibration_change change = make_change(1);
    change.input = ADC_INPUT_LIMIT;
    assert_int_equal(calibration_store_apply(&device.store, &input, &change), STATUS_INVALID);
    change.input = 0;
    input.gain = 0.0;
    assert_int_equal(calibration_store_apply(&device.store, &input, &change), STATUS_INVALID);
    assert_true(holds(0));
}

static void says_when_a_record_is_damaged_and_goes_on_without(void **state)
{
    (void)state;
    assert_int_equal(apply(1), STATUS_OK);
    assert_int_equal(apply(2), STATUS_OK);
    uint8_t value[KEY_VALUE_SIZE_LIMIT];
    size_t size = 0;
    assert_int_equal(device.values.get(device.values.ctx, "cal.a", value, sizeof value, &size),
                     STATUS_OK);
    value[3] ^= 1;
    assert_int_equal(device.values.set(device.values.ctx, "cal.a", value, size), STATUS_OK);
    assert_int_equal(calibration_store_load(&device.store, &device.values), STATUS_CORRUPT);
    assert_true(calibration_store_current(&device.store)->input[0].gain == 1.0);
    const struct calibration_input other = make_input(2);
    assert_true(is_same_input(&calibration_store_current(&device.store)->input[1], &other));
}

static void knows_what_a_scan_delays_until_a_calibration_knows_better(void **state)
{
    (void)state;
    assert_int_equal(apply(2), STATUS_OK);
    open_store();
    calibration_store_place(&device.store, 11e-6);
    const struct calibration *current = calibration_store_current(&device.store);
    const struct calibration_input second = make_input(2);
    assert_true(is_same_input(&current->input[1], &second));
    assert_true(current->input[0].delay_s == 0.0 && current->input[2].delay_s == 2 * 11e-6);
    assert_int_equal(calibration_check(current), STATUS_OK);
    assert_int_equal(apply(4), STATUS_OK);
    calibration_store_place(&device.store, 11e-6);
    assert_true(current->input[2].delay_s == make_input(4).delay_s);
}

struct stored {
    uint8_t bytes[KEY_VALUE_SIZE_LIMIT];
    size_t size;
};

static struct stored stored_of(const char *key)
{
    struct stored value = { .size = 0 };
    assert_int_equal(
        device.values.get(device.values.ctx, key, value.bytes, sizeof value.bytes, &value.size),
        STATUS_OK);
    return value;
}

static void put(const char *key, const struct stored *value)
{
    assert_int_equal(device.values.set(device.values.ctx, key, value->bytes, value->size),
                     STATUS_OK);
}

/// A change of input 2, seen from `at` on, becomes one of input 12, and its value is sealed again.
static void move_to_input_12(struct stored *value, size_t at)
{
    assert_int_equal(value->bytes[at + 12], 2);
    value->bytes[at + 12] = 12;
    bytes_store_le32(value->bytes + value->size - 4,
                     crc32_extend(0, value->bytes, value->size - 4));
}

/// Leaves what a build for more inputs would: change 5 is of input 12. A power cut may have kept it
/// out of the history.
static void leave_as_a_wider_build(bool is_in_history)
{
    enum { CHANGE_IN_INPUT = 18 + CALIBRATION_KNOT_LIMIT * 16, CHANGE_IN_LOG = 2 + 4 * 54 };
    for (unsigned number = 1; number <= 4; number++) {
        assert_int_equal(apply(number), STATUS_OK);
    }
    const struct stored input_2 = stored_of("cal.c");
    const struct stored log_without = stored_of("cal.log");
    assert_int_equal(apply(10), STATUS_OK);
    struct stored input_12 = stored_of("cal.c");
    struct stored log = stored_of("cal.log");
    move_to_input_12(&input_12, CHANGE_IN_INPUT);
    move_to_input_12(&log, CHANGE_IN_LOG);
    put("cal.c", &input_2);
    put("cal.m", &input_12);
    put("cal.log", is_in_history ? &log : &log_without);
}

static void keeps_what_a_wider_build_has_calibrated(void **state)
{
    for (unsigned is_in_history = 0; is_in_history < 2; is_in_history++) {
        assert_int_equal(power_up_blank(state), 0);
        leave_as_a_wider_build(is_in_history);
        const struct stored before = stored_of("cal.m");
        open_store();
        const struct calibration *current = calibration_store_current(&device.store);
        const struct calibration_input third = make_input(4);
        const struct calibration_input thirteenth = make_input(10);
        assert_true(is_same_input(&current->input[2], &third));
        assert_true((int)ADC_INPUT_LIMIT <= 12 ||
                    is_same_input(&current->input[ADC_INPUT_LIMIT > 12 ? 12 : 0], &thirteenth));
        // Its change is told, and the number of that is not given out again.
        assert_int_equal(calibration_store_change(&device.store, 0)->input, 12);
        assert_int_equal(calibration_store_change(&device.store, 0)->number, 5);
        assert_int_equal(apply(6), STATUS_OK);
        open_store();
        assert_int_equal(calibration_store_change(&device.store, 0)->number, 6);
        assert_int_equal(calibration_store_change(&device.store, 1)->input, 12);
        const struct stored after = stored_of("cal.m");
        assert_memory_equal(after.bytes, before.bytes, before.size);
    }
}

static void gives_no_number_out_twice_after_a_failure(void **state)
{
    (void)state;
    assert_int_equal(apply(1), STATUS_OK);
    device.flash.fails = true;
    assert_int_equal(apply(2), STATUS_IO);
    device.flash.fails = false;
    assert_true(holds(1));
    open_store();
    assert_int_equal(apply(2), STATUS_OK);
    assert_true(holds(2));
}

static void sweep(enum flash_memory_cut cut, const char *name)
{
    const struct power_cut_sweep sweep = { .flash = &device.flash,
                                           .records = &device.records,
                                           .store = &device.store,
                                           .store_size = sizeof device.store,
                                           .changes = CHANGES,
                                           .change = apply,
                                           .holds = holds,
                                           .open = open_store };
    flash_memory_init(&device.flash, SECTOR_SIZE, SECTOR_COUNT, cut, 1);
    power_cut_sweep(&sweep, name);
}

static void applies_all_or_nothing_when_cut_at_every_byte(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_IN_ORDER, "in order");
}

static void applies_all_or_nothing_when_a_cache_is_half_written(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_CACHE_MIX, "cache half written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(starts_without_a_calibration, power_up_blank),
        cmocka_unit_test_setup(keeps_calibrations_and_the_last_eight_changes, power_up_blank),
        cmocka_unit_test_setup(refuses_what_the_engine_could_not_use, power_up_blank),
        cmocka_unit_test_setup(says_when_a_record_is_damaged_and_goes_on_without, power_up_blank),
        cmocka_unit_test_setup(knows_what_a_scan_delays_until_a_calibration_knows_better,
                               power_up_blank),
        cmocka_unit_test_setup(keeps_what_a_wider_build_has_calibrated, power_up_blank),
        cmocka_unit_test_setup(gives_no_number_out_twice_after_a_failure, power_up_blank),
        cmocka_unit_test(applies_all_or_nothing_when_cut_at_every_byte),
        cmocka_unit_test(applies_all_or_nothing_when_a_cache_is_half_written),
    };
    return cmocka_run_group_tests_name("calibration_store", tests, NULL, NULL);
}
