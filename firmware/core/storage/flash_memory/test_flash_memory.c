// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flash_memory.h"

enum { SECTOR_SIZE = 1024, SECTOR_COUNT = 2 };

static struct flash_memory flash;
static uint8_t unit[FLASH_PROGRAM_SIZE];

static void start(enum flash_memory_cut cut, uint64_t seed)
{
    flash_memory_init(&flash, SECTOR_SIZE, SECTOR_COUNT, cut, seed);
    memset(unit, 0x0F, sizeof unit);
}

static enum status program(uint32_t offset, const void *data, size_t size)
{
    return flash.region.program(flash.region.ctx, offset, data, size);
}

static enum status erase(uint32_t offset)
{
    return flash.region.erase(flash.region.ctx, offset);
}

static void notices_every_breach_of_the_rules(void **state)
{
    (void)state;
    start(FLASH_MEMORY_CUT_IN_ORDER, 1);
    assert_int_equal(program(0, unit, sizeof unit), STATUS_OK);
    assert_int_equal(program(0, unit, sizeof unit), STATUS_INVALID);
    assert_int_equal(program(33, unit, sizeof unit), STATUS_INVALID);
    assert_int_equal(program(64, unit, 16), STATUS_INVALID);
    assert_int_equal(program(SECTOR_SIZE * SECTOR_COUNT, unit, sizeof unit), STATUS_INVALID);
    assert_int_equal(erase(32), STATUS_INVALID);
    assert_int_equal(flash.breaches, 5);
    assert_int_equal(erase(0), STATUS_OK);
    assert_int_equal(program(0, unit, sizeof unit), STATUS_OK);
}

/// Also when the cut came before the first bit had changed.
static void counts_a_unit_as_programmed_once_it_was_begun(void **state)
{
    (void)state;
    for (unsigned steps = 0; steps < FLASH_PROGRAM_SIZE; steps++) {
        start(FLASH_MEMORY_CUT_IN_ORDER, steps);
        flash_memory_cut_after(&flash, steps);
        assert_int_equal(program(0, unit, sizeof unit), STATUS_IO);
        assert_int_equal(program(32, unit, sizeof unit), STATUS_IO);
        flash_memory_power_up(&flash);
        for (unsigned i = 0; i < sizeof unit; i++) {
            assert_true(i < steps ? flash.bytes[i] == 0x0F : (flash.bytes[i] & 0x0F) == 0x0F);
            assert_true(i <= steps || flash.bytes[i] == 0xFF);
        }
        assert_int_equal(program(0, unit, sizeof unit), STATUS_INVALID);
        assert_int_equal(program(32, unit, sizeof unit), STATUS_OK);
    }
}

static void loses_what_was_not_synchronised(void **state)
{
    (void)state;
    start(FLASH_MEMORY_CUT_CACHE, 1);
    assert_int_equal(program(0, unit, sizeof unit), STATUS_OK);
    assert_int_equal(flash.region.sync(flash.region.ctx), STATUS_OK);
    assert_int_equal(program(32, unit, sizeof unit), STATUS_OK);
    flash_memory_cut_now(&flash);
    flash_memory_power_up(&flash);
    assert_int_equal(flash.bytes[0], 0x0F);
    assert_int_equal(flash.bytes[32], 0xFF);
    assert_int_equal(program(32, unit, sizeof unit), STATUS_OK);
}

static void leaves_a_cut_erase_neither_old_nor_blank(void **state)
{
    (void)state;
    start(FLASH_MEMORY_CUT_AT_RANDOM, 1);
    assert_int_equal(program(0, unit, sizeof unit), STATUS_OK);
    flash_memory_cut_after(&flash, 4);
    assert_int_equal(erase(0), STATUS_IO);
    flash_memory_power_up(&flash);
    unsigned old = 0;
    unsigned blank = 0;
    for (unsigned i = 0; i < sizeof unit; i++) {
        old += flash.bytes[i] == 0x0F;
        blank += flash.bytes[i] == 0xFF;
        assert_int_equal(flash.bytes[i] & 0x0F, 0x0F);
    }
    assert_true(old < sizeof unit && blank < sizeof unit);
    assert_int_equal(program(64, unit, sizeof unit), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notices_every_breach_of_the_rules),
        cmocka_unit_test(counts_a_unit_as_programmed_once_it_was_begun),
        cmocka_unit_test(loses_what_was_not_synchronised),
        cmocka_unit_test(leaves_a_cut_erase_neither_old_nor_blank),
    };
    return cmocka_run_group_tests_name("flash_memory", tests, NULL, NULL);
}
