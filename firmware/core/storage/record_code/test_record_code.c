// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reading_example.h"
#include "record_code.h"

static const struct reading nothing;
static uint8_t bytes[RECORD_CODE_SIZE_LIMIT];

static size_t assert_returns(const struct record *record, const struct reading *base)
{
    struct record back;
    size_t size;
    assert_int_equal(record_code_encode(record, base, bytes, &size), STATUS_OK);
    assert_in_range(size, 1, RECORD_CODE_SIZE_LIMIT);
    assert_int_equal(record_code_decode(bytes, size, base, &back), STATUS_OK);
    assert_true(reading_example_is_same(record, &back));
    return size;
}

static void returns_any_record_told_against_any_other(void **state)
{
    (void)state;
    struct reading_example example;
    reading_example_init(&example, 3);
    struct reading base = nothing;
    size_t largest = 0;
    for (unsigned i = 0; i < 30000; i++) {
        const struct record record = reading_example_wild(&example);
        const size_t size = assert_returns(&record, i % 3 == 0 ? &nothing : &base);
        largest = size > largest ? size : largest;
        if (record.kind == RECORD_KIND_READING) {
            base = record.reading;
        }
    }
    print_message("largest record: %zu bytes\n", largest);
}

static void takes_few_bytes_for_a_household(void **state)
{
    (void)state;
    struct reading_example example;
    reading_example_init(&example, 4);
    struct reading base = nothing;
    size_t sum = 0;
    enum { COUNT = 1000 };
    for (unsigned i = 0; i < COUNT; i++) {
        const struct record record = reading_example_next(&example, READING_CHANNEL_COUNT);
        sum += assert_returns(&record, &base);
        base = record.reading;
    }
    print_message("eight channels under load: %zu bytes a reading\n", sum / COUNT);
    assert_in_range(sum / COUNT, 1, 76); // With its head, an entry then takes 96.
}

/// Registers and whatever else does not move cost a bit or two each.
static void takes_almost_nothing_for_what_stays(void **state)
{
    (void)state;
    struct reading_example example;
    reading_example_init(&example, 8);
    struct record record = reading_example_next(&example, READING_CHANNEL_COUNT);
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        struct reading_channel *channel = &record.reading.channel[i];
        channel->current_100ua = channel->fundamental_current_100ua = 0;
        channel->active_power_10mw = channel->fundamental_power_10mw = 0;
        channel->reactive_power_10mvar = 0;
        channel->apparent_power_10mva = 0;
        channel->power_factor_1e4 = 0;
    }
    const struct reading base = record.reading;
    record.reading.uptime_ms += (record.reading.window_us + 500) / 1000;
    const size_t size = assert_returns(&record, &base);
    print_message("eight channels without load: %zu bytes a reading\n", size);
    assert_in_range(size, 1, 32);
}

static void fits_its_limit_at_worst(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        size_t largest = 0;
        for (unsigned high = 0; high < 2; high++) {
            const struct record record = reading_example_extreme(kind, high == 1);
            struct record other = reading_example_extreme(RECORD_KIND_READING, high == 0);
            size_t size = assert_returns(&record, &other.reading);
            largest = size > largest ? size : largest;
            size = assert_returns(&record, &nothing);
            largest = size > largest ? size : largest;
        }
        print_message("kind %u at worst: %zu bytes\n", kind, largest);
    }
}

/// Whatever the bytes, decoding ends in a record that encodes again, or in a clean refusal.
static void survives_every_change_and_every_cut(void **state)
{
    (void)state;
    struct reading_example example;
    reading_example_init(&example, 5);
    for (unsigned i = 0; i < 40; i++) {
        uint8_t original[RECORD_CODE_SIZE_LIMIT];
        const struct record record =
            i % 2 == 0 ? reading_example_wild(&example) : reading_example_next(&example, 3);
        size_t size;
        assert_int_equal(record_code_encode(&record, &nothing, original, &size), STATUS_OK);
        for (size_t at = 0; at < size; at++) {
            for (unsigned bit = 0; bit < 9; bit++) {
                struct record back;
                const size_t cut = bit == 8 ? at : size;
                uint8_t *exact = malloc(cut > 0 ? cut : 1);
                assert_non_null(exact);
                memcpy(exact, original, cut);
                if (bit < 8) {
                    exact[at] = (uint8_t)(exact[at] ^ (1u << bit));
                }
                if (record_code_decode(exact, cut, &nothing, &back) == STATUS_OK) {
                    assert_int_equal(bit < 8, 1);
                    (void)assert_returns(&back, &nothing);
                }
                free(exact);
            }
        }
    }
}

static void refuses_what_a_batch_could_not_carry(void **state)
{
    (void)state;
    struct record record = { .kind = RECORD_KIND_READING, .reading = { .channels = 2 } };
    size_t size;
    record.reading.channel[0].import_mj = -1; // Not measured, so it does not count.
    assert_int_equal(record_code_encode(&record, &nothing, bytes, &size), STATUS_OK);
    record.reading.channel[1].import_mj = -1;
    assert_int_equal(record_code_encode(&record, &nothing, bytes, &size), STATUS_INVALID);
    record = (struct record){ .kind = RECORD_KIND_READING };
    record.reading.uptime_ms = (uint64_t)INT64_MAX + 1;
    assert_int_equal(record_code_encode(&record, &nothing, bytes, &size), STATUS_INVALID);
    record = (struct record){ .kind = RECORD_KIND_ANCHOR,
                              .anchor = { .source = ANCHOR_SOURCE_SNTP + 1 } };
    assert_int_equal(record_code_encode(&record, &nothing, bytes, &size), STATUS_INVALID);
    record = (struct record){ .kind = 9 };
    assert_int_equal(record_code_encode(&record, &nothing, bytes, &size), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns_any_record_told_against_any_other),
        cmocka_unit_test(takes_few_bytes_for_a_household),
        cmocka_unit_test(takes_almost_nothing_for_what_stays),
        cmocka_unit_test(fits_its_limit_at_worst),
        cmocka_unit_test(survives_every_change_and_every_cut),
        cmocka_unit_test(refuses_what_a_batch_could_not_carry),
    };
    return cmocka_run_group_tests_name("record_code", tests, NULL, NULL);
}
