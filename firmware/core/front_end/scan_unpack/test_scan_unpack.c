// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scan_unpack.h"

enum { INPUTS = 3, STREAM_SIZE = 8192, SPAN_LIMIT = 64 };

/// The channels of the scan, in an order that is not theirs.
static const uint8_t TAG[INPUTS] = { 6, 0, 7 };

/// What a converter writes, and what came out of it. Codes count the frames of the mains, so that
/// it can be seen which were lost.
struct fixture {
    struct scan_unpack unpack;
    uint8_t stream[STREAM_SIZE];
    size_t size;
    uint32_t frame; ///< The frame that is written next.
    uint32_t seen;  ///< The frame that should come out next.
    uint32_t blocks;
    uint32_t lost;
    uint32_t swapped;
    uint32_t unknown;
};

static int power_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    *state = &f;
    return scan_unpack_init(&f.unpack, SCAN_FORMAT_TYPE1, TAG, INPUTS) == STATUS_OK ? 0 : -1;
}

static void write_word(struct fixture *f, unsigned input)
{
    const unsigned word = (unsigned)TAG[input] << 12 | ((f->frame * 5 + input) & 0xfffu);
    f->stream[f->size++] = (uint8_t)word;
    f->stream[f->size++] = (uint8_t)(word >> 8);
}

/// Writes one frame with its words in the given order, such as "012", "02" or "102".
static void write_frame(struct fixture *f, const char *inputs)
{
    for (; *inputs != '\0'; inputs++) {
        write_word(f, (unsigned)(*inputs - '0'));
    }
    f->frame++;
}

static void write_frames(struct fixture *f, unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        write_frame(f, "012");
    }
}

static void look_at_block(struct fixture *f, const struct adc_block *block)
{
    f->blocks++;
    f->lost += block->lost_frames;
    f->seen += block->lost_frames;
    f->unknown += block->lost_unknown ? 1u : 0u;
    if (block->channel_swap) {
        f->swapped += block->frame_count;
        f->seen += block->frame_count;
        return;
    }
    for (uint32_t n = 0; n < block->frame_count; n++, f->seen++) {
        for (unsigned input = 0; input < INPUTS; input++) {
            assert_int_equal(block->code[input][n], (f->seen * 5 + input) & 0xfffu);
        }
    }
}

/// Feeds the stream in pieces of at most `piece` bytes and looks at every block.
static void unpack_all(struct fixture *f, size_t piece)
{
    struct adc_block block;
    size_t at = 0;
    scan_unpack_open(&f->unpack, &block);
    while (at < f->size) {
        const size_t offered = f->size - at < piece ? f->size - at : piece;
        at += scan_unpack_take(&f->unpack, f->stream + at, offered, &block);
        if (scan_unpack_is_complete(&f->unpack, &block)) {
            look_at_block(f, &block);
            scan_unpack_open(&f->unpack, &block);
        }
    }
    while (scan_unpack_is_complete(&f->unpack, &block)) {
        look_at_block(f, &block);
        scan_unpack_open(&f->unpack, &block);
    }
    look_at_block(f, &block);
    f->size = 0;
}

static void gives_every_frame_once_however_the_bytes_are_cut(void **state)
{
    struct fixture *f = *state;
    for (size_t piece = 1; piece < 9; piece++) {
        write_frames(f, 300);
        unpack_all(f, piece);
        assert_int_equal(f->seen, f->frame);
    }
    assert_int_equal(f->lost, 0);
    assert_int_equal(f->unpack.counters.frames, f->frame);
    assert_int_equal(f->unpack.counters.missing_words, 0);
}

static void begins_with_the_first_whole_scan(void **state)
{
    struct fixture *f = *state;
    write_frame(f, "2");
    f->seen = 1;
    write_frames(f, 20);
    unpack_all(f, SPAN_LIMIT);
    assert_int_equal(f->seen, f->frame);
    assert_int_equal(f->lost, 0);
    assert_int_equal(f->unpack.counters.lost_frames, 0);
}

