// SPDX-License-Identifier: MIT
#include "dma_scan.h"

#include <string.h>

#include "esp_attr.h"
#include "esp_timer.h"
#include "soc/soc_caps.h"

enum {
    FRAMES_PER_S = 200, ///< Wanted: five frames of 5 ms each lie between the DMA and the interrupt.
    FRAME_SIZE_LEAST = 16,
};

/// The frame that was offered has found room in the pool.
static void IRAM_ATTR keep_pending(struct dma_scan *scan)
{
    if (!scan->pending) {
        return;
    }
    const uint32_t put = atomic_load_explicit(&scan->put, memory_order_relaxed);
    scan->stamp[put % DMA_SCAN_STAMPS].filled_us = scan->pending_us;
    scan->stamp[put % DMA_SCAN_STAMPS].overrun = scan->overran;
    scan->pending = false;
    scan->overran = false;
    atomic_store_explicit(&scan->put, put + 1, memory_order_release);
}

/// Comes after the driver has offered a frame to the pool, and before on_overflow() tells that it
/// did not fit. So each frame is made known with the one after it.
static bool IRAM_ATTR on_frame(adc_continuous_handle_t handle,
                               const adc_continuous_evt_data_t *event, void *ctx)
{
    struct dma_scan *scan = ctx;
    (void)handle;
    (void)event;
    keep_pending(scan);
    scan->pending = true;
    scan->pending_us = esp_timer_get_time();
    return false;
}

static bool IRAM_ATTR on_overflow(adc_continuous_handle_t handle,
                                  const adc_continuous_evt_data_t *event, void *ctx)
{
    struct dma_scan *scan = ctx;
    (void)handle;
    (void)event;
    const uint32_t overflows = atomic_load_explicit(&scan->overflows, memory_order_relaxed);
    atomic_store_explicit(&scan->overflows, overflows + 1, memory_order_relaxed);
    scan->pending = false;
    scan->overran = true;
    return false;
}

static enum status start(struct dma_scan *scan)
{
    scan->pending = false;
    scan->overran = false;
    atomic_store(&scan->put, 0);
    atomic_store(&scan->taken, 0);
    scan->heard_us = esp_timer_get_time();
    return dma_converter_start(&scan->converter);
}

static enum status restart(struct dma_scan *scan)
{
    scan->restarts++;
    scan->restarted = true;
    dma_converter_stop(&scan->converter);
    return start(scan) == STATUS_OK ? STATUS_BUSY : STATUS_IO;
}

static enum status read_frame(void *ctx, struct scan_buffer *buffer)
{
    struct dma_scan *scan = ctx;
    const uint32_t taken = atomic_load_explicit(&scan->taken, memory_order_relaxed);
    const int64_t now_us = esp_timer_get_time();
    uint32_t size = 0;

    if (taken == atomic_load_explicit(&scan->put, memory_order_acquire)) {
        const bool is_silent = now_us - scan->heard_us > DMA_CONVERTER_SILENCE_MS * INT64_C(1000);
        return is_silent ? restart(scan) : STATUS_BUSY;
    }
    buffer->filled_us = (uint64_t)scan->stamp[taken % DMA_SCAN_STAMPS].filled_us;
    buffer->overrun = scan->stamp[taken % DMA_SCAN_STAMPS].overrun || scan->restarted;
    // The pool is a whole number of frames, so that none is cut where it wraps round.
    if (adc_continuous_read(scan->converter.handle, buffer->bytes, scan->frame_size, &size, 0) !=
            ESP_OK ||
        size != scan->frame_size) {
        return restart(scan);
    }
    buffer->size = size;
    scan->restarted = false;
    scan->heard_us = now_us;
    atomic_store_explicit(&scan->taken, taken + 1, memory_order_release);
    return STATUS_OK;
}

/// Sizes of frame and pool from the rate. @return false  the pool would be too long.
static bool set_sizes(struct dma_scan *scan, const struct dma_scan_settings *settings)
{
    const uint64_t bytes_per_s = (uint64_t)settings->words_per_s * SOC_ADC_DIGI_RESULT_BYTES;
    const uint64_t wanted = bytes_per_s / FRAMES_PER_S;
    uint64_t size = wanted < SCAN_BUFFER_SIZE ? wanted : SCAN_BUFFER_SIZE;

    size -= size % DMA_CONVERTER_ALIGNMENT;
    size = size > FRAME_SIZE_LEAST ? size : FRAME_SIZE_LEAST;
    const uint64_t pool = bytes_per_s * settings->ride_ms / 1000;
    const uint64_t count = pool / size + 1;
    scan->frame_size = (uint32_t)size;
    scan->frame_count = (uint32_t)count;
    return count <= DMA_SCAN_STAMPS;
}

enum status dma_scan_open(struct dma_scan *scan, const struct dma_scan_settings *settings)
{
    *scan = (struct dma_scan){ .port = { .read = read_frame, .ctx = scan } };
    if (settings->input_count > ADC_INPUT_LIMIT || !set_sizes(scan, settings)) {
        return STATUS_INVALID;
    }
    struct dma_converter_settings converter = {
        .input_count = settings->input_count,
        .words_per_s = settings->words_per_s,
        .frame_size = scan->frame_size,
        .frame_count = scan->frame_count,
        .attenuation = settings->attenuation,
        .callbacks = { .on_conv_done = on_frame, .on_pool_ovf = on_overflow },
        .ctx = scan,
    };
    memcpy(converter.pin, settings->pin, sizeof converter.pin);
    enum status status = dma_converter_open(&scan->converter, &converter);
    if (status != STATUS_OK) {
        return status;
    }
    struct scan_settings words = { .format = dma_converter_format(),
                                   .input_count = settings->input_count,
                                   .words_per_1000s = (uint64_t)settings->words_per_s * 1000,
                                   .pairs_are_swapped = dma_converter_swaps_pairs() };
    memcpy(words.tag, scan->converter.channel, sizeof words.tag);
    status = scan_source_init(&scan->source, &scan->port, &words);
    return status == STATUS_OK ? start(scan) : status;
}

struct adc_source dma_scan_adc(struct dma_scan *scan)
{
    return scan_source_adc(&scan->source);
}

uint32_t dma_scan_overflows(const struct dma_scan *scan)
{
    return atomic_load_explicit(&scan->overflows, memory_order_relaxed);
}
