// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flash_memory.h"
#include "flash_unsynced.h"

enum { SECTOR_SIZE = 1024, SECTOR_COUNT = 2 };

static struct flash_memory below;
static struct flash_unsynced *flash;
static const struct flash_region *region;
static uint8_t unit[FLASH_PROGRAM_SIZE];

static int start(void **state)
{
    (void)state;
    flash_memory_init(&below, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER, 1);
    memset(unit, 0x11, sizeof unit);
    const enum status status = flash_unsynced_open(&flash, &below.region);
    region = status == STATUS_OK ? flash_unsynced_region(flash) : NULL;
    return status == STATUS_OK ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    flash_unsynced_close(flash);
    return below.breaches == 0 ? 0 : -1;
}

static void reads_what_was_written_but_passes_it_on_only_at_sync(void **state)
{
    (void)state;
    uint8_t back[FLASH_PROGRAM_SIZE];
    assert_int_equal(region->program(region->ctx, 32, unit, sizeof unit), STATUS_OK);
    assert_int_equal(region->read(region->ctx, 32, back, sizeof back), STATUS_OK);
    assert_memory_equal(back, unit, sizeof unit);
    assert_int_equal(below.bytes[32], 0xFF);
    assert_int_equal(region->sync(region->ctx), STATUS_OK);
    assert_memory_equal(below.bytes + 32, unit, sizeof unit);
    assert_int_equal(below.syncs, 1);
}

static void erases_below_before_it_programs_anew(void **state)
{
    (void)state;
    assert_int_equal(region->program(region->ctx, 0, unit, sizeof unit), STATUS_OK);
    assert_int_equal(region->sync(region->ctx), STATUS_OK);
    assert_int_equal(region->program(region->ctx, 64, unit, sizeof unit), STATUS_OK);
    assert_int_equal(region->erase(region->ctx, 0), STATUS_OK);
    memset(unit, 0x22, sizeof unit);
    assert_int_equal(region->program(region->ctx, 0, unit, sizeof unit), STATUS_OK);
    assert_int_equal(below.bytes[0], 0x11);
    assert_int_equal(region->sync(region->ctx), STATUS_OK);
    assert_int_equal(below.bytes[0], 0x22);
    assert_int_equal(below.bytes[64], 0xFF);
}

static void keeps_the_rules_of_flash(void **state)
{
    (void)state;
    assert_int_equal(region->program(region->ctx, 0, unit, sizeof unit), STATUS_OK);
    assert_int_equal(region->program(region->ctx, 0, unit, sizeof unit), STATUS_INVALID);
    assert_int_equal(region->program(region->ctx, 8, unit, sizeof unit), STATUS_INVALID);
    assert_int_equal(region->program(region->ctx, SECTOR_SIZE * SECTOR_COUNT, unit, sizeof unit),
                     STATUS_INVALID);
    assert_int_equal(region->erase(region->ctx, 8), STATUS_INVALID);
    assert_int_equal(region->read(region->ctx, SECTOR_SIZE * SECTOR_COUNT, unit, 1),
                     STATUS_INVALID);
}

static void tells_when_the_flash_below_fails(void **state)
{
    (void)state;
    assert_int_equal(region->program(region->ctx, 0, unit, sizeof unit), STATUS_OK);
    below.fails = true;
    assert_int_equal(region->sync(region->ctx), STATUS_IO);
    below.fails = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_what_was_written_but_passes_it_on_only_at_sync, start,
                                        finish),
        cmocka_unit_test_setup_teardown(erases_below_before_it_programs_anew, start, finish),
        cmocka_unit_test_setup_teardown(keeps_the_rules_of_flash, start, finish),
        cmocka_unit_test_setup_teardown(tells_when_the_flash_below_fails, start, finish),
    };
    return cmocka_run_group_tests_name("flash_unsynced", tests, NULL, NULL);
}
