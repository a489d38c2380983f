// SPDX-License-Identifier: MIT

/// Pulls the plug at every byte that a journal writes and every part of an erase, in every manner
/// that flash_memory knows, and compares what comes back with what was promised.
///
/// Usage: test_journal_power [STRIDE]. With stride 1 every byte is cut; by default every 7th.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flash_memory.h"
#include "journal.h"
#include "reading_example.h"

enum {
    SECTOR_SIZE = JOURNAL_SECTOR_SIZE_MIN,
    WORK_COUNT = 110, ///< Records of one run: more than the ring holds.
    RECORD_LIMIT = 200,
    LIVES = 40,
};

/// What the outside knows: everything below `next_seq` was acknowledged.
struct oracle {
    struct record record[RECORD_LIMIT];
    uint32_t boot_id[RECORD_LIMIT];
    uint64_t next_seq;
    bool has_in_flight; ///< record[next_seq] was being appended when the power went.
    uint8_t id[JOURNAL_ID_SIZE];
};

static struct flash_memory flash;
static struct journal journal;
static struct oracle oracle;
static uint64_t id_random;
static uint32_t boot_id; ///< Counts up with most restarts, as a device's does.
static unsigned stride = 7;

static enum status fill(void *ctx, void *out, size_t size)
{
    (void)ctx;
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)out)[i] = (uint8_t)(++id_random * 0x9E3779B97F4A7C15u >> 56);
    }
    return STATUS_OK;
}

static const struct entropy entropy = { .fill = fill };

/// Readings of one to three channels and, between them, every other kind at its largest; anchors
/// alone for a while, so that they fill whole sectors.
static struct record make_record(struct reading_example *example, unsigned index)
{
    if (index % 9 == 4 || (index >= 20 && index < 60)) {
        return (struct record){ .kind = RECORD_KIND_ANCHOR,
                                .anchor = { .uptime_ms = index,
                                            .utc_ms = 1763690000000 + (int64_t)index * 1000,
                                            .source = ANCHOR_SOURCE_HOST } };
    }
    if (index % 12 == 7) {
        const unsigned kind = RECORD_KIND_ANCHOR + index / 12 % (RECORD_KIND_COUNT - 1);
        return reading_example_extreme(kind, index % 24 == 7);
    }
    return reading_example_next(example, 1 + index % 3);
}

static enum status open_journal(void)
{
    boot_id += oracle.next_seq % 4 != 3;
    return journal_open(&journal, &flash.region, &entropy);
}

static bool latest_is(const struct record *record)
{
    struct record found = { .kind = RECORD_KIND_READING };
    return journal_latest_reading(&journal, &found.reading) == STATUS_OK &&
           reading_example_is_same(&found, record);
}

/// Everything acknowledged and not overwritten is there, and nothing else but what was in flight.
static void assert_keeps_its_promises(uint64_t oldest_before)
{
    const uint64_t next_seq = journal_next_seq(&journal);
    const uint64_t oldest_seq = journal_oldest_seq(&journal);
    const bool in_flight_is_there = oracle.has_in_flight && next_seq == oracle.next_seq + 1;

    assert_true(next_seq == oracle.next_seq || in_flight_is_there);
    assert_true(oldest_seq <= oldest_before || oldest_before == 0);
    if (oracle.next_seq == 1) {
        // Nothing was ever stored under the old name.
        memcpy(oracle.id, journal_id(&journal), JOURNAL_ID_SIZE);
    }
    assert_memory_equal(journal_id(&journal), oracle.id, JOURNAL_ID_SIZE);
    for (uint64_t seq = oldest_seq; seq < next_seq; seq++) {
        struct record record;
        uint32_t found_boot_id = 0;
        assert_int_equal(journal_read(&journal, seq, &record, &found_boot_id), STATUS_OK);
        assert_true(reading_example_is_same(&record, &oracle.record[seq]));
        assert_int_equal(found_boot_id, oracle.boot_id[seq]);
    }

    bool found_reading = false;
    for (uint64_t seq = next_seq - 1; seq >= 1 && !found_reading; seq--) {
        if (oracle.record[seq].kind == RECORD_KIND_READING) {
            found_reading = true;
            assert_true(latest_is(&oracle.record[seq]));
        }
    }
    struct reading reading;
    assert_true(found_reading || journal_latest_reading(&journal, &reading) == STATUS_MISSING);
    oracle.next_seq = next_seq;
    oracle.has_in_flight = false;
}

