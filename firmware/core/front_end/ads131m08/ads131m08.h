// SPDX-License-Identifier: MIT
#pragma once

/// A Texas Instruments ADS131M08, eight simultaneous delta-sigma converters of 24 bits, as an
/// adc_source (data sheet SBAS950B).
///
/// The port reads one frame at each falling edge of DRDY and queues it with the number of that
/// edge; frames are looked at here:
///   - every frame that was lost, by a CRC error or because nobody read in time, is counted;
///   - a chip that has reset itself, has lost its settings or is silent is set up again, and the
///     hole is told as one of unknown length;
///   - the rate of frames is measured against the uptime clock.

#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"
#include "ads131m08_frame.h"
#include "frame_clock.h"
#include "status.h"

enum {
    ADS131M08_SILENCE_US = 50000,  ///< Without a conversion for so long, the chip is set up again.
    ADS131M08_SETTLING_FRAMES = 3, ///< Not used after a start: the filter is of third order.
};

/// Oversampling: frames a second are half the clock divided by 128 << osr.
enum ads131m08_osr {
    ADS131M08_OSR_128 = 0,
    ADS131M08_OSR_256,
    ADS131M08_OSR_512,
    ADS131M08_OSR_1024,
    ADS131M08_OSR_2048,
    ADS131M08_OSR_4096,
    ADS131M08_OSR_8192,
    ADS131M08_OSR_16384, ///< 16256 in truth.
};

struct ads131m08_raw {
    uint32_t edge; ///< Falling edges of DRDY so far, the one that this frame belongs to included.
    uint64_t edge_us; ///< Uptime at that edge.
    uint8_t bytes[ADS131M08_FRAME_SIZE];
};

/// What the driver needs from the board. A port fills this in once and keeps it alive.
struct ads131m08_port {
    /// Pulls SYNC/RESET low for more than 2048 clocks and waits until the chip answers.
    void (*reset)(void *ctx);

    /// Exchanges one frame, for setting up: nothing is read at edges meanwhile.
    MUST_CHECK enum status (*transfer)(void *ctx, const uint8_t out[ADS131M08_FRAME_SIZE],
                                       uint8_t in[ADS131M08_FRAME_SIZE]);

    /// Reads a frame of NULL commands at each edge from now on, or stops to. Starting empties the
    /// queue.
    void (*stream)(void *ctx, bool on);

    /// Gives the oldest frame that was read at an edge.
    ///
    /// @return STATUS_BUSY  there is none.
    MUST_CHECK enum status (*next)(void *ctx, struct ads131m08_raw *raw);

    /// Reads two frames at once and throws them away, and tells the number of the last edge before.
    /// The chip keeps two conversions, so that after a missed one every read is late by one.
    uint32_t (*drain)(void *ctx);

    uint64_t (*uptime_us)(void *ctx);

    void *ctx;
};

struct ads131m08_settings {
    uint32_t clock_hz; ///< At CLKIN, 8192000 for whole rates.
    enum ads131m08_osr osr;
    uint8_t gain_log2[ADS131M08_CHANNELS]; ///< 0 to 7: gains of 1 to 128.
};

struct ads131m08_counters {
    uint64_t frames;      ///< Sound ones.
    uint64_t lost_frames; ///< Known to be lost.
    uint64_t crc_errors;
    uint64_t missed_edges; ///< Edges at which nobody read.
    uint64_t stale_frames; ///< Frames without new codes.
    uint64_t setups;       ///< Times that the chip was set up.
};

/// Storage for one driver, owned by the caller. Use it only through the functions below.
struct ads131m08 {
    const struct ads131m08_port *port;
    struct ads131m08_settings settings;
    struct ads131m08_counters counters;
    struct frame_clock clock;
    bool is_set_up;
    bool has_edge;      ///< `last_edge` counts.
    uint32_t last_edge; ///< Of the last frame that was looked at.
    uint32_t settling;  ///< Frames still to be left out.
    bool is_draining;   ///< Frames up to edge `drained` are late.
    uint32_t drained;
    uint64_t heard_us;    ///< Uptime of the last frame, or of the set-up.
    uint32_t lost_frames; ///< To be told with the next block.
    bool lost_unknown;
};

/// Binds the driver to its port, which outlives it, and sets up the chip.
///
/// @return STATUS_INVALID  a setting is out of range;
///         STATUS_IO       the chip does not answer as an ADS131M08 does. The driver may be used
///                         all the same: it tries again.
MUST_CHECK enum status ads131m08_init(struct ads131m08 *driver, const struct ads131m08_port *port,
                                      const struct ads131m08_settings *settings);

/// The driver as the sampling task wants it. `driver` outlives what is returned. A read that finds
/// the chip lost sets it up, which takes a dozen frames.
struct adc_source ads131m08_adc(struct ads131m08 *driver);
