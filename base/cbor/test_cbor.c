// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cbor_reader.h"
#include "cbor_writer.h"

struct example {
    int64_t value;
    size_t size;
    uint8_t bytes[9];
};

// RFC 8949 appendix A, and the ends of the range.
static const struct example integers[] = {
    { 0, 1, { 0x00 } },
    { 23, 1, { 0x17 } },
    { 24, 2, { 0x18, 0x18 } },
    { 100, 2, { 0x18, 0x64 } },
    { 255, 2, { 0x18, 0xFF } },
    { 256, 3, { 0x19, 0x01, 0x00 } },
    { 1000, 3, { 0x19, 0x03, 0xE8 } },
    { 65535, 3, { 0x19, 0xFF, 0xFF } },
    { 65536, 5, { 0x1A, 0x00, 0x01, 0x00, 0x00 } },
    { 1000000, 5, { 0x1A, 0x00, 0x0F, 0x42, 0x40 } },
    { 1000000000000, 9, { 0x1B, 0x00, 0x00, 0x00, 0xE8, 0xD4, 0xA5, 0x10, 0x00 } },
    { INT64_MAX, 9, { 0x1B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF } },
    { -1, 1, { 0x20 } },
    { -10, 1, { 0x29 } },
    { -100, 2, { 0x38, 0x63 } },
    { -1000, 3, { 0x39, 0x03, 0xE7 } },
    { INT64_MIN, 9, { 0x3B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF } },
};

static void writes_and_reads_the_integers_of_the_standard(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        const struct example *example = &integers[i];
        uint8_t out[9];
        size_t size;
        struct cbor_writer writer;
        cbor_writer_init(&writer, out, sizeof out);
        cbor_write_int(&writer, example->value);
        assert_int_equal(cbor_writer_finish(&writer, &size), STATUS_OK);
        assert_int_equal(size, example->size);
        assert_memory_equal(out, example->bytes, size);

        struct cbor_reader reader;
        int64_t value;
        cbor_reader_init(&reader, out, size);
        assert_int_equal(cbor_read_int(&reader, &value), STATUS_OK);
        assert_true(value == example->value);
        assert_true(cbor_reader_is_at_end(&reader));

        for (size_t shorter = 0; shorter < size; shorter++) {
            cbor_reader_init(&reader, out, shorter);
            assert_int_equal(cbor_read_int(&reader, &value), STATUS_CORRUPT);
            assert_int_equal(cbor_skip(&reader), STATUS_CORRUPT);
        }
    }
}

static void refuses_what_an_int64_cannot_hold(void **state)
{
    (void)state;
    static const uint8_t above[] = { 0x1B, 0x80, 0, 0, 0, 0, 0, 0, 0 };
    static const uint8_t below[] = { 0x3B, 0x80, 0, 0, 0, 0, 0, 0, 0 };
    struct cbor_reader reader;
    int64_t value;
    uint64_t number;

    cbor_reader_init(&reader, above, sizeof above);
    assert_int_equal(cbor_read_int(&reader, &value), STATUS_CORRUPT);
    assert_int_equal(cbor_read_uint(&reader, &number), STATUS_OK);
    assert_true(number == (uint64_t)1 << 63);
    cbor_reader_init(&reader, below, sizeof below);
    assert_int_equal(cbor_read_int(&reader, &value), STATUS_CORRUPT);
    assert_int_equal(cbor_read_uint(&reader, &number), STATUS_CORRUPT);
}

static void refuses_longer_forms_than_needed(void **state)
{
    (void)state;
    static const uint8_t longer[][9] = {
        { 0x18, 0x17 },
        { 0x19, 0x00, 0xFF },
        { 0x1A, 0x00, 0x00, 0xFF, 0xFF },
        { 0x1B, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF },
        { 0x58, 0x01, 0x00 },
        { 0x98, 0x01, 0x00 },
    };
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++) {
        struct cbor_reader reader;
        cbor_reader_init(&reader, longer[i], sizeof longer[i]);
        assert_int_equal(cbor_skip(&reader), STATUS_CORRUPT);
    }
}

