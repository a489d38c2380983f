// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ads131m08.h"
#include "ads131m08_chip.h"

enum { REAL_CLOCK_HZ = 8191000, NOMINAL_CLOCK_HZ = 8192000 };

struct fixture {
    struct ads131m08_chip chip;
    struct ads131m08_port port;
    struct ads131m08 driver;
    struct adc_source source;
    uint32_t next;    ///< The conversion that should come next, by what the driver has told.
    bool knows_next;  ///< Not after a hole of unknown length.
    uint32_t unknown; ///< Blocks after such a hole.
    uint32_t lost;
    uint32_t frames;
};

static void reset(void *ctx)
{
    ads131m08_chip_reset(ctx);
}

static enum status transfer(void *ctx, const uint8_t out[ADS131M08_FRAME_SIZE],
                            uint8_t in[ADS131M08_FRAME_SIZE])
{
    ads131m08_chip_transfer(ctx, out, in);
    return STATUS_OK;
}

static void stream(void *ctx, bool on)
{
    struct ads131m08_chip *chip = ctx;
    chip->streams = on;
    chip->taken = chip->put;
}

static enum status next(void *ctx, struct ads131m08_raw *raw)
{
    struct ads131m08_chip *chip = ctx;
    if (chip->taken == chip->put) {
        return STATUS_BUSY;
    }
    const struct ads131m08_chip_read *read = &chip->queue[chip->taken++ % ADS131M08_CHIP_QUEUE];
    raw->edge = read->edge;
    raw->edge_us = read->edge_us;
    memcpy(raw->bytes, read->bytes, sizeof raw->bytes);
    return STATUS_OK;
}

static uint32_t drain(void *ctx)
{
    struct ads131m08_chip *chip = ctx;
    static const uint8_t null[ADS131M08_FRAME_SIZE];
    uint8_t in[ADS131M08_FRAME_SIZE];
    ads131m08_chip_transfer(chip, null, in);
    ads131m08_chip_transfer(chip, null, in);
    return chip->edges;
}

static uint64_t uptime_us(void *ctx)
{
    const struct ads131m08_chip *chip = ctx;
    return chip->now_ns / 1000u;
}

static int power_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    ads131m08_chip_init(&f.chip, REAL_CLOCK_HZ);
    f.port = (struct ads131m08_port){ .reset = reset,
                                      .transfer = transfer,
                                      .stream = stream,
                                      .next = next,
                                      .drain = drain,
                                      .uptime_us = uptime_us,
                                      .ctx = &f.chip };
    const struct ads131m08_settings settings = { .clock_hz = NOMINAL_CLOCK_HZ,
                                                 .osr = ADS131M08_OSR_512,
                                                 .gain_log2 = { 0, 1, 2, 3, 4, 5, 6, 7 } };
    *state = &f;
    if (ads131m08_init(&f.driver, &f.port, &settings) != STATUS_OK) {
        return -1;
    }
    f.source = ads131m08_adc(&f.driver);
    return 0;
}

/// Reads everything that has come. The driver may say "unknown", but never a wrong time.
static enum status read_all(struct fixture *f)
{
    static struct adc_block block;
    enum status status = f->source.read(f->source.ctx, &block);
    while (status == STATUS_OK) {
        assert_in_range(block.frame_count, 1, ADC_FRAME_LIMIT);
        f->lost += block.lost_frames;
        f->unknown += block.lost_unknown ? 1u : 0u;
        f->next += block.lost_frames;
        if (block.lost_unknown || !f->knows_next) {
            f->next = (uint32_t)block.code[0][0] / 8u;
            f->knows_next = true;
        }
        for (uint32_t n = 0; n < block.frame_count; n++, f->next++, f->frames++) {
            for (unsigned input = 0; input < ADS131M08_CHANNELS; input++) {
                assert_int_equal(block.code[input][n], (f->next * 8 + input) & 0x7fffff);
            }
        }
        status = f->source.read(f->source.ctx, &block);
    }
    return status;
}

static void run(struct fixture *f, uint32_t conversions)
{
    for (uint32_t n = 0; n < conversions; n += 40) {
        ads131m08_chip_run(&f->chip, 40);
        (void)read_all(f);
    }
}

static void sets_the_chip_up_and_locks_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->chip.reg[ADS131M08_MODE], 0x2110);
    assert_int_equal(f->chip.reg[ADS131M08_CLOCK], 0xff0a); // All on, 512, high resolution.
    assert_int_equal(f->chip.reg[ADS131M08_GAIN1], 0x3210);
    assert_int_equal(f->chip.reg[ADS131M08_GAIN2], 0x7654);
    assert_true(f->chip.is_locked);
}

static void gives_every_conversion_once(void **state)
{
    struct fixture *f = *state;
    run(f, 4000);
    assert_int_equal(f->frames, 4000 - ADS131M08_SETTLING_FRAMES);
    assert_int_equal(f->next, 4000);
    assert_int_equal(f->lost, 0);
    assert_int_equal(f->unknown, 0);
}

static void measures_the_rate(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->source.frame_rate_mhz(f->source.ctx), 8000000);
    run(f, 80000);
    assert_in_range(f->source.frame_rate_mhz(f->source.ctx), 7999000, 7999047);
}

static void counts_a_frame_whose_check_fails(void **state)
{
    struct fixture *f = *state;
    run(f, 400);
    for (uint32_t bits = 1; bits < 20; bits++) {
        f->chip.bits_to_turn = bits;
        run(f, 80);
    }
    assert_int_equal(f->driver.counters.crc_errors, 19);
    assert_int_equal(f->lost, 19);
    assert_int_equal(f->unknown, 0);
    assert_int_equal(f->next, f->chip.conversions);
}

