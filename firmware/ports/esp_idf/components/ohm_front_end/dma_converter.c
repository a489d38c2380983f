// SPDX-License-Identifier: MIT
#include "dma_converter.h"

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sdkconfig.h"
#include "soc/soc_caps.h"

#if CONFIG_IDF_TARGET_ESP32
#include "hal/adc_ll.h"
#endif

#if CONFIG_IDF_TARGET_ESP32
static const adc_digi_output_format_t OUTPUT_FORMAT = ADC_DIGI_OUTPUT_FORMAT_TYPE1;
static const enum scan_format SCAN_FORMAT = SCAN_FORMAT_TYPE1;
#elif CONFIG_IDF_TARGET_ESP32C3
static const adc_digi_output_format_t OUTPUT_FORMAT = ADC_DIGI_OUTPUT_FORMAT_TYPE2;
static const enum scan_format SCAN_FORMAT = SCAN_FORMAT_TYPE2_3BITS;
#elif CONFIG_IDF_TARGET_ESP32S3
static const adc_digi_output_format_t OUTPUT_FORMAT = ADC_DIGI_OUTPUT_FORMAT_TYPE2;
static const enum scan_format SCAN_FORMAT = SCAN_FORMAT_TYPE2_4BITS;
#else
#error "hal/adc_types.h describes the words of this chip; dma_converter.c does not know them yet"
#endif

enum scan_format dma_converter_format(void)
{
    return SCAN_FORMAT;
}

bool dma_converter_swaps_pairs(void)
{
    return SCAN_FORMAT == SCAN_FORMAT_TYPE1;
}

static enum status find_channels(struct dma_converter *converter,
                                 const struct dma_converter_settings *settings)
{
    if (settings->input_count > ADC_INPUT_LIMIT || settings->input_count > SOC_ADC_PATT_LEN_MAX ||
        settings->words_per_s < SOC_ADC_SAMPLE_FREQ_THRES_LOW ||
        settings->words_per_s > SOC_ADC_SAMPLE_FREQ_THRES_HIGH) {
        return STATUS_INVALID;
    }
    for (unsigned input = 0; input < settings->input_count; input++) {
        adc_unit_t unit = ADC_UNIT_2;
        adc_channel_t channel = ADC_CHANNEL_0;
        if (adc_continuous_io_to_channel(settings->pin[input], &unit, &channel) != ESP_OK ||
            unit != ADC_UNIT_1) {
            return STATUS_INVALID;
        }
        converter->channel[input] = (uint8_t)channel;
    }
    return STATUS_OK;
}

static enum status claim(struct dma_converter *converter,
                         const struct dma_converter_settings *settings)
{
    const adc_continuous_handle_cfg_t pool = { .max_store_buf_size =
                                                   settings->frame_size * settings->frame_count,
                                               .conv_frame_size = settings->frame_size };
    switch (adc_continuous_new_handle(&pool, &converter->handle)) {
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

static enum status configure(const struct dma_converter *converter,
                             const struct dma_converter_settings *settings)
{
    adc_digi_pattern_config_t pattern[ADC_INPUT_LIMIT];
    const adc_continuous_config_t config = { .pattern_num = settings->input_count,
                                             .adc_pattern = pattern,
                                             .sample_freq_hz = settings->words_per_s,
                                             .conv_mode = ADC_CONV_SINGLE_UNIT_1,
                                             .format = OUTPUT_FORMAT };

    for (unsigned input = 0; input < settings->input_count; input++) {
        pattern[input] = (adc_digi_pattern_config_t){ .atten = (uint8_t)settings->attenuation,
                                                      .channel = converter->channel[input],
                                                      .unit = ADC_UNIT_1,
                                                      .bit_width = SOC_ADC_DIGI_MAX_BITWIDTH };
    }
    return adc_continuous_config(converter->handle, &config) == ESP_OK &&
                   adc_continuous_register_event_callbacks(converter->handle, &settings->callbacks,
                                                           settings->ctx) == ESP_OK
               ? STATUS_OK
               : STATUS_IO;
}

enum status dma_converter_open(struct dma_converter *converter,
                               const struct dma_converter_settings *settings)
{
    *converter = (struct dma_converter){ .handle = NULL };
    enum status status = find_channels(converter, settings);
    if (status == STATUS_OK) {
        status = claim(converter, settings);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = configure(converter, settings);
    if (status != STATUS_OK) {
        (void)adc_continuous_deinit(converter->handle);
        converter->handle = NULL;
    }
    return status;
}

enum status dma_converter_start(struct dma_converter *converter)
{
    if (adc_continuous_start(converter->handle) != ESP_OK) {
        return STATUS_IO;
    }
#if CONFIG_IDF_TARGET_ESP32
    // After so many conversions the hardware pauses for about two. v5.5.0 and v5.3.0 set 10, which
    // takes a fifth of the rate and leaves gaps within scans; their later patches set 255.
    adc_ll_digi_set_convert_limit_num(255);
#endif
    return STATUS_OK;
}

void dma_converter_stop(struct dma_converter *converter)
{
    if (adc_continuous_stop(converter->handle) == ESP_OK) {
        vTaskDelay(1); // For an interrupt that the other core still serves.
        (void)adc_continuous_flush_pool(converter->handle);
    }
}
