// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reading_example.h"
#include "record_fields.h"

/// Takes a record apart by the tables and puts it together again.
static struct record copy_by_tables(const struct record *record)
{
    struct record copy = { .kind = record->kind };
    const struct record_field_table head = record_head_fields(record->kind);
    for (unsigned i = 0; i < head.count; i++) {
        assert_true(
            record_field_store(&head.field[i], &copy, record_field_load(&head.field[i], record)));
    }
    assert_int_equal(record_tail_count(&copy), record_tail_count(record));
    for (unsigned i = 0; i < record_tail_count(record); i++) {
        assert_true(record_tail_store(&copy, i, record_tail_load(record, i)));
    }
    if (record->kind != RECORD_KIND_READING) {
        return copy;
    }
    for (unsigned i = 0; i < RECORD_READING_FIELDS; i++) {
        assert_true(
            record_field_store(&record_reading_fields[i], &copy.reading,
                               record_field_load(&record_reading_fields[i], &record->reading)));
    }
    for (unsigned c = 0; c < READING_CHANNEL_COUNT; c++) {
        for (unsigned i = 0; i < RECORD_CHANNEL_FIELDS; i++) {
            assert_true(record_field_store(
                &record_channel_fields[i], &copy.reading.channel[c],
                record_field_load(&record_channel_fields[i], &record->reading.channel[c])));
        }
    }
    return copy;
}

static void know_everything_that_a_record_holds(void **state)
{
    (void)state;
    struct reading_example example;
    reading_example_init(&example, 7);
    unsigned seen[RECORD_KIND_COUNT] = { 0 };
    for (unsigned i = 0; i < 20000; i++) {
        const struct record record = reading_example_wild(&example);
        const struct record copy = copy_by_tables(&record);
        assert_true(record_is_valid(&record));
        assert_true(reading_example_is_same(&record, &copy));
        seen[record.kind]++;
    }
    for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        assert_true(seen[kind] > 100);
        for (unsigned high = 0; high < 2; high++) {
            const struct record record = reading_example_extreme(kind, high == 1);
            const struct record copy = copy_by_tables(&record);
            assert_true(record_is_valid(&record) && reading_example_is_same(&record, &copy));
        }
    }
}

static void refuse_what_is_out_of_range(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        const struct record_field_table head = record_head_fields(kind);
        for (unsigned i = 0; i < head.count; i++) {
            struct record record = reading_example_extreme(kind, true);
            const int64_t value = record_field_load(&head.field[i], &record);
            if (head.field[i].type == FIELD_U8 && head.field[i].most < UINT8_MAX) {
                assert_false(record_field_store(&head.field[i], &record, head.field[i].most + 1));
            } else if (head.field[i].type != FIELD_I64) {
                assert_false(record_field_store(&head.field[i], &record, -1));
            }
            assert_true(record_field_load(&head.field[i], &record) == value);
        }
    }
}

static void know_an_invalid_record(void **state)
{
    (void)state;
    struct record record = { .kind = RECORD_KIND_COUNT };
    assert_false(record_is_valid(&record));
    record = reading_example_extreme(RECORD_KIND_READING, true);
    record.reading.rate = READING_RATE_COUNT;
    assert_false(record_is_valid(&record));
    record.reading.rate = 0;
    record.reading.total.reactive_mvars[3] = -1;
    assert_false(record_is_valid(&record));
    record.reading.total.reactive_mvars[3] = 0;
    record.reading.channel[7].reactive_mvars[0] = -1;
    assert_false(record_is_valid(&record));
    record.reading.channels = 0x7F; // What is not measured does not count.
    assert_true(record_is_valid(&record));

    record = reading_example_extreme(RECORD_KIND_EVENT, true);
    record.event.kind = POWER_EVENT_KIND_COUNT;
    assert_false(record_is_valid(&record));
    record = reading_example_extreme(RECORD_KIND_EVENT, true);
    record.event.started_us = (uint64_t)INT64_MAX + 1;
    assert_false(record_is_valid(&record));
    record = reading_example_extreme(RECORD_KIND_WAVEFORM, true);
    record.waveform.count = 0;
    assert_false(record_is_valid(&record));
    record.waveform.count = WAVEFORM_CHUNK_SAMPLES + 1;
    assert_false(record_is_valid(&record));
    record.waveform.count = 1;
    record.waveform.unit_per_1e6 = 0;
    assert_false(record_is_valid(&record));
    record = reading_example_extreme(RECORD_KIND_SPECTRUM, true);
    record.spectrum.harmonic_ppm[0] = 999999;
    assert_false(record_is_valid(&record));
    record = reading_example_extreme(RECORD_KIND_INTERVAL, true);
    record.interval.channel[2].export_mj = -1;
    assert_false(record_is_valid(&record));
    record = reading_example_extreme(RECORD_KIND_INTERVAL, true);
    record.interval.flags = 2 * INTERVAL_CLOCK_STEP;
    assert_false(record_is_valid(&record));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(know_everything_that_a_record_holds),
        cmocka_unit_test(refuse_what_is_out_of_range),
        cmocka_unit_test(know_an_invalid_record),
    };
    return cmocka_run_group_tests_name("record_fields", tests, NULL, NULL);
}
