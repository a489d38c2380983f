// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "batch.h"
#include "batch_vector.h"
#include "reading_example.h"

static struct record records[BATCH_RECORD_LIMIT];
static struct record decoded[BATCH_RECORD_LIMIT];
static uint8_t bytes[BATCH_SIZE_LIMIT];

/// How far apart the bits are that are changed, and the places where a batch is cut: with 1 it is
/// every one, by default a part of them.
static unsigned stride = 7;

static size_t encode(const struct batch_header *header, const struct record *from)
{
    size_t size = 0;
    assert_int_equal(batch_encode(header, from, bytes, sizeof bytes, &size), STATUS_OK);
    return size;
}

/// Decodes from a copy of the exact size, so that the address sanitizer sees a read past the end.
static enum status decode(const uint8_t *data, size_t size, struct batch_header *header)
{
    uint8_t *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    if (size > 0) {
        memcpy(exact, data, size);
    }
    const enum status status = batch_decode(exact, size, header, decoded);
    free(exact);
    return status;
}

static void assert_decodes_to(size_t size, const struct batch_header *header,
                              const struct record *expected)
{
    struct batch_header found;
    assert_int_equal(decode(bytes, size, &found), STATUS_OK);
    assert_memory_equal(found.journal_id, header->journal_id, JOURNAL_ID_SIZE);
    assert_int_equal(found.boot_id, header->boot_id);
    assert_true(found.first_seq == header->first_seq);
    assert_true(found.oldest_seq == header->oldest_seq);
    assert_int_equal(found.count, header->count);
    for (unsigned i = 0; i < header->count; i++) {
        assert_true(reading_example_is_same(&decoded[i], &expected[i]));
    }
}

static void returns_every_record_that_it_was_given(void **state)
{
    (void)state;
    struct reading_example example;
    reading_example_init(&example, 42);
    size_t largest = 0;
    for (unsigned round = 0; round < 2000; round += stride) {
        struct batch_header header = {
            .boot_id = (uint32_t)reading_example_random(&example),
            .first_seq = reading_example_random(&example) >> 1,
            .count = 1 + (uint32_t)(reading_example_random(&example) % BATCH_RECORD_LIMIT),
        };
        header.oldest_seq = reading_example_random(&example) % (header.first_seq + 1);
        for (unsigned i = 0; i < JOURNAL_ID_SIZE; i++) {
            header.journal_id[i] = (uint8_t)reading_example_random(&example);
        }
        for (unsigned i = 0; i < header.count; i++) {
            records[i] = reading_example_wild(&example);
        }
        const size_t size = encode(&header, records);
        assert_decodes_to(size, &header, records);
        largest = size > largest ? size : largest;
    }
    print_message("largest batch of wild records: %zu bytes\n", largest);
}

/// A batch may be too large for the broker, a record never is; so fewer records always help.
static void takes_any_record_alone_and_says_when_many_are_too_large(void **state)
{
    (void)state;
    const uint64_t last_seq = UINT64_MAX - 1;
    bool was_full = false;
    for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        struct batch_header header = { .boot_id = UINT32_MAX,
                                       .first_seq = last_seq - BATCH_RECORD_LIMIT,
                                       .oldest_seq = 1,
                                       .count = BATCH_RECORD_LIMIT };
        for (unsigned i = 0; i < BATCH_RECORD_LIMIT; i++) {
            records[i] = reading_example_extreme(kind, i % 2 == 1);
        }
        size_t size = 0;
        while (batch_encode(&header, records, bytes, sizeof bytes, &size) == STATUS_FULL) {
            assert_true(header.count > 1);
            header.count /= 2;
            was_full = true;
        }
        assert_decodes_to(size, &header, records);
        print_message("kind %u at worst: %u records in %zu bytes\n", kind, header.count, size);
        assert_true(header.count >= 16);

        header.count = 1;
        size = encode(&header, records + 1);
        assert_decodes_to(size, &header, records + 1);
        assert_in_range(size, 1, 2048);
    }
    assert_true(was_full);
}

static void agrees_with_the_golden_batches(void **state)
{
    (void)state;
    static uint8_t golden[BATCH_SIZE_LIMIT];
    struct batch_vector *vector = calloc(1, sizeof *vector);
    assert_non_null(vector);
    for (unsigned i = 0; i < BATCH_VECTOR_COUNT; i++) {
        batch_vector_fill(vector, i);
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s.cbor", VECTOR_DIR, vector->name);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        const size_t golden_size = fread(golden, 1, sizeof golden, file);
        assert_int_equal(fclose(file), 0);

        const size_t size = encode(&vector->header, vector->records);
        assert_int_equal(size, golden_size);
        assert_memory_equal(bytes, golden, size);
        assert_decodes_to(size, &vector->header, vector->records);
    }
    free(vector);
}

static void finds_every_truncation(void **state)
{
    (void)state;
    struct batch_vector *vector = calloc(1, sizeof *vector);
    assert_non_null(vector);
    unsigned tried = 0;
    for (unsigned i = 0; i < BATCH_VECTOR_COUNT; i++) {
        batch_vector_fill(vector, i);
        const size_t size = encode(&vector->header, vector->records);
        for (size_t shorter = i % stride; shorter < size; shorter += stride, tried++) {
            struct batch_header header;
            assert_int_equal(decode(bytes, shorter, &header), STATUS_CORRUPT);
        }
    }
    print_message("%u truncations refused\n", tried);
    free(vector);
}

