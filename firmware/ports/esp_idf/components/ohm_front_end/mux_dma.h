// SPDX-License-Identifier: MIT
#pragma once

/// One input of the chip's own converter behind an analogue multiplexer, as an adc_source.
///
/// Sources: as dma_converter.h.
///
/// The converter runs all the time, much faster than the multiplexer is turned. One conversion
/// frame of the DMA is one conversion of the core's mux_scan: the interrupt at its end sets the
/// address for the next one, the first half of a frame is given to settling and to interrupts that
/// come late, and the second half is averaged.
///
///     DMA        a a a a A A A A | b b b b B B B B | ...
///     address   ^ set by the interrupt before
///
/// An interrupt that comes later than that spoils its frame, which is told as lost, as is a frame
/// that found the pool full. A converter that falls silent is started again.

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"
#include "dma_converter.h"
#include "frame_clock.h"
#include "mux_scan.h"
#include "status.h"

enum {
    MUX_DMA_PINS = 4,   ///< Address lines: up to 16 inputs.
    MUX_DMA_MARKS = 64, ///< Frames known to be spoilt, not yet read.
    MUX_DMA_READ_SIZE = 1024,
    MUX_DMA_CONVERSIONS = 512,   ///< Longest scan.
    MUX_DMA_TURNS_PER_S = 12000, ///< Each turn is an interrupt of some 8 microseconds.
};

struct mux_dma_settings {
    uint8_t pin;                       ///< GPIO of ADC1 at the multiplexer's common side.
    uint8_t address_pin[MUX_DMA_PINS]; ///< Lowest bit first.
    uint8_t address_pin_count;
    uint32_t words_per_s;
    uint32_t
        words_per_conversion; ///< A multiple of 4, at least 8; the more, the quieter and slower:
                              ///< frames a second are words_per_s over this and the scan.
    uint32_t ride_ms;         ///< As dma_scan_settings.
    adc_atten_t attenuation;
    struct mux_settings scan; ///< Discards are mostly 0 here.
};

/// Storage for one source, owned by the caller, in internal RAM. Use it only through the functions
/// below.
struct mux_dma {
    struct dma_converter converter;
    struct mux_scan scan;
    struct frame_clock clock; ///< Of conversions.
    uint32_t frame_size;
    uint64_t late_us; ///< Beyond so long after the one before, an interrupt was late.
    uint32_t read;    ///< Conversions that the reader has accounted for.
    uint32_t passed;  ///< Conversions that the clock knows of.
    int64_t heard_us;
    uint32_t untold_frames; ///< Lost before frames that no block has yet.
    bool untold_unknown;
    uint32_t restarts;
    uint32_t size; ///< Bytes in `bytes`, of which `used` were taken.
    uint32_t used;
    uint8_t bytes[MUX_DMA_READ_SIZE];

    // Fixed before the interrupt runs.
    uint8_t address_pin[MUX_DMA_PINS];
    uint8_t address_pin_count;
    uint8_t address[MUX_DMA_CONVERSIONS]; ///< By conversion of the scan.
    uint32_t length;                      ///< Conversions of a scan.
    int64_t frame_us;

    // Written by the interrupt. A conversion is known for what it is when the next one ends.
    _Atomic uint32_t conversions; ///< Known so far.
    _Atomic uint32_t known_us;    ///< Uptime when the last of them ended, modulo 2^32.
    _Atomic uint32_t marks;       ///< Conversions that do not count, so far.
    struct {
        uint32_t conversion;
        bool in_pool; ///< Its words have come, but may be of another input.
    } mark[MUX_DMA_MARKS];
    _Atomic bool marks_lost;
    uint32_t place;       ///< Of the conversion in progress, in the scan.
    int64_t interrupt_us; ///< Of the last interrupt; 0: there was none.
    bool next_is_spoilt;  ///< That interrupt came too late, or it cannot be told.
    bool pending;         ///< A conversion has ended and is not known yet.
    bool pending_spoilt;
    bool pending_in_pool;
    int64_t pending_us;
    _Atomic uint32_t marks_taken; ///< Written by the reader.
};

/// Claims the converter, sets up the address lines and starts. Interrupts come to the core of the
/// caller.
///
/// @return STATUS_INVALID  the scan is longer than MUX_DMA_CONVERSIONS, or as mux_scan_init(), or
///                         there are too few address lines, or too many turns a second; else as
///                         dma_converter_open().
MUST_CHECK enum status mux_dma_open(struct mux_dma *mux, const struct mux_dma_settings *settings);

/// The source as the sampling task wants it; codes are in sixteenths of the converter's. `mux`
/// outlives what is returned.
struct adc_source mux_dma_adc(struct mux_dma *mux);
