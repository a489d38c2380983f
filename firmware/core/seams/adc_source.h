// SPDX-License-Identifier: MIT
#pragma once

/// Where raw samples come from: an ESP32's own converter, an external one, a recording, a
/// synthesizer.
///
/// A frame holds one code per input, taken in scan order. Codes are signed after the port has
/// subtracted mid-scale, or unsigned as they come: the metering removes the offset itself. They fit
/// 24 bits with sign; a port to a wider converter drops the bits below its noise.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum {
    ADC_INPUT_LIMIT =
        OHM_ADC_INPUTS,    ///< So many inputs this build has room for: seams/CMakeLists.txt.
    ADC_INPUT_MOST = 16,   ///< No build has more: sets of inputs travel as bits of a uint16_t.
    ADC_FRAME_LIMIT = 128, ///< Most frames in one block.
};

_Static_assert(ADC_INPUT_LIMIT >= 2 && (int)ADC_INPUT_LIMIT <= (int)ADC_INPUT_MOST,
               "a voltage and a current at least");

/// A run of frames without a hole. Holes lie between blocks and are counted.
struct adc_block {
    uint32_t frame_count;
    uint32_t lost_frames; ///< Frames lost right before this block; 0 when it follows on.
    bool lost_unknown;    ///< The stream restarted: how much was lost before is not known.
    bool channel_swap; ///< Channel tags did not come in scan order; the codes are not to be used.
    uint16_t clipped;  ///< Bit n: input n touched a rail. The sampling task's to tell, whatever a
                       ///< source leaves here: taps see codes that were straightened since.
    int32_t code[ADC_INPUT_LIMIT][ADC_FRAME_LIMIT]; ///< By input, so that each is one straight run.
};

struct adc_source {
    uint8_t input_count;    ///< Codes per frame.
    int32_t code_min;       ///< Lower rail; codes within a few steps of a rail count as clipped.
    int32_t code_max;       ///< Upper rail.
    double input_spacing_s; ///< From one input of a frame to the next; 0: all are sampled at once.

    /// Fills `*block` with what has arrived, never waiting for more.
    ///
    /// @return STATUS_BUSY     nothing has arrived yet;
    ///         STATUS_MISSING  the source has ended and will never deliver again;
    ///         STATUS_IO       the converter failed; a later call may succeed.
    MUST_CHECK enum status (*read)(void *ctx, struct adc_block *block);

    /// The rate at which frames arrive, in millihertz, measured where the port can measure it.
    uint64_t (*frame_rate_mhz)(void *ctx);

    void *ctx;
};
