// SPDX-License-Identifier: MIT
#pragma once

/// One converter behind an analogue multiplexer: which input when, and which results count.
///
/// The converter runs from a timer. After every conversion the address for the next one is set;
/// results that were taken while the input still settled, or that the converter's pipeline still
/// held of the input before, are discarded:
///
///     address  0 0 0 1 1 1 2 2 2 0 ...        discards = 2
///     result   - - a - - b - - c - ...        one frame: a b c
///
/// A multiplexer carries no tags. Whoever counts conversions tells of those that were lost, and the
/// place in the scan is kept by counting.

#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"
#include "status.h"

enum { MUX_DISCARD_LIMIT = 63 };

struct mux_settings {
    uint8_t address[ADC_INPUT_LIMIT]; ///< Of the multiplexer, by input, in the order of the scan.
    uint8_t input_count;
    uint8_t discards; ///< Results after each change of address that do not count.
};

/// Storage for one scan, owned by the caller. Use it only through the functions below.
struct mux_scan {
    struct mux_settings settings;
    uint32_t position; ///< Conversions of the scan in progress.
    uint32_t length;   ///< Conversions of a scan.
    bool is_spoilt;    ///< A conversion of the scan in progress was lost.
    uint32_t lost_frames;
    bool lost_unknown;
    int32_t code[ADC_INPUT_LIMIT];
};

/// Starts at the beginning of a scan.
///
/// @return STATUS_INVALID  no inputs or too many, or too many discards.
MUST_CHECK enum status mux_scan_init(struct mux_scan *scan, const struct mux_settings *settings);

/// The address that belongs to the next conversion.
uint8_t mux_scan_address(const struct mux_scan *scan);

/// Begins a block with what was lost since the last one.
void mux_scan_open(struct mux_scan *scan, struct adc_block *block);

/// Takes the result of one conversion; true when the block is complete: full, or a hole follows.
bool mux_scan_take(struct mux_scan *scan, int32_t code, struct adc_block *block);

/// `conversions` results were lost, while the address went on as if they had come. 0: it is not
/// known how many; the scan begins anew. Deliver the block in hand before, and open the next one
/// afterwards.
void mux_scan_lose(struct mux_scan *scan, uint32_t conversions);

/// How much later than the beginning of the frame `input` is converted, as a share of a frame.
double mux_scan_delay(const struct mux_scan *scan, unsigned input);

/// Frames that a converter of so many conversions gives, in the same unit of time.
uint64_t mux_scan_frame_rate(const struct mux_scan *scan, uint64_t conversion_rate);
