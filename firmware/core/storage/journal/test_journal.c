// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flash_memory.h"
#include "journal.h"
#include "reading_example.h"

enum { SECTOR_SIZE = 4096, SECTOR_COUNT = 8, RECORD_LIMIT = 4000 };

static struct flash_memory flash;
static struct journal journal;
static struct reading_example example;
static struct record written[RECORD_LIMIT];
static uint32_t written_by[RECORD_LIMIT];
static uint8_t next_random;
static uint32_t boot_id;

static enum status fill(void *ctx, void *out, size_t size)
{
    (void)ctx;
    memset(out, ++next_random, size);
    return STATUS_OK;
}

static const struct entropy entropy = { .fill = fill };

static enum status fill_nothing(void *ctx, void *out, size_t size)
{
    (void)ctx;
    (void)out;
    (void)size;
    return STATUS_IO;
}

static void reopen(void)
{
    boot_id++;
    assert_int_equal(journal_open(&journal, &flash.region, &entropy), STATUS_OK);
}

static int start(void **state)
{
    (void)state;
    flash_memory_init(&flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER, 1);
    reading_example_init(&example, 1);
    reopen();
    return 0;
}

static int finish(void **state)
{
    (void)state;
    return flash.breaches == 0 ? 0 : -1;
}

static void append(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t seq;
        const struct record record = reading_example_next(&example, READING_CHANNEL_COUNT);
        assert_int_equal(journal_append(&journal, boot_id, &record, &seq), STATUS_OK);
        assert_in_range(seq, 1, RECORD_LIMIT - 1);
        written[seq] = record;
        written_by[seq] = boot_id;
    }
}

static void assert_holds(uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        struct record record;
        uint32_t found_boot_id;
        assert_int_equal(journal_read(&journal, seq, &record, &found_boot_id), STATUS_OK);
        assert_true(reading_example_is_same(&record, &written[seq]));
        assert_int_equal(found_boot_id, written_by[seq]);
    }
}

static void counts_from_one_and_reads_in_any_order(void **state)
{
    (void)state;
    struct record record;
    assert_true(journal_next_seq(&journal) == 1);
    assert_true(journal_oldest_seq(&journal) == 1);
    assert_int_equal(journal_read(&journal, 1, &record, NULL), STATUS_MISSING);
    append(200);
    assert_holds(1, 200);
    for (uint64_t seq = 200; seq >= 1; seq -= 7) {
        assert_holds(seq, seq);
        if (seq < 8) {
            break;
        }
    }
    assert_int_equal(journal_read(&journal, 0, &record, NULL), STATUS_MISSING);
    assert_int_equal(journal_read(&journal, 201, &record, NULL), STATUS_MISSING);
}

static void reads_while_it_is_written(void **state)
{
    (void)state;
    for (uint64_t seq = 1; seq <= 300; seq++) {
        append(1);
        assert_holds(seq, seq);
    }
}

static void goes_on_with_the_same_name_and_number_after_a_restart(void **state)
{
    (void)state;
    uint8_t id[JOURNAL_ID_SIZE];
    memcpy(id, journal_id(&journal), sizeof id);
    for (unsigned boot = 0; boot < 30; boot++) {
        append(7);
        reopen();
        assert_memory_equal(journal_id(&journal), id, sizeof id);
        assert_true(journal_next_seq(&journal) == 7 * (boot + 1) + 1);
    }
    assert_holds(1, 210);
}

static void releases_what_is_acknowledged_and_never_takes_it_back(void **state)
{
    (void)state;
    struct record record;
    append(50);
    assert_int_equal(journal_release(&journal, 51), STATUS_INVALID);
    assert_int_equal(journal_release(&journal, 20), STATUS_OK);
    assert_int_equal(journal_release(&journal, 10), STATUS_OK);
    assert_true(journal_released_seq(&journal) == 20);
    assert_true(journal_oldest_seq(&journal) == 21);
    assert_int_equal(journal_read(&journal, 20, &record, NULL), STATUS_MISSING);
    assert_holds(21, 50);

    append(1); // The watermark travels with the next record.
    reopen();
    assert_true(journal_released_seq(&journal) == 20);
    assert_int_equal(journal_release(&journal, 51), STATUS_OK);
    assert_true(journal_oldest_seq(&journal) == journal_next_seq(&journal));
}

static void a_watermark_that_a_restart_forgets_only_repeats_records(void **state)
{
    (void)state;
    append(10);
    assert_int_equal(journal_release(&journal, 10), STATUS_OK);
    reopen();
    assert_true(journal_oldest_seq(&journal) == 1);
    assert_holds(1, 10);
}

