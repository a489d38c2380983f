// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flash_memory.h"
#include "record_store.h"
#include "tamper_store.h"

enum { SECTOR_SIZE = 1024, SECTOR_COUNT = 2, CHANGES = 60 };

static struct device {
    struct flash_memory flash;
    struct record_store records;
    struct key_value values;
    struct tamper_store store;
} device;

static enum status boot(struct tamper_record *record)
{
    flash_memory_power_up(&device.flash);
    assert_int_equal(record_store_open(&device.records, &device.flash.region), STATUS_OK);
    device.values = record_store_key_value(&device.records);
    tamper_store_init(&device.store, &device.values);
    return tamper_store_load(&device.store, record);
}

static int blank(void **state)
{
    struct tamper_record record;
    (void)state;
    flash_memory_init(&device.flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER, 1);
    return boot(&record) == STATUS_OK ? 0 : -1;
}

static void assert_boots_with(bool latched, uint32_t count)
{
    struct tamper_record record;
    assert_int_equal(boot(&record), STATUS_OK);
    assert_int_equal(record.latched, latched);
    assert_int_equal(record.count, count);
}

static void a_device_that_never_kept_anything_was_never_opened(void **state)
{
    (void)state;
    assert_boots_with(false, 0);
}

static void keeps_the_latch_and_the_count(void **state)
{
    (void)state;
    assert_int_equal(
        tamper_store_keep(&device.store, (struct tamper_record){ .latched = true, .count = 1 }),
        STATUS_OK);
    assert_boots_with(true, 1);
    assert_int_equal(tamper_store_keep(&device.store, (struct tamper_record){ .count = 1 }),
                     STATUS_OK);
    assert_boots_with(false, 1);
    assert_int_equal(
        tamper_store_keep(&device.store,
                          (struct tamper_record){ .latched = true, .count = TAMPER_COUNT_LIMIT }),
        STATUS_OK);
    assert_boots_with(true, TAMPER_COUNT_LIMIT);
}

static void writes_only_what_has_changed(void **state)
{
    (void)state;
    assert_int_equal(tamper_store_keep(&device.store, (struct tamper_record){ .count = 3 }),
                     STATUS_OK);
    const unsigned operations = device.flash.operations;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(tamper_store_keep(&device.store, (struct tamper_record){ .count = 3 }),
                         STATUS_OK);
    }
    assert_int_equal(device.flash.operations, operations);
}

static void a_factory_reset_does_not_clear_the_latch(void **state)
{
    (void)state;
    assert_int_equal(
        tamper_store_keep(&device.store, (struct tamper_record){ .latched = true, .count = 9 }),
        STATUS_OK);
    assert_int_equal(device.values.erase_all(device.values.ctx), STATUS_OK);
    assert_boots_with(true, 9);
}

static void a_damaged_record_loads_as_latched(void **state)
{
    static const uint8_t SOUND[] = { 1, 0, 5, 0, 0, 0, 0xFE, 0xFF, 0xFA, 0xFF, 0xFF, 0xFF };
    struct tamper_record record;
    (void)state;
    assert_int_equal(device.values.set(device.values.ctx, ".tamper", SOUND, sizeof SOUND),
                     STATUS_OK);
    assert_boots_with(false, 5);
    for (size_t size = 0; size < sizeof SOUND; size++) {
        assert_int_equal(device.values.set(device.values.ctx, ".tamper", SOUND, size), STATUS_OK);
        assert_int_equal(boot(&record), STATUS_CORRUPT);
        assert_true(record.latched);
    }
    for (size_t bit = 0; bit < 8 * sizeof SOUND; bit++) {
        uint8_t bytes[sizeof SOUND];
        memcpy(bytes, SOUND, sizeof bytes);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(device.values.set(device.values.ctx, ".tamper", bytes, sizeof bytes),
                         STATUS_OK);
        assert_int_equal(boot(&record), STATUS_CORRUPT);
        assert_true(record.latched);
    }
}

static void a_store_that_cannot_be_read_loads_as_latched(void **state)
{
    struct tamper_record record;
    (void)state;
    assert_int_equal(tamper_store_keep(&device.store, (struct tamper_record){ .count = 1 }),
                     STATUS_OK);
    device.flash.fails = true;
    assert_int_equal(tamper_store_load(&device.store, &record), STATUS_IO);
    assert_true(record.latched);
    device.flash.fails = false;
}

static struct tamper_record change(unsigned index)
{
    return (struct tamper_record){ .latched = index % 2 == 0, .count = index / 2 + 1 };
}

static void a_power_cut_at_every_byte_leaves_the_old_record_or_the_new(void **state)
{
    static struct device before;
    struct tamper_record record;
    unsigned cuts = 0;
    (void)state;
    for (unsigned i = 0; i < CHANGES; i++) {
        memcpy(&before, &device, sizeof before);
        assert_int_equal(tamper_store_keep(&device.store, change(i)), STATUS_OK);
        const uint64_t steps = device.flash.steps - before.flash.steps;
        for (uint64_t step = 0; step < steps; step += 1 + steps / 200, cuts++) {
            memcpy(&device, &before, sizeof device);
            flash_memory_cut_after(&device.flash, step);
            assert_int_equal(tamper_store_keep(&device.store, change(i)), STATUS_IO);
            assert_int_equal(boot(&record), STATUS_OK);
            const struct tamper_record old =
                i == 0 ? (struct tamper_record){ .latched = false } : change(i - 1);
            const bool is_old = record.latched == old.latched && record.count == old.count;
            const bool is_new =
                record.latched == change(i).latched && record.count == change(i).count;
            assert_true(is_old || is_new);
        }
        memcpy(&device, &before, sizeof device);
        assert_int_equal(tamper_store_keep(&device.store, change(i)), STATUS_OK);
    }
    print_message("%u changes, %u cuts\n", (unsigned)CHANGES, cuts);
    assert_true(cuts > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_device_that_never_kept_anything_was_never_opened, blank),
        cmocka_unit_test_setup(keeps_the_latch_and_the_count, blank),
        cmocka_unit_test_setup(writes_only_what_has_changed, blank),
        cmocka_unit_test_setup(a_factory_reset_does_not_clear_the_latch, blank),
        cmocka_unit_test_setup(a_damaged_record_loads_as_latched, blank),
        cmocka_unit_test_setup(a_store_that_cannot_be_read_loads_as_latched, blank),
        cmocka_unit_test_setup(a_power_cut_at_every_byte_leaves_the_old_record_or_the_new, blank),
    };
    return cmocka_run_group_tests_name("tamper_store", tests, NULL, NULL);
}
