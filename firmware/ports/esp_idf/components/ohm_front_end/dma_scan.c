// SPDX-License-Identifier: MIT
#include "dma_scan.h"

#include "esp_attr.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sdkconfig.h"
#include "soc/soc_caps.h"

#if CONFIG_IDF_TARGET_ESP32
#include "hal/adc_ll.h"
#endif

enum {
    FRAMES_PER_S = 200, ///< Wanted: five frames of 5 ms each lie between the DMA and the interrupt.
    FRAME_SIZE_LEAST = 16,
    FRAME_ALIGNMENT = 4, ///< The DMA's, and a pair of an ESP32's words.
};

#if CONFIG_IDF_TARGET_ESP32
static const adc_digi_output_format_t OUTPUT_FORMAT = ADC_DIGI_OUTPUT_FORMAT_TYPE1;
static const enum scan_format SCAN_FORMAT = SCAN_FORMAT_TYPE1;
static const bool PAIRS_ARE_SWAPPED = true;
#elif CONFIG_IDF_TARGET_ESP32C3
static const adc_digi_output_format_t OUTPUT_FORMAT = ADC_DIGI_OUTPUT_FORMAT_TYPE2;
static const enum scan_format SCAN_FORMAT = SCAN_FORMAT_TYPE2_3BITS;
static const bool PAIRS_ARE_SWAPPED = false;
#elif CONFIG_IDF_TARGET_ESP32S3
static const adc_digi_output_format_t OUTPUT_FORMAT = ADC_DIGI_OUTPUT_FORMAT_TYPE2;
static const enum scan_format SCAN_FORMAT = SCAN_FORMAT_TYPE2_4BITS;
static const bool PAIRS_ARE_SWAPPED = false;
#else
#error "hal/adc_types.h describes the words of this chip; dma_scan.c does not know them yet"
#endif

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
    if (adc_continuous_start(scan->handle) != ESP_OK) {
        return STATUS_IO;
    }
#if CONFIG_IDF_TARGET_ESP32
    // After so many conversions the hardware pauses for about two. v5.5 and v5.3 set 10, which
    // takes a fifth of the rate and leaves gaps within scans; their later patches set 255.
    adc_ll_digi_set_convert_limit_num(255);
#endif
    return STATUS_OK;
}

/// Stops the converter, forgets what is in the pool, and starts again.
static enum status restart(struct dma_scan *scan)
{
    scan->restarts++;
    scan->restarted = true;
    if (adc_continuous_stop(scan->handle) == ESP_OK) {
        vTaskDelay(1); // For an interrupt that the other core still serves.
        (void)!adc_continuous_flush_pool(scan->handle);
    }
    return start(scan) == STATUS_OK ? STATUS_BUSY : STATUS_IO;
}

static enum status read_frame(void *ctx, struct scan_buffer *buffer)
{
    struct dma_scan *scan = ctx;
    const uint32_t taken = atomic_load_explicit(&scan->taken, memory_order_relaxed);
    const int64_t now_us = esp_timer_get_time();
    uint32_t size = 0;