static void overwrites_the_oldest_and_shows_it_when_full(void **state)
{
    (void)state;
    append(1000);
    const uint64_t oldest_seq = journal_oldest_seq(&journal);
    print_message("%u sectors of %u bytes hold %u readings of eight loaded channels\n",
                  SECTOR_COUNT, SECTOR_SIZE, (unsigned)(1001 - oldest_seq));
    assert_true(oldest_seq > 1);
    assert_true(journal_overwritten(&journal) == oldest_seq - 1);
    assert_holds(oldest_seq, 1000);
    reopen();
    assert_true(journal_oldest_seq(&journal) == oldest_seq);
    assert_holds(oldest_seq, 1000);
}

/// Released records make room without a loss.
static void loses_nothing_while_the_server_keeps_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        append(100);
        assert_int_equal(journal_release(&journal, journal_next_seq(&journal) - 20), STATUS_OK);
    }
    assert_true(journal_overwritten(&journal) == 0);
    assert_true(journal_oldest_seq(&journal) == 3001 - 19);
}

static void keeps_the_newest_reading_under_a_flood_of_anchors(void **state)
{
    (void)state;
    struct reading reading;
    assert_int_equal(journal_latest_reading(&journal, &reading), STATUS_MISSING);
    append(3);
    const struct record newest = written[3];
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t seq;
        const struct record anchor = { .kind = RECORD_KIND_ANCHOR, .anchor = { .uptime_ms = i } };
        assert_int_equal(journal_append(&journal, boot_id, &anchor, &seq), STATUS_OK);
        assert_int_equal(journal_release(&journal, seq), STATUS_OK);
        if (i % 100 == 0) {
            reopen();
        }
    }
    struct record found = { .kind = RECORD_KIND_READING };
    assert_int_equal(journal_latest_reading(&journal, &found.reading), STATUS_OK);
    assert_true(reading_example_is_same(&found, &newest));
}

static void a_factory_reset_makes_another_journal(void **state)
{
    (void)state;
    uint8_t id[JOURNAL_ID_SIZE];
    struct reading reading;
    memcpy(id, journal_id(&journal), sizeof id);
    append(100);
    assert_int_equal(journal_format(&journal), STATUS_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_memory_not_equal(journal_id(&journal), id, sizeof id);
        assert_true(journal_next_seq(&journal) == 1);
        assert_int_equal(journal_latest_reading(&journal, &reading), STATUS_MISSING);
        reopen();
    }
    append(5);
    assert_holds(1, 5);
}

static void a_failing_flash_costs_no_record_that_was_stored(void **state)
{
    (void)state;
    uint64_t seq;
    append(500);
    const uint64_t oldest_seq = journal_oldest_seq(&journal);
    const struct record record = reading_example_next(&example, READING_CHANNEL_COUNT);
    for (unsigned i = 0; i < 100; i++) {
        flash.fails = i % 2 == 0;
        flash.sync_fails = i % 2 == 1;
        assert_int_equal(journal_append(&journal, boot_id, &record, &seq), STATUS_IO);
    }
    flash.fails = false;
    flash.sync_fails = false;
    assert_true(journal_next_seq(&journal) == 501);
    // At most the one sector that the next record would have needed before long.
    assert_in_range(journal_oldest_seq(&journal), oldest_seq, oldest_seq + 45);
    append(3);
    assert_holds(journal_oldest_seq(&journal), 503);
    reopen();
    assert_true(journal_next_seq(&journal) == 504);
    assert_holds(journal_oldest_seq(&journal), 503);
}

static void refuses_a_record_that_no_batch_could_carry(void **state)
{
    (void)state;
    uint64_t seq;
    struct record record = { .kind = RECORD_KIND_READING, .reading = { .channels = 1 } };
    record.reading.channel[0].import_mj = -5;
    assert_int_equal(journal_append(&journal, boot_id, &record, &seq), STATUS_INVALID);
    append(1);
    assert_holds(1, 1);
}

static void refuses_a_region_that_is_too_small(void **state)
{
    (void)state;
    flash.region.size = SECTOR_SIZE;
    assert_int_equal(journal_open(&journal, &flash.region, &entropy), STATUS_INVALID);
    flash.region.size = SECTOR_SIZE * SECTOR_COUNT;
    flash.region.sector_size = 1024;
    assert_int_equal(journal_open(&journal, &flash.region, &entropy), STATUS_INVALID);
}

static void has_no_name_without_random_numbers(void **state)
{
    (void)state;
    const struct entropy none = { .fill = fill_nothing };
    flash_memory_init(&flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER, 1);
    assert_int_equal(journal_open(&journal, &flash.region, &none), STATUS_IO);
}

