// SPDX-License-Identifier: MIT

/// Pulls the plug at every byte that a store writes and every part of an erase: each key has its
/// old value or, where it was being set, the new one.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flash_memory.h"
#include "record_store.h"

enum { SECTOR_SIZE = 1024, SECTOR_COUNT = 2, KEY_COUNT = 5, SET_COUNT = 70, LASTING = 2 };

static const char *const keys[KEY_COUNT] = { "relays", "root", ".tamper", "wifi_pass", "z" };

/// A value is known by the number it was made from; 0 is none.
struct oracle {
    unsigned value[KEY_COUNT];
    unsigned key_in_flight; ///< KEY_COUNT: none.
    unsigned in_flight;
    bool is_erasing;
};

struct moment {
    struct flash_memory flash;
    struct record_store store;
    struct oracle oracle;
};

static struct flash_memory flash;
static struct record_store store;
static struct oracle oracle;

static size_t make_value(unsigned number, uint8_t *out)
{
    const size_t size = number * 7 % 90;
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(number * 31 + i * 13);
    }
    return size;
}

static bool has_value(unsigned key, unsigned number)
{
    uint8_t expected[KEY_VALUE_SIZE_LIMIT];
    uint8_t found[KEY_VALUE_SIZE_LIMIT];
    size_t size = 0;
    const struct key_value values = record_store_key_value(&store);
    const enum status status = values.get(values.ctx, keys[key], found, sizeof found, &size);
    if (number == 0) {
        return status == STATUS_MISSING;
    }
    return status == STATUS_OK && size == make_value(number, expected) &&
           memcmp(found, expected, size) == 0;
}

/// What a factory reset leaves.
static struct oracle erased(void)
{
    struct oracle left = { .key_in_flight = KEY_COUNT };
    left.value[LASTING] = oracle.value[LASTING];
    return left;
}

/// Compares all keys and takes over what turned out to be in place.
static void assert_is_old_or_new(void)
{
    if (oracle.is_erasing && has_value(0, 0) && has_value(1, 0) && has_value(3, 0) &&
        has_value(4, 0)) {
        oracle = erased();
    }
    for (unsigned key = 0; key < KEY_COUNT; key++) {
        if (key == oracle.key_in_flight && has_value(key, oracle.in_flight)) {
            oracle.value[key] = oracle.in_flight;
        }
        assert_true(has_value(key, oracle.value[key]));
    }
    oracle.key_in_flight = KEY_COUNT;
    oracle.is_erasing = false;
}

static enum status set(unsigned key, unsigned number)
{
    uint8_t value[KEY_VALUE_SIZE_LIMIT];
    const size_t size = make_value(number, value);
    const struct key_value values = record_store_key_value(&store);
    oracle.key_in_flight = key;
    oracle.in_flight = number;
    const enum status status = values.set(values.ctx, keys[key], value, size);
    if (status == STATUS_OK) {
        oracle.value[key] = number;
        oracle.key_in_flight = KEY_COUNT;
    }
    return status;
}

static enum status erase_all(void)
{
    const struct key_value values = record_store_key_value(&store);
    oracle.is_erasing = true;
    const enum status status = values.erase_all(values.ctx);
    if (status == STATUS_OK) {
        oracle = erased();
    }
    return status;
}

/// One step of the work: mostly a set, sometimes with a restart before it, once a factory reset.
static enum status work_once(unsigned index)
{
    enum status status = STATUS_OK;
    if (index % 23 == 22) {
        status = record_store_open(&store, &flash.region);
    }
    if (index == 50) {
        return erase_all();
    }
    return status == STATUS_OK ? set(index * 3 % 7 % KEY_COUNT, index + 1) : status;
}

static void save(struct moment *moment)
{
    flash_memory_copy(&moment->flash, &flash);
    moment->store = store;
    moment->oracle = oracle;
}

static void restore(const struct moment *moment)
{
    flash_memory_copy(&flash, &moment->flash);
    store = moment->store;
    oracle = moment->oracle;
}

static void recover_and_go_on(void)
{
    flash_memory_power_up(&flash);
    assert_int_equal(record_store_open(&store, &flash.region), STATUS_OK);
    assert_is_old_or_new();
    assert_int_equal(set(1, 1001), STATUS_OK);
    assert_int_equal(set(4, 1002), STATUS_OK);
    flash_memory_cut_now(&flash);
    flash_memory_power_up(&flash);
    assert_int_equal(record_store_open(&store, &flash.region), STATUS_OK);
    assert_is_old_or_new();
    assert_int_equal(flash.breaches, 0);
}

static void sweep(enum flash_memory_cut cut, const char *name)
{
    static struct moment moment;
    unsigned cuts = 0;
    flash_memory_init(&flash, SECTOR_SIZE, SECTOR_COUNT, cut, 1);
    oracle = (struct oracle){ .key_in_flight = KEY_COUNT };
    assert_int_equal(record_store_open(&store, &flash.region), STATUS_OK);
    for (unsigned i = 0; i < SET_COUNT; i++) {
        save(&moment);
        assert_int_equal(work_once(i), STATUS_OK);
        const uint64_t steps = flash.steps - moment.flash.steps;
        for (uint64_t step = 0; step < steps; step++, cuts++) {
            restore(&moment);
            flash.random += 2 * step;
            flash_memory_cut_after(&flash, step);
            assert_int_equal(work_once(i), STATUS_IO);
            recover_and_go_on();
        }
        restore(&moment);
        assert_int_equal(work_once(i), STATUS_OK);
    }
    assert_is_old_or_new();
    assert_int_equal(flash.breaches, 0);
    assert_true(flash.erases[0] > 2);
    print_message("%s: %u operations, %u cuts, one at each of %u steps\n", name, flash.operations,
                  cuts, (unsigned)flash.steps);
}

static void sets_all_or_nothing_when_cut_at_every_byte(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_IN_ORDER, "in order");
}

static void sets_all_or_nothing_when_units_tear_at_random(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_AT_RANDOM, "at random");
}

static void sets_all_or_nothing_when_units_tear_backward(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_BACKWARD, "backward");
}

static void sets_all_or_nothing_when_a_cache_is_lost(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_CACHE, "cache lost");
}

static void sets_all_or_nothing_when_a_cache_is_half_written(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_CACHE_MIX, "cache half written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_all_or_nothing_when_cut_at_every_byte),
        cmocka_unit_test(sets_all_or_nothing_when_units_tear_at_random),
        cmocka_unit_test(sets_all_or_nothing_when_units_tear_backward),
        cmocka_unit_test(sets_all_or_nothing_when_a_cache_is_lost),
        cmocka_unit_test(sets_all_or_nothing_when_a_cache_is_half_written),
    };
    return cmocka_run_group_tests_name("record_store_power", tests, NULL, NULL);
}