static void counts_what_nobody_read_in_time(void **state)
{
    struct fixture *f = *state;
    run(f, 400);
    for (uint32_t missed = 1; missed < 10; missed++) {
        f->chip.reads_to_miss = missed;
        run(f, 200);
    }
    assert_int_equal(f->driver.counters.missed_edges, 45);
    assert_true(f->lost >= 45 && f->lost <= 45 + 9 * 40);
    assert_int_equal(f->unknown, 0);
    assert_int_equal(f->next, f->chip.conversions);
    assert_int_equal(f->frames + f->lost + ADS131M08_SETTLING_FRAMES, f->chip.conversions);
}

static void sets_up_again_a_chip_that_has_reset_itself(void **state)
{
    struct fixture *f = *state;
    run(f, 400);
    ads131m08_chip_reset(&f->chip);
    run(f, 400);
    assert_int_equal(f->driver.counters.setups, 2);
    assert_int_equal(f->unknown, 1);
    assert_int_equal(f->chip.reg[ADS131M08_GAIN1], 0x3210);
    assert_true(f->frames > 700);
}

static void sets_up_again_a_chip_whose_registers_have_changed(void **state)
{
    struct fixture *f = *state;
    run(f, 400);
    ads131m08_chip_upset(&f->chip, ADS131M08_GAIN1, 0x0000);
    run(f, 400);
    assert_int_equal(f->driver.counters.setups, 2);
    assert_int_equal(f->chip.reg[ADS131M08_GAIN1], 0x3210);
    assert_int_equal(f->unknown, 1);
}

static void tells_a_resynchronisation(void **state)
{
    struct fixture *f = *state;
    run(f, 400);
    f->chip.resynced = true;
    run(f, 400);
    assert_int_equal(f->unknown, 1);
    assert_int_equal(f->driver.counters.setups, 1);
    assert_int_equal(f->next, f->chip.conversions);
}

static void takes_no_code_twice_from_an_edge_that_was_noise(void **state)
{
    struct fixture *f = *state;
    run(f, 400);
    f->chip.kept_count = 0;
    struct ads131m08_chip_read *read = &f->chip.queue[f->chip.put++ % ADS131M08_CHIP_QUEUE];
    static const uint8_t null[ADS131M08_FRAME_SIZE];
    f->chip.edges++;
    read->edge = f->chip.edges;
    read->edge_us = f->chip.now_ns / 1000u;
    ads131m08_chip_transfer(&f->chip, null, read->bytes);
    run(f, 400);
    assert_int_equal(f->driver.counters.stale_frames, 1);
    assert_int_equal(f->unknown, 1);
    assert_int_equal(f->next, f->chip.conversions);
}

static void finds_a_chip_again_that_was_silent(void **state)
{
    struct fixture *f = *state;
    run(f, 400);
    f->chip.is_dead = true;
    ads131m08_chip_run(&f->chip, 1000);
    assert_int_equal(read_all(f), STATUS_IO);
    assert_int_equal(read_all(f), STATUS_IO);
    f->chip.is_dead = false;
    ads131m08_chip_reset(&f->chip);
    run(f, 400);
    assert_true(f->driver.counters.setups >= 3);
    assert_int_equal(f->unknown, 1);
    assert_int_equal(f->next, f->chip.conversions);
}

static void goes_on_when_the_chip_is_dead_at_the_start(void **state)
{
    struct fixture *f = *state;
    const struct ads131m08_settings settings = { .clock_hz = NOMINAL_CLOCK_HZ };
    f->chip.is_dead = true;
    assert_int_equal(ads131m08_init(&f->driver, &f->port, &settings), STATUS_IO);
    f->chip.is_dead = false;
    run(f, 400);
    assert_true(f->frames > 300);
}

static void refuses_settings_out_of_range(void **state)
{
    struct fixture *f = *state;
    struct ads131m08_settings settings = { .clock_hz = NOMINAL_CLOCK_HZ, .gain_log2 = { 8 } };
    assert_int_equal(ads131m08_init(&f->driver, &f->port, &settings), STATUS_INVALID);
    settings = (struct ads131m08_settings){ .clock_hz = 0 };
    assert_int_equal(ads131m08_init(&f->driver, &f->port, &settings), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sets_the_chip_up_and_locks_it, power_up),
        cmocka_unit_test_setup(gives_every_conversion_once, power_up),
        cmocka_unit_test_setup(measures_the_rate, power_up),
        cmocka_unit_test_setup(counts_a_frame_whose_check_fails, power_up),
        cmocka_unit_test_setup(counts_what_nobody_read_in_time, power_up),
        cmocka_unit_test_setup(sets_up_again_a_chip_that_has_reset_itself, power_up),
        cmocka_unit_test_setup(sets_up_again_a_chip_whose_registers_have_changed, power_up),
        cmocka_unit_test_setup(tells_a_resynchronisation, power_up),
        cmocka_unit_test_setup(takes_no_code_twice_from_an_edge_that_was_noise, power_up),
        cmocka_unit_test_setup(finds_a_chip_again_that_was_silent, power_up),
        cmocka_unit_test_setup(goes_on_when_the_chip_is_dead_at_the_start, power_up),
        cmocka_unit_test_setup(refuses_settings_out_of_range, power_up),
    };
    return cmocka_run_group_tests_name("ads131m08", tests, NULL, NULL);
}