static void refuses_tags_floats_and_indefinite_lengths(void **state)
{
    (void)state;
    static const uint8_t others[][3] = {
        { 0xC0, 0x00 },
        { 0xF4 },
        { 0xF9, 0x00, 0x00 },
        { 0x5F, 0x40, 0xFF },
        { 0x9F, 0x00, 0xFF },
        { 0xBF, 0xFF },
        { 0xFF },
        { 0x1C },
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct cbor_reader reader;
        cbor_reader_init(&reader, others[i], sizeof others[i]);
        assert_int_equal(cbor_skip(&reader), STATUS_CORRUPT);
    }
}

static void refuses_counts_that_the_bytes_cannot_hold(void **state)
{
    (void)state;
    static const uint8_t array[] = { 0x83, 0x00, 0x00 };
    static const uint8_t map[] = { 0xA2, 0x00, 0x00, 0x00 };
    static const uint8_t bytes[] = { 0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00 };
    struct cbor_reader reader;
    const uint8_t *data;
    size_t count;

    cbor_reader_init(&reader, array, sizeof array);
    assert_int_equal(cbor_read_array(&reader, &count), STATUS_CORRUPT);
    cbor_reader_init(&reader, map, sizeof map);
    assert_int_equal(cbor_read_map(&reader, &count), STATUS_CORRUPT);
    cbor_reader_init(&reader, bytes, sizeof bytes);
    assert_int_equal(cbor_read_bytes(&reader, &data, &count), STATUS_CORRUPT);
    assert_int_equal(reader.offset, 0);
}

static void skips_as_deep_as_it_promises_and_no_deeper(void **state)
{
    (void)state;
    uint8_t nested[CBOR_DEPTH_LIMIT + 2];
    struct cbor_reader reader;

    memset(nested, 0x81, sizeof nested); // Arrays of one item, in each other.
    nested[CBOR_DEPTH_LIMIT] = 0x00;
    cbor_reader_init(&reader, nested, CBOR_DEPTH_LIMIT + 1);
    assert_int_equal(cbor_skip(&reader), STATUS_OK);
    assert_true(cbor_reader_is_at_end(&reader));

    nested[CBOR_DEPTH_LIMIT] = 0x81;
    nested[CBOR_DEPTH_LIMIT + 1] = 0x00;
    cbor_reader_init(&reader, nested, sizeof nested);
    assert_int_equal(cbor_skip(&reader), STATUS_CORRUPT);
    assert_int_equal(reader.offset, 0);
}

static void reads_back_a_map_of_everything(void **state)
{
    (void)state;
    uint8_t out[64];
    size_t size;
    struct cbor_writer writer;
    cbor_writer_init(&writer, out, sizeof out);
    cbor_write_map(&writer, 2);
    cbor_write_text(&writer, "id", 2);
    cbor_write_bytes(&writer, (const uint8_t *)"\x01\x02", 2);
    cbor_write_text(&writer, "list", 4);
    cbor_write_array(&writer, 2);
    cbor_write_uint(&writer, UINT64_MAX);
    cbor_write_int(&writer, -1);
    assert_int_equal(cbor_writer_finish(&writer, &size), STATUS_OK);

    struct cbor_reader reader;
    const char *text;
    const uint8_t *bytes;
    size_t count;
    uint64_t number;
    int64_t integer;
    cbor_reader_init(&reader, out, size);
    assert_int_equal(cbor_read_map(&reader, &count), STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(cbor_read_text(&reader, &text, &count), STATUS_OK);
    assert_memory_equal(text, "id", 2);
    assert_int_equal(cbor_read_bytes(&reader, &bytes, &count), STATUS_OK);
    assert_int_equal(count, 2);
    assert_memory_equal(bytes, "\x01\x02", 2);
    assert_int_equal(cbor_skip(&reader), STATUS_OK);
    assert_int_equal(cbor_read_array(&reader, &count), STATUS_OK);
    assert_int_equal(cbor_read_uint(&reader, &number), STATUS_OK);
    assert_true(number == UINT64_MAX);
    assert_int_equal(cbor_read_int(&reader, &integer), STATUS_OK);
    assert_true(integer == -1);
    assert_true(cbor_reader_is_at_end(&reader));
    assert_int_equal(cbor_skip(&reader), STATUS_CORRUPT);
}

static void writes_nothing_past_the_room_and_tells_what_it_needed(void **state)
{
    (void)state;
    uint8_t out[4] = { 0, 0, 0, 0xEE };
    size_t size;
    struct cbor_writer writer;
    cbor_writer_init(&writer, out, 3);
    cbor_write_uint(&writer, 1);
    cbor_write_uint(&writer, 100000);
    cbor_write_uint(&writer, 2);
    assert_int_equal(cbor_writer_finish(&writer, &size), STATUS_FULL);
    assert_int_equal(size, 7);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[1], 0);
    assert_int_equal(out[3], 0xEE);
}

