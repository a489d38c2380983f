// SPDX-License-Identifier: MIT
#pragma once

/// The ESP32's own converter, scanning by DMA, as an adc_source.
///
/// The port hands over buffers as the DMA fills them, stamped with the uptime; everything else
/// happens here. The rate of frames is measured, because the converter's divider is not exact and
/// differs by model.
///
/// A DMA that writes in a circle tells nobody when it has lapped an interrupt that came too late.
/// It is seen by the time stamps once the rate is measured: interrupts that were only late are
/// followed by a burst of buffers that makes up for it, a lap is not.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adc_source.h"
#include "frame_clock.h"
#include "scan_unpack.h"
#include "status.h"

enum {
    SCAN_BUFFER_SIZE = 1024, ///< Bytes that the port hands over at once, at most.
    SCAN_CODE_MAX = 4095,
};

struct scan_buffer {
    size_t size;
    uint64_t filled_us; ///< Uptime when its last word was converted, taken by the interrupt.
    bool overrun;       ///< The driver had no room and dropped words before this buffer.
    uint8_t bytes[SCAN_BUFFER_SIZE];
};

/// What the port gives. ESP-IDF: adc_continuous_read(), and on_pool_ovf for `overrun`.
struct scan_port {
    /// Copies the oldest buffer that was filled, never waiting for one.
    ///
    /// @return STATUS_BUSY  none was filled;
    ///         STATUS_IO    the driver failed.
    MUST_CHECK enum status (*read)(void *ctx, struct scan_buffer *buffer);

    void *ctx;
};

struct scan_settings {
    enum scan_format format;
    uint8_t tag[ADC_INPUT_LIMIT]; ///< By input, in the order of the scan.
    uint8_t input_count;
    uint64_t words_per_1000s; ///< The rate of conversions that the driver was asked for.

    /// Words of 16 bits come with the later one of each 32 bits first, as an ESP32's I2S writes
    /// them (ESP-IDF Programming Guide, "Inter-IC Sound", reading in 16-bit mono mode). Buffers are
    /// then whole 32-bit words.
    bool pairs_are_swapped;
};

/// Storage for one source, owned by the caller. Use it only through the functions below.
struct scan_source {
    const struct scan_port *port;
    struct scan_unpack unpack;
    struct frame_clock clock;
    struct scan_buffer buffer;
    size_t used;             ///< Bytes of the buffer that were unpacked.
    uint64_t clocked_frames; ///< Frames that the clock knows of.
    uint64_t missing_words;  ///< As counted when the clock was told last.
    bool pairs_are_swapped;
    uint64_t stamp_us; ///< Of the buffer before; 0: there was none, or a hole was told.
    uint64_t late_us;  ///< How much later buffers come than the rate explains.
    uint64_t laps;     ///< Holes that only the time stamps told.
};

/// Binds the source to its port, which outlives it.
///
/// @return STATUS_INVALID  as scan_unpack_init(), or the rate is 0.
MUST_CHECK enum status scan_source_init(struct scan_source *source, const struct scan_port *port,
                                        const struct scan_settings *settings);

/// The source as the sampling task wants it. `source` outlives what is returned.
struct adc_source scan_source_adc(struct scan_source *source);

/// How much later than the first input of a frame `input` is converted, in seconds: one conversion
/// per place in the scan. For calibration_input.delay_s.
double scan_source_delay_s(const struct scan_source *source, unsigned input);

/// What went wrong so far.
const struct scan_counters *scan_source_counters(const struct scan_source *source);
