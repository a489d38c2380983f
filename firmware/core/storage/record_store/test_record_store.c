// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "flash_memory.h"
#include "record_store.h"

enum { SECTOR_SIZE = 4096, SECTOR_COUNT = 4 };

static struct flash_memory flash;
static struct record_store store;
static struct key_value values;

static void reopen(void)
{
    assert_int_equal(record_store_open(&store, &flash.region), STATUS_OK);
    values = record_store_key_value(&store);
}

static int start(void **state)
{
    (void)state;
    flash_memory_init(&flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER, 1);
    reopen();
    return 0;
}

static int finish(void **state)
{
    (void)state;
    return flash.breaches == 0 ? 0 : -1;
}

static enum status set(const char *key, const char *text)
{
    return values.set(values.ctx, key, text, strlen(text));
}

static void assert_is(const char *key, const char *text)
{
    char found[KEY_VALUE_SIZE_LIMIT + 1] = { 0 };
    size_t size;
    assert_int_equal(values.get(values.ctx, key, found, KEY_VALUE_SIZE_LIMIT, &size), STATUS_OK);
    found[size] = '\0';
    assert_string_equal(found, text);
}

static void returns_the_newest_value_also_after_a_restart(void **state)
{
    (void)state;
    assert_int_equal(set("name", "cellar"), STATUS_OK);
    assert_int_equal(set("name", "attic"), STATUS_OK);
    assert_int_equal(set("empty", ""), STATUS_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_is("name", "attic");
        assert_is("empty", "");
        reopen();
        assert_int_equal(set("other", i % 2 == 0 ? "a" : "b"), STATUS_OK);
    }
}

static void tells_missing_keys_and_small_rooms(void **state)
{
    (void)state;
    char out[4];
    size_t size;
    assert_int_equal(values.get(values.ctx, "name", out, sizeof out, &size), STATUS_MISSING);
    assert_int_equal(set("name", "cellar"), STATUS_OK);
    assert_int_equal(values.get(values.ctx, "name", out, sizeof out, &size), STATUS_FULL);
    assert_int_equal(size, 6);
}

static void refuses_keys_and_values_that_are_too_long(void **state)
{
    (void)state;
    static const uint8_t large[KEY_VALUE_SIZE_LIMIT + 1];
    size_t size;
    uint8_t out[1];
    assert_int_equal(set("fifteen_letters", "x"), STATUS_OK);
    assert_int_equal(set("sixteen__letters", "x"), STATUS_INVALID);
    assert_int_equal(set("", "x"), STATUS_INVALID);
    assert_int_equal(values.get(values.ctx, "", out, 1, &size), STATUS_INVALID);
    assert_int_equal(values.set(values.ctx, "k", large, sizeof large), STATUS_INVALID);
    assert_int_equal(values.set(values.ctx, "k", large, sizeof large - 1), STATUS_OK);
}

static void goes_on_for_ever_in_a_bounded_region(void **state)
{
    (void)state;
    char text[16];
    assert_int_equal(set("constant", "stays"), STATUS_OK);
    for (unsigned i = 0; i < 5000; i++) {
        (void)snprintf(text, sizeof text, "%u", i);
        assert_int_equal(set("counter", text), STATUS_OK);
    }
    assert_is("counter", "4999");
    assert_is("constant", "stays");
    reopen();
    assert_is("counter", "4999");
    assert_is("constant", "stays");
    print_message("5000 sets: %u and %u erases of a sector in either half\n", flash.erases[0],
                  flash.erases[SECTOR_COUNT - 1]);
}

static void setting_the_same_value_costs_no_wear(void **state)
{
    (void)state;
    assert_int_equal(set("relays", "5"), STATUS_OK);
    const uint64_t steps = flash.steps;
    assert_int_equal(set("relays", "5"), STATUS_OK);
    assert_true(flash.steps == steps);
}

static void says_when_it_is_full_and_keeps_what_it_has(void **state)
{
    (void)state;
    static char large[KEY_VALUE_SIZE_LIMIT + 1];
    char key[16];
    unsigned stored = 0;
    memset(large, 'x', KEY_VALUE_SIZE_LIMIT);
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < 100 && status == STATUS_OK; i++) {
        (void)snprintf(key, sizeof key, "key%u", i);
        status = set(key, large);
        stored += status == STATUS_OK;
    }
    assert_int_equal(status, STATUS_FULL);
    assert_in_range(stored, 10, RECORD_STORE_KEY_LIMIT - 1);
    reopen();
    for (unsigned i = 0; i < stored; i++) {
        (void)snprintf(key, sizeof key, "key%u", i);
        assert_is(key, large);
    }
    assert_int_equal(set("key0", "small"), STATUS_OK);

    assert_int_equal(values.erase_all(values.ctx), STATUS_OK);
    for (unsigned i = 0; i < RECORD_STORE_KEY_LIMIT; i++) {
        (void)snprintf(key, sizeof key, "key%u", i);
        assert_int_equal(set(key, "x"), STATUS_OK);
    }
    assert_int_equal(set("one_more", "x"), STATUS_FULL);
    assert_int_equal(set("key7", "y"), STATUS_OK);
}

