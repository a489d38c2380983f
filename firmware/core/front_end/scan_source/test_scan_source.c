// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scan_source.h"

enum { INPUTS = 6, WORDS_PER_BUFFER = 300 };

/// A converter that was asked for 60000 words a second and gives half a percent less.
struct fake_dma {
    struct scan_port port;
    uint64_t words; ///< Converted since the start, lost ones included.
    uint64_t now_us;
    uint64_t lose_words; ///< Before the next buffer, without telling.
    bool overrun;        ///< Those are told.
    unsigned buffers_before_busy;
};

static const uint64_t REAL_WORDS_PER_S = 59700;

static enum status fake_read(void *ctx, struct scan_buffer *buffer)
{
    struct fake_dma *dma = ctx;
    if (dma->buffers_before_busy == 0) {
        return STATUS_BUSY;
    }
    dma->buffers_before_busy--;
    dma->words += dma->lose_words;
    buffer->overrun = dma->overrun;
    dma->lose_words = 0;
    dma->overrun = false;
    for (unsigned n = 0; n < WORDS_PER_BUFFER; n++, dma->words++) {
        const uint64_t frame = dma->words / INPUTS;
        const unsigned word = (unsigned)((dma->words % INPUTS) << 12 | (frame & 0xfffu));
        buffer->bytes[buffer->size++] = (uint8_t)word;
        buffer->bytes[buffer->size++] = (uint8_t)(word >> 8);
    }
    buffer->filled_us = dma->words * 1000000 / REAL_WORDS_PER_S;
    return STATUS_OK;
}

struct fixture {
    struct fake_dma dma;
    struct scan_source source;
    struct adc_source adc;
    uint64_t frame; ///< The frame that should come next.
};

static int power_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.dma.port = (struct scan_port){ .read = fake_read, .ctx = &f.dma };
    const struct scan_settings settings = { .format = SCAN_FORMAT_TYPE1,
                                            .tag = { 0, 1, 2, 3, 4, 5 },
                                            .input_count = INPUTS,
                                            .words_per_1000s = 60000000 };
    *state = &f;
    if (scan_source_init(&f.source, &f.dma.port, &settings) != STATUS_OK) {
        return -1;
    }
    f.adc = scan_source_adc(&f.source);
    return 0;
}

/// Reads all that comes of `buffers` buffers and checks that time goes on by what is told.
static void read_buffers(struct fixture *f, unsigned buffers)
{
    struct adc_block block;
    f->dma.buffers_before_busy = buffers;
    while (f->adc.read(f->adc.ctx, &block) == STATUS_OK) {
        f->frame += block.lost_frames;
        for (uint32_t n = 0; n < block.frame_count; n++, f->frame++) {
            if (block.lost_unknown) {
                f->frame += ((uint64_t)block.code[0][n] - f->frame) & 0xfffu;
            }
            assert_int_equal(block.code[INPUTS - 1][n], f->frame & 0xfffu);
        }
    }
}

static void measures_the_rate_instead_of_believing_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->adc.frame_rate_mhz(f->adc.ctx), 10000000);
    read_buffers(f, 2000); // Ten seconds.
    assert_in_range(f->adc.frame_rate_mhz(f->adc.ctx), 9949990, 9950010);
    assert_int_equal(f->frame, 2000 * WORDS_PER_BUFFER / INPUTS);
}

static void keeps_the_rate_when_buffers_and_words_are_lost(void **state)
{
    struct fixture *f = *state;
    for (unsigned n = 0; n < 30; n++) {
        read_buffers(f, 199);
        f->dma.lose_words = n % 2 == 0 ? 6000 : 7;
        f->dma.overrun = n % 2 == 0;
    }
    assert_in_range(f->adc.frame_rate_mhz(f->adc.ctx), 9949900, 9950100);
    assert_true(scan_source_counters(&f->source)->lost_frames >= 14);
}

static void tells_the_skew_of_the_scan(void **state)
{
    struct fixture *f = *state;
    read_buffers(f, 2000);
    assert_true(scan_source_delay_s(&f->source, 0) == 0.0);
    const double delay_s = scan_source_delay_s(&f->source, 3);
    assert_true(delay_s > 2.999 / 59700.0 && delay_s < 3.001 / 59700.0);
}

static void is_busy_when_nothing_has_come(void **state)
{
    struct fixture *f = *state;
    struct adc_block block;
    assert_int_equal(f->adc.read(f->adc.ctx, &block), STATUS_BUSY);
    read_buffers(f, 1);
    assert_int_equal(f->adc.read(f->adc.ctx, &block), STATUS_BUSY);
    assert_int_equal(f->frame, WORDS_PER_BUFFER / INPUTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(measures_the_rate_instead_of_believing_it, power_up),
        cmocka_unit_test_setup(keeps_the_rate_when_buffers_and_words_are_lost, power_up),
        cmocka_unit_test_setup(tells_the_skew_of_the_scan, power_up),
        cmocka_unit_test_setup(is_busy_when_nothing_has_come, power_up),
    };
    return cmocka_run_group_tests_name("scan_source", tests, NULL, NULL);
}
