// SPDX-License-Identifier: MIT

/// Keeps and clears tables, and pulls the plug at every byte that is written meanwhile.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flash_memory.h"
#include "linearity_store.h"
#include "power_cut_sweep.h"
#include "record_store.h"

enum { SECTOR_SIZE = 4096, SECTOR_COUNT = 4, CHANGES = 6 };

struct device {
    struct flash_memory flash;
    struct record_store records;
    struct key_value values;
    struct linearity_store store;
    struct linearity_table table;
};

static struct device device;

/// A table that is known by its number; every third clears.
static void make_table(unsigned number, struct linearity_table *table)
{
    float correction[LINEARITY_POINT_LIMIT];
    *table = (struct linearity_table){ .cells = 0 };
    for (unsigned n = 0; n < LINEARITY_POINT_LIMIT; n++) {
        correction[n] = (float)number + (float)((n * number) % 32) / 16.0f;
    }
    if (number % 3 != 0) {
        assert_int_equal(linearity_table_init(table, -(int32_t)number, 8, correction,
                                              LINEARITY_POINT_LIMIT - number),
                         STATUS_OK);
    }
}

static struct linearity_note make_note(unsigned number)
{
    struct linearity_note note = { .utc_s = 1700000000 + number,
                                   .swings = (uint8_t)(number % 3 != 0 ? 3 : 0),
                                   .largest_codes = (float)number,
                                   .disagreement_codes = 0.5f };
    memcpy(note.who, "anna-in-the-lab!", LINEARITY_STORE_WHO_SIZE);
    note.who[0] = (char)('a' + number);
    return note;
}

static enum status keep(unsigned number)
{
    static struct linearity_table table;
    const struct linearity_note note = make_note(number);
    make_table(number, &table);
    return linearity_store_keep(&device.store, &table, &note);
}

static void open_store(void)
{
    assert_int_equal(record_store_open(&device.records, &device.flash.region), STATUS_OK);
    device.values = record_store_key_value(&device.records);
    assert_int_equal(linearity_store_load(&device.store, &device.values, &device.table), STATUS_OK);
}

/// Whether the table and the note of `number` are there, and nothing of another; 0: none.
static bool holds(unsigned number)
{
    static struct linearity_table expected;
    const struct linearity_note *note = linearity_store_note(&device.store);
    const struct linearity_note wanted = make_note(number);
    if (number == 0) {
        return note->number == 0 && device.table.cells == 0;
    }
    make_table(number, &expected);
    return note->utc_s == wanted.utc_s && strcmp(note->who, wanted.who) == 0 &&
           note->swings == wanted.swings && note->largest_codes == wanted.largest_codes &&
           note->disagreement_codes == wanted.disagreement_codes &&
           device.table.cells == expected.cells &&
           (expected.cells == 0 ||
            (device.table.cell_bits == expected.cell_bits &&
             device.table.code_min == expected.code_min &&
             memcmp(device.table.sixteenths, expected.sixteenths,
                    (expected.cells + 1u) * sizeof expected.sixteenths[0]) == 0));
}

static int power_up_blank(void **state)
{
    (void)state;
    flash_memory_init(&device.flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER, 7);
    open_store();
    return 0;
}

static void starts_without_a_table(void **state)
{
    (void)state;
    assert_true(holds(0));
}

static void keeps_and_clears_tables_with_who_and_when(void **state)
{
    (void)state;
    for (unsigned number = 1; number <= 20; number++) {
        assert_int_equal(keep(number), STATUS_OK);
        open_store();
        assert_true(holds(number));
        assert_int_equal(linearity_store_note(&device.store)->number, number);
    }
}

static void refuses_a_table_that_could_not_be_applied(void **state)
{
    (void)state;
    static struct linearity_table table;
    const struct linearity_note note = make_note(1);
    make_table(1, &table);
    table.cells = LINEARITY_POINT_LIMIT;
    assert_int_equal(linearity_store_keep(&device.store, &table, &note), STATUS_INVALID);
    make_table(1, &table);
    table.cell_bits = 16;
    assert_int_equal(linearity_store_keep(&device.store, &table, &note), STATUS_INVALID);
    make_table(1, &table);
    table.sixteenths[5] = INT16_MAX;
    assert_int_equal(linearity_store_keep(&device.store, &table, &note), STATUS_INVALID);
    open_store();
    assert_true(holds(0));
}

static void goes_without_a_table_when_one_of_its_values_is_damaged(void **state)
{
    (void)state;
    static const char *const keys[] = { "lin", "lin.b0", "lin.b2" };
    for (unsigned n = 0; n < 3; n++) {
        uint8_t value[KEY_VALUE_SIZE_LIMIT];
        size_t size = 0;
        assert_int_equal(power_up_blank(state), 0);
        assert_int_equal(keep(1), STATUS_OK);
        assert_int_equal(device.values.get(device.values.ctx, keys[n], value, sizeof value, &size),
                         STATUS_OK);
        value[3] ^= 1;
        assert_int_equal(device.values.set(device.values.ctx, keys[n], value, size), STATUS_OK);
        assert_int_equal(linearity_store_load(&device.store, &device.values, &device.table),
                         STATUS_CORRUPT);
        assert_true(holds(0));
        assert_int_equal(keep(2), STATUS_OK);
        open_store();
        assert_true(holds(2));
    }
}

static void keeps_what_it_has_when_the_flash_fails(void **state)
{
    (void)state;
    assert_int_equal(keep(1), STATUS_OK);
    device.flash.fails = true;
    assert_int_equal(keep(2), STATUS_IO);
    device.flash.fails = false;
    assert_string_equal(linearity_store_note(&device.store)->who, make_note(1).who);
    assert_int_equal(keep(4), STATUS_OK);
    open_store();
    assert_true(holds(4));
    assert_int_equal(linearity_store_note(&device.store)->number, 3);
}

static void sweep(enum flash_memory_cut cut, const char *name)
{
    const struct power_cut_sweep sweep = { .flash = &device.flash,
                                           .records = &device.records,
                                           .store = &device.store,
                                           .store_size = sizeof device.store,
                                           .changes = CHANGES,
                                           .change = keep,
                                           .holds = holds,
                                           .open = open_store };
    flash_memory_init(&device.flash, SECTOR_SIZE, SECTOR_COUNT, cut, 1);
    power_cut_sweep(&sweep, name);
}

static void keeps_the_old_table_or_the_new_one_when_cut_at_every_byte(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_IN_ORDER, "in order");
}

static void keeps_the_old_or_the_new_when_a_cache_is_half_written(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_CACHE_MIX, "cache half written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(starts_without_a_table, power_up_blank),
        cmocka_unit_test_setup(keeps_and_clears_tables_with_who_and_when, power_up_blank),
        cmocka_unit_test_setup(refuses_a_table_that_could_not_be_applied, power_up_blank),
        cmocka_unit_test_setup(goes_without_a_table_when_one_of_its_values_is_damaged,
                               power_up_blank),
        cmocka_unit_test_setup(keeps_what_it_has_when_the_flash_fails, power_up_blank),
        cmocka_unit_test(keeps_the_old_table_or_the_new_one_when_cut_at_every_byte),
        cmocka_unit_test(keeps_the_old_or_the_new_when_a_cache_is_half_written),
    };
    return cmocka_run_group_tests_name("linearity_store", tests, NULL, NULL);
}