/// Bits that decay, anywhere: what is lost shows, what is read is true, and no number comes twice.
static void tells_decay_from_data(void **state)
{
    unsigned lost = 0;
    unsigned rounds = 0;
    for (uint32_t at = 5; at < SECTOR_SIZE * 2; at += 41, rounds++) {
        assert_int_equal(start(state), 0);
        append(60); // One sector and a half.
        flash.bytes[at] = (uint8_t)(flash.bytes[at] ^ (1u << at % 8));
        reopen();
        uint64_t seq = journal_oldest_seq(&journal);
        while (seq < journal_next_seq(&journal)) {
            struct record record;
            const enum status status = journal_read(&journal, seq, &record, NULL);
            if (status == STATUS_OK) {
                assert_true(reading_example_is_same(&record, &written[seq]));
                seq++;
            } else {
                assert_int_equal(status, STATUS_CORRUPT);
                assert_true(journal_oldest_seq(&journal) > seq);
                seq = journal_oldest_seq(&journal);
                lost++;
            }
        }
        append(50);
        assert_holds(journal_oldest_seq(&journal) > seq ? journal_oldest_seq(&journal) : seq,
                     journal_next_seq(&journal) - 1);
    }
    print_message("%u places decayed, %u times records were lost and it showed\n", rounds, lost);
}

static void lasts_for_years(void **state)
{
    (void)state;
    enum { LIFE_SECTORS = 256, RECORD_COUNT = 40000 };
    const double erases_endured = 100000.0; // Of common NOR flash, by its data sheets.
    const double seconds_per_year = 365.25 * 86400.0;
    flash_memory_init(&flash, SECTOR_SIZE, LIFE_SECTORS, FLASH_MEMORY_CUT_IN_ORDER, 1);
    reopen();
    for (unsigned i = 0; i < RECORD_COUNT; i++) {
        uint64_t seq;
        const struct record record = reading_example_next(&example, READING_CHANNEL_COUNT);
        assert_int_equal(journal_append(&journal, boot_id, &record, &seq), STATUS_OK);
    }
    uint32_t most = 0;
    uint32_t least = UINT32_MAX;
    for (unsigned i = 0; i < LIFE_SECTORS; i++) {
        most = flash.erases[i] > most ? flash.erases[i] : most;
        least = flash.erases[i] < least ? flash.erases[i] : least;
    }
    const uint64_t held = journal_next_seq(&journal) - journal_oldest_seq(&journal);
    const double years =
        erases_endured * RECORD_COUNT / (double)(most > 0 ? most : 1) / seconds_per_year;
    print_message("1 MiB at one reading of eight channels a second: holds %.0f minutes; %u to %u "
                  "erases a sector after %u records; %.0f years to %.0f erases\n",
                  (double)held / 60, least, most, RECORD_COUNT, years, erases_endured);
    assert_true(most - least <= 1);
    assert_true(years > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_from_one_and_reads_in_any_order, start, finish),
        cmocka_unit_test_setup_teardown(reads_while_it_is_written, start, finish),
        cmocka_unit_test_setup_teardown(goes_on_with_the_same_name_and_number_after_a_restart,
                                        start, finish),
        cmocka_unit_test_setup_teardown(releases_what_is_acknowledged_and_never_takes_it_back,
                                        start, finish),
        cmocka_unit_test_setup_teardown(a_watermark_that_a_restart_forgets_only_repeats_records,
                                        start, finish),
        cmocka_unit_test_setup_teardown(overwrites_the_oldest_and_shows_it_when_full, start,
                                        finish),
        cmocka_unit_test_setup_teardown(loses_nothing_while_the_server_keeps_up, start, finish),
        cmocka_unit_test_setup_teardown(keeps_the_newest_reading_under_a_flood_of_anchors, start,
                                        finish),
        cmocka_unit_test_setup_teardown(a_factory_reset_makes_another_journal, start, finish),
        cmocka_unit_test_setup_teardown(a_failing_flash_costs_no_record_that_was_stored, start,
                                        finish),
        cmocka_unit_test_setup_teardown(refuses_a_record_that_no_batch_could_carry, start, finish),
        cmocka_unit_test_setup_teardown(refuses_a_region_that_is_too_small, start, finish),
        cmocka_unit_test_setup_teardown(has_no_name_without_random_numbers, start, finish),
        cmocka_unit_test_setup_teardown(tells_decay_from_data, start, finish),
        cmocka_unit_test_setup_teardown(lasts_for_years, start, finish),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
