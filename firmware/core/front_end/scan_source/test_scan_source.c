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
    bool swaps_pairs;    ///< Words come as an ESP32 writes them.
    unsigned late;       ///< So many interrupts are as late as the one after them.
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
        const uint64_t at =
            dma->swaps_pairs ? (dma->words & ~UINT64_C(1)) | (n % 2 == 0 ? 1 : 0) : dma->words;
        const unsigned word = (unsigned)((at % INPUTS) << 12 | (at / INPUTS & 0xfffu));
        buffer->bytes[buffer->size++] = (uint8_t)word;
        buffer->bytes[buffer->size++] = (uint8_t)(word >> 8);
    }
    const uint64_t known_at = dma->words + (uint64_t)dma->late * WORDS_PER_BUFFER;
    dma->late -= dma->late > 0 ? 1 : 0;
    buffer->filled_us = known_at * 1000000 / REAL_WORDS_PER_S;
    return STATUS_OK;
}

struct fixture {
    struct fake_dma dma;
    struct scan_source source;
    struct adc_source adc;
    uint64_t frame; ///< The frame that should come next.
};

static int start(void **state, bool swaps_pairs)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.dma.port = (struct scan_port){ .read = fake_read, .ctx = &f.dma };
    f.dma.swaps_pairs = swaps_pairs;
    const struct scan_settings settings = { .format = SCAN_FORMAT_TYPE1,
                                            .tag = { 0, 1, 2, 3, 4, 5 },
                                            .input_count = INPUTS,
                                            .words_per_1000s = 60000000,
                                            .pairs_are_swapped = swaps_pairs };
    *state = &f;
    if (scan_source_init(&f.source, &f.dma.port, &settings) != STATUS_OK) {
        return -1;
    }
    f.adc = scan_source_adc(&f.source);
    return 0;
}

static int power_up(void **state)
{
    return start(state, false);
}

static int power_up_swapped(void **state)
{
    return start(state, true);
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
    assert_true(scan_source_adc(&f->source).input_spacing_s == scan_source_delay_s(&f->source, 1));
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

static void puts_swapped_pairs_in_the_order_of_their_conversion(void **state)
{
    struct fixture *f = *state;
    read_buffers(f, 100);
    assert_int_equal(f->frame, 100 * WORDS_PER_BUFFER / INPUTS);
    assert_int_equal(scan_source_counters(&f->source)->swaps, 0);
    assert_int_equal(scan_source_counters(&f->source)->alien_words, 0);
}

/// Reads `buffers` buffers. @return how many blocks told of a hole of unknown length.
static unsigned count_unknown(struct fixture *f, unsigned buffers)
{
    struct adc_block block;
    unsigned unknown = 0;
    f->dma.buffers_before_busy = buffers;
    while (f->adc.read(f->adc.ctx, &block) == STATUS_OK) {
        unknown += block.lost_unknown ? 1 : 0;
    }
    return unknown;
}

/// Lets whole scans vanish without a word from the driver, as a DMA does that writes in a circle.
static void sees_by_the_clock_that_the_dma_has_lapped_its_interrupt(void **state)
{
    struct fixture *f = *state;
    read_buffers(f, 2000);
    for (unsigned n = 1; n <= 5; n++) {
        f->dma.lose_words = UINT64_C(5) * WORDS_PER_BUFFER;
        assert_int_equal(count_unknown(f, 2), 1); // With the second buffer after the hole.
        assert_int_equal(count_unknown(f, 2000), 0);
        assert_int_equal(f->source.laps, n);
    }
    assert_in_range(f->adc.frame_rate_mhz(f->adc.ctx), 9949900, 9950100);
}

static void takes_late_interrupts_for_what_they_are(void **state)
{
    struct fixture *f = *state;
    read_buffers(f, 2000);
    for (unsigned n = 0; n < 50; n++) {
        f->dma.late = n % 5;
        read_buffers(f, 20 + n);
    }
    assert_int_equal(f->source.laps, 0);
    assert_int_equal(scan_source_counters(&f->source)->lost_frames, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(measures_the_rate_instead_of_believing_it, power_up),
        cmocka_unit_test_setup(keeps_the_rate_when_buffers_and_words_are_lost, power_up),
        cmocka_unit_test_setup(tells_the_skew_of_the_scan, power_up),
        cmocka_unit_test_setup(is_busy_when_nothing_has_come, power_up),
        cmocka_unit_test_setup(puts_swapped_pairs_in_the_order_of_their_conversion,
                               power_up_swapped),
        cmocka_unit_test_setup(sees_by_the_clock_that_the_dma_has_lapped_its_interrupt, power_up),
        cmocka_unit_test_setup(takes_late_interrupts_for_what_they_are, power_up),
    };
    return cmocka_run_group_tests_name("scan_source", tests, NULL, NULL);
}
