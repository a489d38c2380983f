// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "number_text.h"
#include "recording_file.h"

static void reads_pairs_in_the_order_asked_for(void **state)
{
    (void)state;
    static const uint8_t file[] = { 1, 0, 0xff, 0xff, 2, 0, 0, 0x80, 9 };
    const struct recording_layout layout = {
        .format = RECORDING_FORMAT_I16, .input_count = 2, .columns = 2, .column = { 1, 0 }
    };
    struct recording_frames frames;
    assert_int_equal(recording_file_parse(file, sizeof file, &layout, &frames), STATUS_OK);
    assert_int_equal(frames.frame_count, 2); // The odd byte at the end is no frame.
    assert_int_equal(frames.code[0], -1);
    assert_int_equal(frames.code[1], 1);
    assert_int_equal(frames.code[2], -32768);
    assert_int_equal(frames.code[3], 2);
    recording_frames_free(&frames);
}

static void reads_chosen_csv_columns_and_turns_units_into_codes(void **state)
{
    (void)state;
    static const char file[] = "t_s,v,i_A\n0.0, -16.5 ,0.25\r\n0.1;17e0;-1.5E-1\n";
    const struct recording_layout layout = { .format = RECORDING_FORMAT_CSV,
                                             .input_count = 2,
                                             .column = { 1, 2 },
                                             .codes_per_unit = { 10.0, 1000.0 } };
    struct recording_frames frames;
    assert_int_equal(recording_file_parse((const uint8_t *)file, sizeof file - 1, &layout, &frames),
                     STATUS_OK);
    assert_int_equal(frames.frame_count, 2);
    assert_int_equal(frames.gap_count, 0);
    assert_int_equal(frames.code[0], -165);
    assert_int_equal(frames.code[1], 250);
    assert_int_equal(frames.code[2], 170);
    assert_int_equal(frames.code[3], -150);
    recording_frames_free(&frames);
}

static void marks_lines_without_numbers_as_lost_frames(void **state)
{
    (void)state;
    static const char file[] = "v\n1\n\n?\n2\n3\nnan\n4";
    const struct recording_layout layout = { .format = RECORDING_FORMAT_CSV, .input_count = 1 };
    struct recording_frames frames;
    assert_int_equal(recording_file_parse((const uint8_t *)file, sizeof file - 1, &layout, &frames),
                     STATUS_OK);
    assert_int_equal(frames.frame_count, 4);
    assert_int_equal(frames.gap_count, 2);
    assert_int_equal(frames.gap[0].frame, 1);
    assert_int_equal(frames.gap[0].lost_frames, 2);
    assert_int_equal(frames.gap[1].frame, 3);
    assert_int_equal(frames.gap[1].lost_frames, 1);
    recording_frames_free(&frames);
}

/// Writes a WAV file of two frames and two channels with a chunk in front that nobody knows.
static size_t write_wav(uint8_t *out, unsigned bytes)
{
    uint8_t head[] = { 'R', 'I', 'F', 'F', 0, 0, 0,   0,   'W', 'A', 'V', 'E', 'L', 'I',
                       'S', 'T', 3,   0,   0, 0, 1,   2,   3,   0,   'f', 'm', 't', ' ',
                       16,  0,   0,   0,   1, 0, 2,   0,   0,   0,   0,   0,   0,   0,
                       0,   0,   0,   0,   0, 0, 'd', 'a', 't', 'a', 0,   0,   0,   0 };
    head[36] = 0x00;
    head[37] = 0x19; // 6400
    head[46] = (uint8_t)(8 * bytes);
    head[52] = (uint8_t)(4 * bytes);
    memcpy(out, head, sizeof head);
    size_t size = sizeof head;
    for (unsigned n = 0; n < 4; n++) {
        const uint32_t value = (uint32_t)(n == 3 ? -2 : (int)n + 1) << (32 - 8 * bytes);
        const uint32_t code = value >> (32 - 8 * bytes);
        for (unsigned b = 0; b < bytes; b++) {
            out[size++] = (uint8_t)(code >> (8 * b));
        }
    }
    return size;
}

static void reads_wav_of_all_three_depths(void **state)
{
    (void)state;
    static const unsigned depths[] = { 2, 3, 4 };
    for (unsigned n = 0; n < 3; n++) {
        uint8_t file[128];
        const size_t size = write_wav(file, depths[n]);
        const struct recording_layout layout = { .format = RECORDING_FORMAT_WAV,
                                                 .input_count = 2,
                                                 .column = { 0, 1 } };
        struct recording_frames frames;
        assert_int_equal(recording_file_parse(file, size, &layout, &frames), STATUS_OK);
        assert_int_equal(frames.frame_count, 2);
        assert_true(frames.rate_hz == 6400.0);
        // Of 32 bits the lowest 8 are below any converter's noise.
        assert_int_equal(frames.code[0], depths[n] == 4 ? 0 : 1);
        assert_int_equal(frames.code[2], depths[n] == 4 ? 0 : 3);
        assert_int_equal(frames.code[3], depths[n] == 4 ? -1 : -2);
        recording_frames_free(&frames);
    }
}

static void refuses_files_that_are_something_else(void **state)
{
    (void)state;
    uint8_t file[128];
    const size_t size = write_wav(file, 2);
    struct recording_frames frames;
    struct recording_layout layout = { .format = RECORDING_FORMAT_WAV,
                                       .input_count = 1,
                                       .column = { 2 } };
    assert_int_equal(recording_file_parse(file, size, &layout, &frames), STATUS_INVALID);
    layout.column[0] = 0;
    for (size_t cut = 0; cut < 56; cut++) {
        assert_int_equal(recording_file_parse(file, cut, &layout, &frames), STATUS_CORRUPT);
    }
    file[32] = 3; // Floating point.
    assert_int_equal(recording_file_parse(file, size, &layout, &frames), STATUS_CORRUPT);
    layout.format = RECORDING_FORMAT_CSV;
    assert_int_equal(recording_file_parse(file, size, &layout, &frames), STATUS_CORRUPT);
    layout.format = RECORDING_FORMAT_I16;
    assert_int_equal(recording_file_parse(file, size, &layout, &frames), STATUS_INVALID);
    assert_null(frames.code);
}

static void reads_decimal_numbers_and_nothing_else(void **state)
{
    (void)state;
    static const char *const good[] = { "0", "-1.5", "+2", " 3.25 ", "\"4\"", ".5", "6.", "1e3" };
    static const double values[] = { 0, -1.5, 2, 3.25, 4, 0.5, 6, 1000 };
    static const char *const bad[] = { "", "-", ".", "e5", "1e", "1 2", "0x10", "inf", "1e999" };
    double value;
    for (unsigned n = 0; n < sizeof good / sizeof good[0]; n++) {
        assert_true(number_from_text(good[n], good[n] + strlen(good[n]), &value));
        assert_true(value == values[n]);
    }
    for (unsigned n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        assert_false(number_from_text(bad[n], bad[n] + strlen(bad[n]), &value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_pairs_in_the_order_asked_for),
        cmocka_unit_test(reads_chosen_csv_columns_and_turns_units_into_codes),
        cmocka_unit_test(marks_lines_without_numbers_as_lost_frames),
        cmocka_unit_test(reads_wav_of_all_three_depths),
        cmocka_unit_test(refuses_files_that_are_something_else),
        cmocka_unit_test(reads_decimal_numbers_and_nothing_else),
    };
    return cmocka_run_group_tests_name("recording_file", tests, NULL, NULL);
}