static void reads_booleans_and_tags_only_where_they_are_asked_for(void **state)
{
    static const uint8_t EXPECTED[] = { 0xD2, 0x82, 0xF5, 0xF4 };
    (void)state;
    uint8_t out[8];
    size_t size;
    size_t count = 0;
    bool value = false;
    struct cbor_writer writer;
    struct cbor_reader reader;
    cbor_writer_init(&writer, out, sizeof out);
    cbor_write_tag(&writer, 18);
    cbor_write_array(&writer, 2);
    cbor_write_boolean(&writer, true);
    cbor_write_boolean(&writer, false);
    assert_int_equal(cbor_writer_finish(&writer, &size), STATUS_OK);
    assert_int_equal(size, sizeof EXPECTED);
    assert_memory_equal(out, EXPECTED, sizeof EXPECTED);

    cbor_reader_init(&reader, out, size);
    assert_int_equal(cbor_skip(&reader), STATUS_CORRUPT);
    assert_int_equal(cbor_read_tag(&reader, 17), STATUS_CORRUPT);
    assert_int_equal(cbor_read_tag(&reader, 18), STATUS_OK);
    assert_int_equal(cbor_read_boolean(&reader, &value), STATUS_CORRUPT);
    assert_int_equal(cbor_read_array(&reader, &count), STATUS_OK);
    assert_int_equal(cbor_skip(&reader), STATUS_CORRUPT);
    assert_int_equal(cbor_read_boolean(&reader, &value), STATUS_OK);
    assert_true(value);
    assert_int_equal(cbor_read_boolean(&reader, &value), STATUS_OK);
    assert_false(value);
    assert_true(cbor_reader_is_at_end(&reader));
    assert_int_equal(cbor_read_boolean(&reader, &value), STATUS_CORRUPT);
    // Null is no boolean, nor is the number 1.
    static const uint8_t OTHERS[] = { 0xF6, 0x01, 0xF7 };
    cbor_reader_init(&reader, OTHERS, sizeof OTHERS);
    assert_int_equal(cbor_read_boolean(&reader, &value), STATUS_CORRUPT);
    cbor_reader_init(&reader, OTHERS + 1, 1);
    assert_int_equal(cbor_read_boolean(&reader, &value), STATUS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_the_integers_of_the_standard),
        cmocka_unit_test(refuses_what_an_int64_cannot_hold),
        cmocka_unit_test(refuses_longer_forms_than_needed),
        cmocka_unit_test(refuses_tags_floats_and_indefinite_lengths),
        cmocka_unit_test(refuses_counts_that_the_bytes_cannot_hold),
        cmocka_unit_test(skips_as_deep_as_it_promises_and_no_deeper),
        cmocka_unit_test(reads_booleans_and_tags_only_where_they_are_asked_for),
        cmocka_unit_test(reads_back_a_map_of_everything),
        cmocka_unit_test(writes_nothing_past_the_room_and_tells_what_it_needed),
    };
    return cmocka_run_group_tests_name("cbor", tests, NULL, NULL);
}