static void counts_the_frame_that_a_missing_word_spoils(void **state)
{
    struct fixture *f = *state;
    const char *const broken[] = { "01", "02", "12", "0", "1", "2" };
    for (unsigned n = 0; n < sizeof broken / sizeof broken[0]; n++) {
        write_frames(f, 20);
        write_frame(f, broken[n]);
        write_frames(f, 20);
        unpack_all(f, SPAN_LIMIT);
        assert_int_equal(f->seen, f->frame);
        assert_int_equal(f->lost, n + 1);
        assert_int_equal(f->unknown, n + 1);
    }
    assert_int_equal(f->swapped, 0);
    assert_int_equal(f->unpack.counters.missing_words, 3 * 1 + 3 * 2);
}

static void tells_a_swap_and_keeps_the_time(void **state)
{
    struct fixture *f = *state;
    const char *const swapped[] = { "021", "102", "120", "201", "210" };
    for (unsigned n = 0; n < sizeof swapped / sizeof swapped[0]; n++) {
        write_frames(f, 30);
        write_frame(f, swapped[n]);
        write_frames(f, 30);
        unpack_all(f, SPAN_LIMIT);
        assert_int_equal(f->seen, f->frame);
        assert_int_equal(f->swapped, n + 1);
    }
    assert_int_equal(f->lost, 0);
    assert_int_equal(f->unknown, 0);
    assert_int_equal(f->unpack.counters.swaps, 5);
}

static void believes_no_word_from_outside_the_scan(void **state)
{
    struct fixture *f = *state;
    write_frames(f, 10);
    const size_t at = f->size;
    write_frame(f, "012");
    f->stream[at + 3] = 0xf0; // Tag 15: the arbiter's word for "invalid" on an ESP32-S2.
    write_frames(f, 10);
    unpack_all(f, SPAN_LIMIT);
    assert_int_equal(f->seen, f->frame);
    assert_int_equal(f->swapped, 1);
    assert_int_equal(f->unpack.counters.alien_words, 1);
}

static void tells_an_overrun_as_a_hole_of_unknown_length(void **state)
{
    struct fixture *f = *state;
    write_frames(f, 10);
    write_word(f, 0);
    unpack_all(f, SPAN_LIMIT);
    scan_unpack_overrun(&f->unpack);
    f->frame += 1000;
    write_frame(f, "12");
    f->seen = f->frame - 1; // A word before and two after the hole make at least one frame.
    write_frames(f, 10);
    unpack_all(f, SPAN_LIMIT);
    assert_int_equal(f->unknown, 1);
    assert_int_equal(f->lost, 1);
    assert_int_equal(f->seen, f->frame);
}

static void reads_the_32_bit_formats_of_the_c3_and_the_s3(void **state)
{
    (void)state;
    static const uint8_t tags[] = { 4, SCAN_UNIT_2 + 2 };
    const uint32_t word[2][2] = { { 4u << 13 | 0xabcu, 1u << 16 | 2u << 13 | 0x123u },
                                  { 4u << 13 | 0xabcu, 1u << 17 | 2u << 13 | 0x123u } };
    const enum scan_format format[] = { SCAN_FORMAT_TYPE2_3BITS, SCAN_FORMAT_TYPE2_4BITS };
    for (unsigned n = 0; n < 2; n++) {
        struct scan_unpack unpack;
        struct adc_block block;
        uint8_t bytes[8];
        for (unsigned at = 0; at < sizeof bytes; at++) {
            bytes[at] = (uint8_t)(word[n][at / 4] >> (8 * (at % 4)));
        }
        assert_int_equal(scan_unpack_init(&unpack, format[n], tags, 2), STATUS_OK);
        scan_unpack_open(&unpack, &block);
        assert_int_equal(scan_unpack_take(&unpack, bytes, sizeof bytes, &block), sizeof bytes);
        assert_int_equal(block.frame_count, 1);
        assert_int_equal(block.code[0][0], 0xabc);
        assert_int_equal(block.code[1][0], 0x123);
    }
}

