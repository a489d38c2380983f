// SPDX-License-Identifier: MIT
#pragma once

/// The chip's own converter in continuous mode: what dma_scan and mux_dma have in common.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_adc/adc_continuous.h with adc_continuous.c, hal/adc_types.h
/// and soc/soc_caps.h; the Programming Guide's "ADC Continuous Mode Driver".
///
/// The driver is to be built with CONFIG_ADC_CONTINUOUS_ISR_IRAM_SAFE: the DMA writes five frames
/// in a circle, and while a flash sector is erased only code in IRAM runs.

#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"
#include "esp_adc/adc_continuous.h"
#include "scan_unpack.h"
#include "status.h"

enum {
    DMA_CONVERTER_ALIGNMENT = 4,    ///< Frames are multiples of it: the DMA's, and a pair of words.
    DMA_CONVERTER_SILENCE_MS = 200, ///< After so long without an interrupt, start it again.
};

struct dma_converter_settings {
    uint8_t pin[ADC_INPUT_LIMIT]; ///< GPIO of ADC1, by input, in the order of the scan.
    uint8_t input_count;
    uint32_t words_per_s; ///< Conversions a second, all inputs together.
    uint32_t frame_size;  ///< Bytes from one interrupt to the next.
    uint32_t frame_count; ///< Of the pool that holds what no task has read yet.
    adc_atten_t attenuation;
    adc_continuous_evt_cbs_t callbacks; ///< In IRAM, as all that they touch is in internal RAM.
    void *ctx;                          ///< Theirs.
};

struct dma_converter {
    adc_continuous_handle_t handle;
    uint8_t channel[ADC_INPUT_LIMIT]; ///< By input.
};

/// Claims the converter, which does not run yet. Interrupts come to the core of the caller.
///
/// @return STATUS_INVALID  a pin is none of ADC1's, or the rate is outside of what the chip can do
///                         (SOC_ADC_SAMPLE_FREQ_THRES_LOW to _HIGH);
///         STATUS_BUSY     the DMA (an ESP32's I2S0) is in use;  STATUS_FULL  no memory;
///         STATUS_IO       the driver refuses.
MUST_CHECK enum status dma_converter_open(struct dma_converter *converter,
                                          const struct dma_converter_settings *settings);

MUST_CHECK enum status dma_converter_start(struct dma_converter *converter);

/// Stops it and empties the pool. No callback runs once this has returned.
void dma_converter_stop(struct dma_converter *converter);

/// How the chip writes its words.
enum scan_format dma_converter_format(void);

/// Whether the later word of each 32 bits comes first.
bool dma_converter_swaps_pairs(void);
