// SPDX-License-Identifier: MIT
#include "recorded_codes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "processing_task.h"
#include "recording.h"
#include "sampling_task.h"

enum status recorded_codes_load(struct recorded_codes *codes, const struct waveform *waveform)
{
    static struct adc_block block;
    const struct recording_settings settings = { .layout = waveform->layout,
                                                 .rate_hz = waveform->rate_hz };
    struct recording *recording;
    enum status status = recording_open(waveform->path, &settings, &recording);
    if (status != STATUS_OK) {
        return status;
    }
    *codes = (struct recorded_codes){ .waveform = waveform };
    codes->source = recording_source(recording);
    while (codes->source.read(codes->source.ctx, &block) == STATUS_OK) {
        if (codes->count + block.frame_count > RECORDED_CODES_LIMIT) {
            status = STATUS_FULL;
            break;
        }
        memcpy(codes->voltage + codes->count, block.code[0], block.frame_count * sizeof(int32_t));
        memcpy(codes->current + codes->count, block.code[1], block.frame_count * sizeof(int32_t));
        codes->count += block.frame_count;
    }
    recording_close(recording);
    return status;
}

static enum status read_codes(void *ctx, struct adc_block *block)
{
    struct recorded_codes *codes = ctx;
    const size_t left = codes->count - codes->next;
    const size_t count = left < ADC_FRAME_LIMIT ? left : ADC_FRAME_LIMIT;
    if (count == 0) {
        return STATUS_MISSING;
    }
    *block = (struct adc_block){ .frame_count = (uint32_t)count };
    memcpy(block->code[0], codes->voltage + codes->next, count * sizeof(int32_t));
    memcpy(block->code[1], codes->current + codes->next, count * sizeof(int32_t));
    codes->next += count;
    return STATUS_OK;
}

static uint64_t rate_of_codes(void *ctx)
{
    const struct recorded_codes *codes = ctx;
    return (uint64_t)(codes->waveform->rate_hz * 1000.0 + 0.5);
}

struct hand {
    void (*reading)(void *ctx, const struct reading *);
    void *ctx;
};

static enum status hand_over(void *ctx, const struct reading *reading)
{
    const struct hand *hand = ctx;
    hand->reading(hand->ctx, reading);
    return STATUS_OK;
}

void recorded_codes_meter(struct recorded_codes *codes, size_t start, double voltage_scale,
                          double current_scale, void (*reading)(void *ctx, const struct reading *),
                          void *ctx)
{
    static struct sampling_task sampling;
    static struct processing_task processing;
    static struct cycle_window slots[SAMPLING_TASK_WINDOWS];
    struct ring ring;
    struct hand hand = { .reading = reading, .ctx = ctx };
    const struct reading_sink sink = { .commit = hand_over, .ctx = &hand };
    const struct waveform *waveform = codes->waveform;
    const struct wiring wiring = wiring_of_one_voltage(1, waveform->volts_per_code * voltage_scale,
                                                       waveform->amperes_per_code * current_scale);
    const struct sampling_settings sampling_settings = sampling_settings_default();
    const struct processing_settings settings = processing_settings_default();
    const struct adc_source source = { .input_count = 2,
                                       .code_min = INT16_MIN,
                                       .code_max = INT16_MAX,
                                       .read = read_codes,
                                       .frame_rate_mhz = rate_of_codes,
                                       .ctx = codes };
    codes->next = start;
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], SAMPLING_TASK_WINDOWS), STATUS_OK);
    assert_int_equal(sampling_task_init(&sampling, &source, &wiring, &ring, &sampling_settings),
                     STATUS_OK);
    assert_int_equal(processing_task_init(&processing, &wiring, &ring, &sink, &settings, NULL),
                     STATUS_OK);
    if (codes->calibration != NULL) {
        processing_task_calibrate(&processing, codes->calibration);
    }
    if (codes->watcher != NULL) {
        assert_int_equal(processing_task_watch(&processing, codes->watcher), STATUS_OK);
    }
    if (codes->tap != NULL) {
        assert_int_equal(sampling_task_add_tap(&sampling, codes->tap), STATUS_OK);
    }
    uint64_t now_us = 0;
    while (sampling_task_step(&sampling, now_us) != STATUS_MISSING) {
        now_us = (uint64_t)((double)sampling.counters.frames * 1e6 / waveform->rate_hz);
        assert_int_equal(processing_task_step(&processing), STATUS_OK);
    }
    assert_int_equal(processing_task_flush(&processing), STATUS_OK);
}