static void refuses_a_scan_that_cannot_be_told_apart(void **state)
{
    (void)state;
    struct scan_unpack unpack;
    const uint8_t twice[] = { 3, 4, 3 };
    const uint8_t beyond[] = { 16 };
    const uint8_t beyond_3_bits[] = { 8 };
    const uint8_t beyond_all[] = { 32 };
    assert_int_equal(scan_unpack_init(&unpack, SCAN_FORMAT_TYPE2_3BITS, beyond_3_bits, 1),
                     STATUS_INVALID);
    assert_int_equal(scan_unpack_init(&unpack, SCAN_FORMAT_TYPE2_3BITS, beyond_all, 1),
                     STATUS_INVALID);
    assert_int_equal(scan_unpack_init(&unpack, SCAN_FORMAT_TYPE2_4BITS, beyond_all, 1),
                     STATUS_INVALID);
    assert_int_equal(scan_unpack_init(&unpack, SCAN_FORMAT_TYPE1, twice, 3), STATUS_INVALID);
    assert_int_equal(scan_unpack_init(&unpack, SCAN_FORMAT_TYPE1, beyond, 1), STATUS_INVALID);
    assert_int_equal(scan_unpack_init(&unpack, SCAN_FORMAT_TYPE1, twice, 0), STATUS_INVALID);
    assert_int_equal(scan_unpack_init(&unpack, SCAN_FORMAT_TYPE1, twice, 17), STATUS_INVALID);
}

static void averages_words_of_one_tag_to_a_sixteenth_of_a_code(void **state)
{
    // Codes 5, 6 and 6 of channel 3, then one of channel 2.
    const uint8_t words[] = { 0x05, 0x30, 0x06, 0x30, 0x06, 0x30, 0x06, 0x20 };
    const uint8_t wide[] = { 0x05, 0x60, 0x00, 0x00, 0x06, 0x60, 0x00, 0x00 };
    int32_t mean = 7;
    (void)state;
    assert_int_equal(scan_mean(SCAN_FORMAT_TYPE1, 3, words, 2, &mean), STATUS_OK);
    assert_int_equal(mean, 5 * 16);
    assert_int_equal(scan_mean(SCAN_FORMAT_TYPE1, 3, words, 6, &mean), STATUS_OK);
    assert_int_equal(mean, 91); // 17 / 3 is 5 and 10.7 sixteenths.
    assert_int_equal(scan_mean(SCAN_FORMAT_TYPE2_4BITS, 3, wide, sizeof wide, &mean), STATUS_OK);
    assert_int_equal(mean, 88);
    mean = 7;
    assert_int_equal(scan_mean(SCAN_FORMAT_TYPE1, 3, words, 8, &mean), STATUS_CORRUPT);
    assert_int_equal(scan_mean(SCAN_FORMAT_TYPE1, 3, words, 5, &mean), STATUS_CORRUPT);
    assert_int_equal(scan_mean(SCAN_FORMAT_TYPE1, 3, words, 0, &mean), STATUS_CORRUPT);
    assert_int_equal(mean, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gives_every_frame_once_however_the_bytes_are_cut, power_up),
        cmocka_unit_test_setup(begins_with_the_first_whole_scan, power_up),
        cmocka_unit_test_setup(counts_the_frame_that_a_missing_word_spoils, power_up),
        cmocka_unit_test_setup(tells_a_swap_and_keeps_the_time, power_up),
        cmocka_unit_test_setup(believes_no_word_from_outside_the_scan, power_up),
        cmocka_unit_test_setup(tells_an_overrun_as_a_hole_of_unknown_length, power_up),
        cmocka_unit_test(reads_the_32_bit_formats_of_the_c3_and_the_s3),
        cmocka_unit_test(refuses_a_scan_that_cannot_be_told_apart),
        cmocka_unit_test(averages_words_of_one_tag_to_a_sixteenth_of_a_code),
    };
    return cmocka_run_group_tests_name("scan_unpack", tests, NULL, NULL);
}