    if (taken == atomic_load_explicit(&scan->put, memory_order_acquire)) {
        const bool is_silent = now_us - scan->heard_us > DMA_SCAN_SILENCE_MS * INT64_C(1000);
        return is_silent ? restart(scan) : STATUS_BUSY;
    }
    buffer->filled_us = (uint64_t)scan->stamp[taken % DMA_SCAN_STAMPS].filled_us;
    buffer->overrun = scan->stamp[taken % DMA_SCAN_STAMPS].overrun || scan->restarted;
    // The pool is a whole number of frames, so that none is cut where it wraps round.
    if (adc_continuous_read(scan->handle, buffer->bytes, scan->frame_size, &size, 0) != ESP_OK ||
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

    size -= size % FRAME_ALIGNMENT;
    size = size > FRAME_SIZE_LEAST ? size : FRAME_SIZE_LEAST;
    const uint64_t pool = bytes_per_s * settings->ride_ms / 1000;
    const uint64_t count = pool / size + 1;
    scan->frame_size = (uint32_t)size;
    scan->frame_count = (uint32_t)count;
    return count <= DMA_SCAN_STAMPS;
}

static enum status open_driver(struct dma_scan *scan)
{
    const adc_continuous_handle_cfg_t pool = { .max_store_buf_size =
                                                   scan->frame_size * scan->frame_count,
                                               .conv_frame_size = scan->frame_size };
    switch (adc_continuous_new_handle(&pool, &scan->handle)) {
    case ESP_OK:
        return STATUS_OK;
    case ESP_ERR_NO_MEM:
        return STATUS_FULL;
    case ESP_ERR_NOT_FOUND:
        return STATUS_BUSY;
    default:
        return STATUS_IO;
    }
}

static enum status configure(struct dma_scan *scan, const struct dma_scan_settings *settings,
                             const uint8_t *channel)
{
    adc_digi_pattern_config_t pattern[ADC_INPUT_LIMIT];
    const adc_continuous_config_t config = { .pattern_num = settings->input_count,
                                             .adc_pattern = pattern,
                                             .sample_freq_hz = settings->words_per_s,
                                             .conv_mode = ADC_CONV_SINGLE_UNIT_1,
                                             .format = OUTPUT_FORMAT };
    const adc_continuous_evt_cbs_t callbacks = { .on_conv_done = on_frame,
                                                 .on_pool_ovf = on_overflow };

    for (unsigned input = 0; input < settings->input_count; input++) {
        pattern[input] = (adc_digi_pattern_config_t){ .atten = (uint8_t)settings->attenuation,
                                                      .channel = channel[input],
                                                      .unit = ADC_UNIT_1,
                                                      .bit_width = SOC_ADC_DIGI_MAX_BITWIDTH };
    }
    if (adc_continuous_config(scan->handle, &config) != ESP_OK) {
        return STATUS_INVALID;
    }
    return adc_continuous_register_event_callbacks(scan->handle, &callbacks, scan) == ESP_OK
               ? start(scan)
               : STATUS_IO;
}

enum status dma_scan_open(struct dma_scan *scan, const struct dma_scan_settings *settings)
{
    *scan = (struct dma_scan){ .port = { .read = read_frame, .ctx = scan } };
    struct scan_settings words = { .format = SCAN_FORMAT,
                                   .input_count = settings->input_count,
                                   .words_per_1000s = (uint64_t)settings->words_per_s * 1000,
                                   .pairs_are_swapped = PAIRS_ARE_SWAPPED };

    if (settings->input_count > ADC_INPUT_LIMIT || settings->input_count > SOC_ADC_PATT_LEN_MAX ||
        settings->words_per_s < SOC_ADC_SAMPLE_FREQ_THRES_LOW ||
        settings->words_per_s > SOC_ADC_SAMPLE_FREQ_THRES_HIGH || !set_sizes(scan, settings)) {
        return STATUS_INVALID;
    }
    for (unsigned input = 0; input < settings->input_count; input++) {
        adc_unit_t unit = ADC_UNIT_2;
        adc_channel_t channel = ADC_CHANNEL_0;
        if (adc_continuous_io_to_channel(settings->pin[input], &unit, &channel) != ESP_OK ||
            unit != ADC_UNIT_1) {
            return STATUS_INVALID;
        }
        words.tag[input] = (uint8_t)channel;
    }
    enum status status = scan_source_init(&scan->source, &scan->port, &words);
    if (status == STATUS_OK) {
        status = open_driver(scan);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = configure(scan, settings, words.tag);
    if (status != STATUS_OK) {
        (void)!adc_continuous_deinit(scan->handle);
    }
    return status;
}

struct adc_source dma_scan_adc(struct dma_scan *scan)
{
    return scan_source_adc(&scan->source);
}

uint32_t dma_scan_overflows(const struct dma_scan *scan)
{
    return atomic_load_explicit(&scan->overflows, memory_order_relaxed);
}
