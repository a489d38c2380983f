// SPDX-License-Identifier: MIT
#pragma once

/// The chip's own converter in continuous mode, for the core's scan_source.
///
/// Sources: as dma_converter.h.
///
///   - One conversion frame of the driver is one scan_buffer. Each is stamped by the interrupt that
///     its DMA raised, so the measured rate does not depend on when a task reads.
///   - The pool holds what comes while a task cannot run. It is as long as a typical erase of a
///     flash sector, during which both cores stand still but for code in IRAM.
///   - A frame that found the pool full is counted and told (`overrun` of the buffer after it).
///   - A converter that falls silent, as one does when Wi-Fi takes its clock or the driver times
///     out for ever, is stopped and started again, which is told as an overrun, too.
///
/// What the channel tags say of words that are missing or swapped is the core's business.

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"
#include "dma_converter.h"
#include "scan_source.h"
#include "status.h"

enum { DMA_SCAN_STAMPS = 128 }; ///< Most conversion frames in the pool.

struct dma_scan_settings {
    uint8_t pin[ADC_INPUT_LIMIT]; ///< GPIO of ADC1, by input, in the order of the scan.
    uint8_t input_count;
    uint32_t words_per_s; ///< Conversions a second, all inputs together.
    uint32_t ride_ms;     ///< How long the pool lasts: 100 for a typical erase and some more.
    adc_atten_t attenuation;
};

/// Storage for one converter, owned by the caller, in internal RAM. Use it only through the
/// functions below.
struct dma_scan {
    struct dma_converter converter;
    struct scan_port port;
    struct scan_source source;
    uint32_t frame_size;  ///< Bytes of a conversion frame.
    uint32_t frame_count; ///< Of the pool.
    bool restarted;
    int64_t heard_us; ///< When the last frame was taken, or the converter started.
    uint32_t restarts;

    /// One entry per frame in the pool, in its order.
    struct {
        int64_t filled_us;
        bool overrun;
    } stamp[DMA_SCAN_STAMPS];
    _Atomic uint32_t put;   ///< Written by the interrupt.
    _Atomic uint32_t taken; ///< Written by the reader.

    // The interrupt's own.
    bool pending; ///< A frame was offered to the pool; whether it fitted is not yet known.
    int64_t pending_us;
    bool overran; ///< To be told with the next frame.
    _Atomic uint32_t overflows;
};

/// Claims the converter and starts it. Interrupts come to the core of the caller.
///
/// @return STATUS_INVALID  the pool would be too long; else as dma_converter_open().
MUST_CHECK enum status dma_scan_open(struct dma_scan *scan,
                                     const struct dma_scan_settings *settings);

/// The converter as the sampling task wants it. `scan` outlives what is returned.
struct adc_source dma_scan_adc(struct dma_scan *scan);

/// Frames that found the pool full, since the start.
uint32_t dma_scan_overflows(const struct dma_scan *scan);