/// A bit changed on the way must never be more than another sound batch or a refusal.
static void survives_a_change_of_any_one_bit(void **state)
{
    (void)state;
    struct batch_vector *vector = calloc(1, sizeof *vector);
    assert_non_null(vector);
    unsigned refused = 0;
    unsigned accepted = 0;
    for (unsigned i = 0; i < 3; i++) {
        batch_vector_fill(vector, i == 2 ? BATCH_VECTOR_COUNT - 1 : i);
        const size_t size = encode(&vector->header, vector->records);
        for (size_t bit = 0; bit < 8 * size; bit += stride) {
            struct batch_header header;
            const uint8_t original = bytes[bit / 8];
            bytes[bit / 8] = (uint8_t)(original ^ 1u << bit % 8);
            const enum status status = decode(bytes, size, &header);
            if (status == STATUS_OK) {
                static uint8_t again[BATCH_SIZE_LIMIT];
                size_t again_size;
                assert_int_equal(batch_encode(&header, decoded, again, sizeof again, &again_size),
                                 STATUS_OK);
                accepted++;
            } else {
                assert_int_equal(status, STATUS_CORRUPT);
                refused++;
            }
            bytes[bit / 8] = original;
        }
    }
    print_message("%u changes refused, %u gave another batch\n", refused, accepted);
    free(vector);
}

static void refuses_to_encode_what_is_out_of_range(void **state)
{
    (void)state;
    struct batch_header good = { .first_seq = 5, .oldest_seq = 5, .count = 1 };
    struct batch_header bad;
    struct record record = { .kind = RECORD_KIND_READING, .reading = { .channels = 1 } };
    size_t size;
    assert_int_equal(batch_encode(&good, &record, bytes, sizeof bytes, &size), STATUS_OK);

    bad = good;
    bad.count = 0;
    assert_int_equal(batch_encode(&bad, &record, bytes, sizeof bytes, &size), STATUS_INVALID);
    bad.count = BATCH_RECORD_LIMIT + 1;
    assert_int_equal(batch_encode(&bad, records, bytes, sizeof bytes, &size), STATUS_INVALID);
    bad = good;
    bad.first_seq = UINT64_MAX;
    assert_int_equal(batch_encode(&bad, &record, bytes, sizeof bytes, &size), STATUS_INVALID);
    bad = good;
    bad.oldest_seq = 6;
    assert_int_equal(batch_encode(&bad, &record, bytes, sizeof bytes, &size), STATUS_INVALID);

    record.kind = RECORD_KIND_COUNT;
    assert_int_equal(batch_encode(&good, &record, bytes, sizeof bytes, &size), STATUS_INVALID);
    record = (struct record){ .kind = RECORD_KIND_READING, .reading = { .channels = 1 } };
    record.reading.channel[0].export_mj = -1;
    assert_int_equal(batch_encode(&good, &record, bytes, sizeof bytes, &size), STATUS_INVALID);
    record = (struct record){ .kind = RECORD_KIND_READING };
    record.reading.uptime_ms = (uint64_t)INT64_MAX + 1;
    assert_int_equal(batch_encode(&good, &record, bytes, sizeof bytes, &size), STATUS_INVALID);
    record = (struct record){ .kind = RECORD_KIND_ANCHOR,
                              .anchor = { .source = ANCHOR_SOURCE_SNTP + 1 } };
    assert_int_equal(batch_encode(&good, &record, bytes, sizeof bytes, &size), STATUS_INVALID);
}

static void says_when_the_room_is_too_small(void **state)
{
    (void)state;
    struct batch_vector *vector = calloc(1, sizeof *vector);
    assert_non_null(vector);
    batch_vector_fill(vector, BATCH_VECTOR_COUNT - 1);
    const size_t size = encode(&vector->header, vector->records);
    for (size_t capacity = 0; capacity < size; capacity++) {
        size_t needed;
        uint8_t *room = malloc(capacity > 0 ? capacity : 1);
        assert_non_null(room);
        assert_int_equal(batch_encode(&vector->header, vector->records, room, capacity, &needed),
                         STATUS_FULL);
        free(room);
    }
    free(vector);
}

static void a_constant_column_is_one_number(void **state)
{
    (void)state;
    struct batch_header header = { .first_seq = 1, .count = 1 };
    records[0] = (struct record){ .kind = RECORD_KIND_READING,
                                  .reading = { .uptime_ms = 1000, .window_us = 1000000 } };
    const size_t one = encode(&header, records);
    header.count = BATCH_RECORD_LIMIT;
    for (unsigned i = 0; i < header.count; i++) {
        records[i] = records[0];
        records[i].reading.uptime_ms = 1000 * (uint64_t)(i + 1);
    }
    // One byte more for the count, three for the pace of the uptime.
    assert_int_equal(encode(&header, records), one + 1 + 3);
}

/// Usage: test_batch [STRIDE]
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns_every_record_that_it_was_given),
        cmocka_unit_test(takes_any_record_alone_and_says_when_many_are_too_large),
        cmocka_unit_test(agrees_with_the_golden_batches),
        cmocka_unit_test(finds_every_truncation),
        cmocka_unit_test(survives_a_change_of_any_one_bit),
        cmocka_unit_test(refuses_to_encode_what_is_out_of_range),
        cmocka_unit_test(says_when_the_room_is_too_small),
        cmocka_unit_test(a_constant_column_is_one_number),
    };
    if (argc > 1) {
        const long wanted = strtol(argv[1], NULL, 10);
        stride = wanted > 0 && wanted < 100 ? (unsigned)wanted : stride;
    }
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
