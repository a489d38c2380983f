// SPDX-License-Identifier: MIT
#pragma once

/// One reading: what a meter knows about its channels at the end of one window.
///
/// The device writes it, the batch codec carries it, the server stores it; the scales below are
/// those of the wire, so a reading is the same to the last digit on both sides.
///
/// A reading does not name itself. Its identity is (device, journal_id, seq), see journal.h.

#include <stdint.h>

enum { READING_CHANNEL_COUNT = 8 };

/// Why a reading deserves less trust than others. Bits of reading.quality and of
/// reading_channel.quality; none set means that every sample of the window was seen and sound.
enum reading_quality {
    READING_QUALITY_GAP = 1u << 0, ///< Samples were lost inside the window.
    READING_QUALITY_NO_REFERENCE =
        1u << 1,                       ///< No mains voltage to measure against: P, Q and PF are 0.
    READING_QUALITY_CLIPPED = 1u << 2, ///< A signal touched a rail of the converter.
    READING_QUALITY_PARTIAL = 1u << 3, ///< Shorter than asked for: first or last of a run.
    READING_QUALITY_PHASE_JUMP = 1u << 4, ///< Cycle length jumped inside the window.
    READING_QUALITY_CHANNEL_SWAP = 1u
                                   << 5, ///< The converter's channel tags came in the wrong order.
    READING_QUALITY_MERGED = 1u << 6,    ///< Several windows in one, because storage was slow.
};

/// One channel of a reading. "import" flows from the grid to the load.
struct reading_channel {
    uint32_t voltage_10mv;         ///< Vrms, in steps of 10 mV.
    uint32_t current_100ua;        ///< Irms, in steps of 0.1 mA.
    int32_t active_power_10mw;     ///< P, in steps of 10 mW; negative means exported.
    int32_t reactive_power_10mvar; ///< Q, in steps of 10 mvar; positive means inductive.
    uint32_t apparent_power_10mva; ///< S = Vrms * Irms, in steps of 10 mVA.
    int16_t power_factor_1e4;      ///< P / S in steps of 0.0001, with the sign of P.
    uint16_t quality;              ///< Bits of enum reading_quality.
    int64_t import_mj;             ///< Lifetime register in millijoule; never negative.
    int64_t export_mj;             ///< Lifetime register in millijoule; never negative.
};

struct reading {
    uint64_t uptime_ms;     ///< End of the window, on the device's monotonic clock since boot.
    uint32_t window_us;     ///< Length of the window as measured; the energy belongs to it.
    uint32_t frequency_mhz; ///< Mains frequency in millihertz; 0 without a reference.
    uint16_t quality;       ///< Bits of enum reading_quality that concern all channels.
    uint8_t channels;       ///< Bit n: channel n is measured. Others are all zero.
    uint8_t connected;      ///< Bit n: channel n carries current above its noise.
    struct reading_channel channel[READING_CHANNEL_COUNT];
};

/// Where an anchor's wall-clock time came from, best last.
enum anchor_source {
    ANCHOR_SOURCE_NONE = 0, ///< A guess of the server's, from the time of arrival.
    ANCHOR_SOURCE_SERVER,   ///< The fleet server's acknowledgement.
    ANCHOR_SOURCE_HOST,     ///< The clock of the Linux host the device runs on.
    ANCHOR_SOURCE_SNTP,
};

/// Ties the uptime of one boot to UTC. Readings carry uptime only; anchors turn it into time.
struct anchor {
    uint64_t uptime_ms;
    int64_t utc_ms;          ///< Unix time at `uptime_ms`.
    uint32_t uncertainty_ms; ///< Half width of the interval that holds the true time.
    uint8_t source;          ///< enum anchor_source.
};

enum record_kind {
    RECORD_KIND_READING = 0,
    RECORD_KIND_ANCHOR = 1,
};

/// What a journal keeps and a batch carries under one sequence number.
struct record {
    uint8_t kind; ///< enum record_kind: which member of the union counts.
    union {
        struct reading reading;
        struct anchor anchor;
    };
};