static enum status append(const struct record *record)
{
    uint64_t seq = 0;
    oracle.record[oracle.next_seq] = *record;
    oracle.boot_id[oracle.next_seq] = boot_id;
    oracle.has_in_flight = true;
    const enum status status = journal_append(&journal, boot_id, record, &seq);
    if (status == STATUS_OK) {
        assert_true(seq == oracle.next_seq);
        oracle.next_seq++;
        oracle.has_in_flight = false;
    }
    return status;
}

/// One record of the work: some are preceded by a restart, some followed by a release.
static enum status work_once(struct reading_example *example, unsigned index)
{
    const struct record record = make_record(example, index);
    enum status status = STATUS_OK;
    if (index % 17 == 16) {
        status = open_journal();
    }
    if (status == STATUS_OK) {
        status = append(&record);
    }
    if (status == STATUS_OK && index % 5 == 3 && index > 85) {
        assert_int_equal(journal_release(&journal, oracle.next_seq - 3), STATUS_OK);
    }
    return status;
}

/// Two sectors are the least that a journal can live in; three have a middle.
static void start(enum flash_memory_cut cut, uint64_t seed)
{
    flash_memory_init(&flash, SECTOR_SIZE, 2 + (uint32_t)cut % 2, cut, seed);
    memset(&oracle, 0, sizeof oracle);
    oracle.next_seq = 1;
    boot_id = 0;
    assert_int_equal(open_journal(), STATUS_OK);
    memcpy(oracle.id, journal_id(&journal), JOURNAL_ID_SIZE);
}

/// Power comes back: look, go on for a few records, and look again after one more restart.
static void recover_and_go_on(uint64_t oldest_before)
{
    flash_memory_power_up(&flash);
    assert_int_equal(open_journal(), STATUS_OK);
    assert_keeps_its_promises(oldest_before);

    struct reading_example example;
    reading_example_init(&example, 99);
    for (unsigned i = 0; i < 4; i++) {
        const struct record record = make_record(&example, i * 4);
        assert_int_equal(append(&record), STATUS_OK);
    }
    const uint64_t oldest_seq = journal_oldest_seq(&journal);
    assert_keeps_its_promises(oldest_seq);
    flash_memory_cut_now(&flash);
    flash_memory_power_up(&flash);
    assert_int_equal(open_journal(), STATUS_OK);
    assert_keeps_its_promises(oldest_seq);
    assert_int_equal(flash.breaches, 0);
}

/// A moment to come back to.
struct moment {
    struct flash_memory flash;
    struct journal journal;
    struct oracle oracle;
    uint32_t boot_id;
};

static void save(struct moment *moment)
{
    flash_memory_copy(&moment->flash, &flash);
    moment->journal = journal;
    moment->oracle = oracle;
    moment->boot_id = boot_id;
}

static void restore(const struct moment *moment)
{
    flash_memory_copy(&flash, &moment->flash);
    journal = moment->journal;
    oracle = moment->oracle;
    boot_id = moment->boot_id;
}

static void sweep(enum flash_memory_cut cut, const char *name)
{
    static struct moment moment;
    struct reading_example example;
    uint64_t passed = 0; // Steps before the record in hand.
    unsigned cuts = 0;

    reading_example_init(&example, 1);
    start(cut, 1);
    for (unsigned i = 0; i < WORK_COUNT; i++) {
        const struct reading_example before = example;
        save(&moment);
        assert_int_equal(work_once(&example, i), STATUS_OK);
        const struct reading_example after = example;
        const uint64_t steps = flash.steps - moment.flash.steps;
        const uint64_t first = (stride - passed % stride) % stride;
        for (uint64_t step = first; step < steps; step += stride, cuts++) {
            restore(&moment);
            flash.random += 2 * step;
            flash_memory_cut_after(&flash, step);
            example = before;
            assert_int_equal(work_once(&example, i), STATUS_IO);
            assert_int_equal(flash.cuts, 1);
            recover_and_go_on(journal_oldest_seq(&journal));
        }
        passed += steps;
        restore(&moment);
        example = before;
        assert_int_equal(work_once(&example, i), STATUS_OK);
        example = after;
    }
    assert_int_equal(flash.breaches, 0);
    assert_true(flash.erases[0] > 1);
    print_message("%s: %u operations, %u steps, %u cuts (every %u)\n", name, flash.operations,
                  (unsigned)passed, cuts, stride);
}