static void forgets_everything_and_wipes_it(void **state)
{
    (void)state;
    uint8_t out[8];
    size_t size;
    assert_int_equal(set("secret", "pass-phrase"), STATUS_OK);
    assert_int_equal(values.erase_all(values.ctx), STATUS_OK);
    for (uint32_t at = 0; at + 11 <= flash.region.size; at++) {
        assert_memory_not_equal(flash.bytes + at, "pass-phrase", 11);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(values.get(values.ctx, "secret", out, sizeof out, &size), STATUS_MISSING);
        reopen();
    }
}

static void a_factory_reset_leaves_the_lasting_keys_and_no_other(void **state)
{
    (void)state;
    assert_int_equal(set("plain", "goes"), STATUS_OK);
    assert_int_equal(set(".first", "stays"), STATUS_OK);
    assert_int_equal(set("other", "goes too"), STATUS_OK);
    assert_int_equal(set(".second", "stays too"), STATUS_OK);
    assert_int_equal(values.erase_all(values.ctx), STATUS_OK);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t out[8];
        size_t size;
        assert_is(".first", "stays");
        assert_is(".second", "stays too");
        assert_int_equal(values.get(values.ctx, "plain", out, sizeof out, &size), STATUS_MISSING);
        assert_int_equal(values.get(values.ctx, "other", out, sizeof out, &size), STATUS_MISSING);
        reopen();
    }
    assert_int_equal(set(".first", "changes"), STATUS_OK);
    assert_is(".first", "changes");
    assert_is(".second", "stays too");
}

static void keeps_the_old_value_when_the_flash_fails(void **state)
{
    (void)state;
    assert_int_equal(set("name", "cellar"), STATUS_OK);
    flash.fails = true;
    assert_int_equal(set("name", "attic"), STATUS_IO);
    flash.fails = false;
    assert_is("name", "cellar");
    flash.sync_fails = true;
    assert_int_equal(set("name", "attic"), STATUS_IO);
    assert_int_equal(set("name", "attic"), STATUS_IO);
    flash.sync_fails = false;
    assert_is("name", "cellar");
    assert_int_equal(set("name", "attic"), STATUS_OK);
    reopen();
    assert_is("name", "attic");
}

static void tells_decay_from_data(void **state)
{
    (void)state;
    uint8_t out[8];
    size_t size;
    assert_int_equal(set("first", "1"), STATUS_OK);
    assert_int_equal(set("second", "2"), STATUS_OK);
    const uint32_t at = store.half * store.half_size + store.slot[0].offset;
    flash.bytes[at + 10] ^= 4;
    assert_int_equal(values.get(values.ctx, "first", out, sizeof out, &size), STATUS_CORRUPT);
    assert_is("second", "2");
    assert_int_equal(set("first", "3"), STATUS_OK);
    assert_is("first", "3");
}

static void needs_two_sectors(void **state)
{
    (void)state;
    flash.region.size = SECTOR_SIZE;
    assert_int_equal(record_store_open(&store, &flash.region), STATUS_INVALID);
    flash.region.size = 2 * SECTOR_SIZE;
    reopen();
    assert_int_equal(set("name", "cellar"), STATUS_OK);
    assert_is("name", "cellar");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(returns_the_newest_value_also_after_a_restart, start,
                                        finish),
        cmocka_unit_test_setup_teardown(tells_missing_keys_and_small_rooms, start, finish),
        cmocka_unit_test_setup_teardown(refuses_keys_and_values_that_are_too_long, start, finish),
        cmocka_unit_test_setup_teardown(goes_on_for_ever_in_a_bounded_region, start, finish),
        cmocka_unit_test_setup_teardown(setting_the_same_value_costs_no_wear, start, finish),
        cmocka_unit_test_setup_teardown(says_when_it_is_full_and_keeps_what_it_has, start, finish),
        cmocka_unit_test_setup_teardown(forgets_everything_and_wipes_it, start, finish),
        cmocka_unit_test_setup_teardown(a_factory_reset_leaves_the_lasting_keys_and_no_other, start,
                                        finish),
        cmocka_unit_test_setup_teardown(keeps_the_old_value_when_the_flash_fails, start, finish),
        cmocka_unit_test_setup_teardown(tells_decay_from_data, start, finish),
        cmocka_unit_test_setup_teardown(needs_two_sectors, start, finish),
    };
    return cmocka_run_group_tests_name("record_store", tests, NULL, NULL);
}
