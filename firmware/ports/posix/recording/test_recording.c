// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "recording.h"

struct fixture {
    char path[64];
    uint64_t now_us;
    struct clock clock;
    struct recording_settings settings;
};

static uint64_t fake_uptime_us(void *ctx)
{
    return *(uint64_t *)ctx;
}

/// A file of 300 numbers, 0 to 299, with three lines lost after 200.
static int write_recording(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .path = "/tmp/test_recording_XXXXXX" };
    f.clock = (struct clock){ .uptime_us = fake_uptime_us, .ctx = &f.now_us };
    f.settings =
        (struct recording_settings){ .layout = { .format = RECORDING_FORMAT_CSV, .input_count = 1 },
                                     .rate_hz = 1000.0 };
    *state = &f;
    const int descriptor = mkstemp(f.path);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (file == NULL) {
        return -1;
    }
    for (unsigned n = 0; n < 300; n++) {
        (void)fprintf(file, n == 200 ? "\n\n\n%u\n" : "%u\n", n);
    }
    return fclose(file);
}

static int remove_recording(void **state)
{
    struct fixture *f = *state;
    return unlink(f->path);
}

static void plays_once_with_its_holes_marked(void **state)
{
    struct fixture *f = *state;
    struct recording *recording;
    static struct adc_block block;
    assert_int_equal(recording_open(f->path, &f->settings, &recording), STATUS_OK);
    const struct adc_source source = recording_source(recording);
    assert_int_equal(source.frame_rate_mhz(source.ctx), 1000000);
    int32_t next = 0;
    while (source.read(source.ctx, &block) == STATUS_OK) {
        assert_int_equal(block.lost_frames, next == 200 ? 3 : 0);
        assert_false(block.lost_unknown);
        for (uint32_t n = 0; n < block.frame_count; n++) {
            assert_int_equal(block.code[0][n], next++);
        }
    }
    assert_int_equal(next, 300);
    assert_int_equal(source.read(source.ctx, &block), STATUS_MISSING);
    recording_close(recording);
}

static void keeps_the_pace_of_its_clock(void **state)
{
    struct fixture *f = *state;
    struct recording *recording;
    static struct adc_block block;
    f->settings.clock = &f->clock;
    f->now_us = 5000000;
    assert_int_equal(recording_open(f->path, &f->settings, &recording), STATUS_OK);
    const struct adc_source source = recording_source(recording);
    assert_int_equal(source.read(source.ctx, &block), STATUS_BUSY);
    f->now_us += 50000;
    assert_int_equal(source.read(source.ctx, &block), STATUS_OK);
    assert_int_equal(block.frame_count, 50);
    assert_int_equal(source.read(source.ctx, &block), STATUS_BUSY);
    f->now_us += 150000;
    assert_int_equal(source.read(source.ctx, &block), STATUS_OK);
    assert_int_equal(source.read(source.ctx, &block), STATUS_OK);
    assert_int_equal(source.read(source.ctx, &block), STATUS_BUSY);
    f->now_us += 3000; // The lost frames take their time, too.
    assert_int_equal(source.read(source.ctx, &block), STATUS_BUSY);
    f->now_us += 1000;
    assert_int_equal(source.read(source.ctx, &block), STATUS_OK);
    assert_int_equal(block.frame_count, 1);
    assert_int_equal(block.lost_frames, 3);
    recording_close(recording);
}

static void marks_the_seam_of_a_loop_as_lost(void **state)
{
    struct fixture *f = *state;
    struct recording *recording;
    static struct adc_block block;
    f->settings.loop = true;
    assert_int_equal(recording_open(f->path, &f->settings, &recording), STATUS_OK);
    const struct adc_source source = recording_source(recording);
    unsigned seams = 0;
    uint64_t frames = 0;
    while (frames < 3000) {
        assert_int_equal(source.read(source.ctx, &block), STATUS_OK);
        assert_int_equal(block.lost_unknown, block.code[0][0] == 0 && frames > 0);
        seams += block.lost_unknown;
        frames += block.frame_count;
    }
    assert_int_equal(seams, 9);
    recording_close(recording);
}

static void says_why_a_file_cannot_be_played(void **state)
{
    struct fixture *f = *state;
    struct recording *recording;
    assert_int_equal(recording_open("/nonexistent", &f->settings, &recording), STATUS_MISSING);
    f->settings.rate_hz = 0.0;
    assert_int_equal(recording_open(f->path, &f->settings, &recording), STATUS_INVALID);
    f->settings.layout.format = RECORDING_FORMAT_WAV;
    assert_int_equal(recording_open(f->path, &f->settings, &recording), STATUS_CORRUPT);
    assert_int_equal(recording_open("/tmp", &f->settings, &recording), STATUS_IO);
    assert_null(recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plays_once_with_its_holes_marked, write_recording,
                                        remove_recording),
        cmocka_unit_test_setup_teardown(keeps_the_pace_of_its_clock, write_recording,
                                        remove_recording),
        cmocka_unit_test_setup_teardown(marks_the_seam_of_a_loop_as_lost, write_recording,
                                        remove_recording),
        cmocka_unit_test_setup_teardown(says_why_a_file_cannot_be_played, write_recording,
                                        remove_recording),
    };
    return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