static void keeps_its_promises_when_cut_at_every_byte(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_IN_ORDER, "in order");
}

static void keeps_its_promises_when_units_tear_at_random(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_AT_RANDOM, "at random");
}

static void keeps_its_promises_when_units_tear_backward(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_BACKWARD, "backward");
}

static void keeps_its_promises_when_a_cache_is_lost(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_CACHE, "cache lost");
}

static void keeps_its_promises_when_a_cache_is_half_written(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_CACHE_MIX, "cache half written");
}

/// Cuts that follow each other closely: the recovery is cut too, again and again.
static void keeps_its_promises_through_one_cut_after_another(void **state)
{
    (void)state;
    struct reading_example dice;
    reading_example_init(&dice, 12);
    unsigned cuts = 0;
    for (unsigned round = 0; round < LIVES; round++) {
        start((enum flash_memory_cut)(round % 5), round);
        for (unsigned boot = 0; boot < 100 && oracle.next_seq < RECORD_LIMIT - 20; boot++) {
            struct reading_example example;
            reading_example_init(&example, oracle.next_seq);
            const uint64_t limit = round % 2 == 0 ? 300 : 3000;
            flash_memory_cut_after(&flash, reading_example_random(&dice) % limit);
            enum status status = open_journal();
            const bool opened = status == STATUS_OK;
            uint64_t oldest_before = opened ? journal_oldest_seq(&journal) : 0;
            for (unsigned i = 0; i < 12 && status == STATUS_OK; i++) {
                const struct record record =
                    make_record(&example, (unsigned)(reading_example_random(&dice) % 60));
                status = append(&record);
                oldest_before = journal_oldest_seq(&journal);
            }
            flash_memory_cut_now(&flash);
            flash_memory_power_up(&flash);
            cuts++;
            assert_int_equal(open_journal(), STATUS_OK);
            assert_keeps_its_promises(oldest_before);
        }
        assert_int_equal(flash.breaches, 0);
    }
    print_message("%u cuts in %d lives\n", cuts, LIVES);
}

/// A factory reset that is cut leaves the old journal, perhaps shortened, or a new empty one.
static void formats_all_at_once(void **state)
{
    (void)state;
    static struct moment moment;
    uint64_t cuts = 0;
    for (unsigned cut = 0; cut < 5; cut++) {
        struct reading_example example;
        reading_example_init(&example, 1);
        start((enum flash_memory_cut)cut, 1);
        for (unsigned i = 0; i < 50; i++) {
            assert_int_equal(work_once(&example, i), STATUS_OK);
        }
        save(&moment);
        const uint64_t before = flash.steps;
        assert_int_equal(journal_format(&journal), STATUS_OK);
        const uint64_t steps = flash.steps - before;
        assert_true(journal_next_seq(&journal) == 1);
        for (uint64_t step = 0; step < steps; step++, cuts++) {
            restore(&moment);
            flash_memory_cut_after(&flash, step);
            assert_int_equal(journal_format(&journal), STATUS_IO);
            flash_memory_power_up(&flash);
            assert_int_equal(open_journal(), STATUS_OK);
            if (memcmp(journal_id(&journal), oracle.id, JOURNAL_ID_SIZE) == 0) {
                assert_keeps_its_promises(0);
            } else {
                struct reading reading;
                assert_true(journal_next_seq(&journal) == 1);
                assert_true(journal_oldest_seq(&journal) == 1);
                assert_int_equal(journal_latest_reading(&journal, &reading), STATUS_MISSING);
            }
            assert_int_equal(flash.breaches, 0);
        }
    }
    print_message("%u cuts while formatting\n", (unsigned)cuts);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_promises_when_cut_at_every_byte),
        cmocka_unit_test(keeps_its_promises_when_units_tear_at_random),
        cmocka_unit_test(keeps_its_promises_when_units_tear_backward),
        cmocka_unit_test(keeps_its_promises_when_a_cache_is_lost),
        cmocka_unit_test(keeps_its_promises_when_a_cache_is_half_written),
        cmocka_unit_test(keeps_its_promises_through_one_cut_after_another),
        cmocka_unit_test(formats_all_at_once),
    };
    if (argc > 1) {
        const long wanted = strtol(argv[1], NULL, 10);
        stride = wanted > 0 && wanted < 10000 ? (unsigned)wanted : stride;
    }
    return cmocka_run_group_tests_name("journal_power", tests, NULL, NULL);
}
