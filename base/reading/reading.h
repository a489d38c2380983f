// SPDX-License-Identifier: MIT
#pragma once

/// One reading: what a meter knows about its channels at the end of one window.
///
/// The device writes it, the batch codec carries it, the server stores it; the scales below are
/// those of the wire, so a reading is the same to the last digit on both sides.
///
/// A reading does not name itself. Its identity is (device, journal_id, seq), see journal.h.

#include <stdint.h>

enum {
    READING_CHANNEL_COUNT = 8,
    READING_RATE_COUNT = 4,     ///< Tariff rates.
    READING_QUADRANT_COUNT = 4, ///< Of active and reactive power; element 0 is quadrant I.
};

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
    READING_QUALITY_DRIFT =
        1u << 7, ///< The converter's rate or zero has moved away from what it was.
    READING_QUALITY_FLAGGED =
        1u << 8,                     ///< A dip, swell or interruption touched it (IEC 61000-4-30).
    READING_QUALITY_CREEP = 1u << 9, ///< Too small to count: shown, but kept out of the registers.
    READING_QUALITY_STALE_RATE =
        1u << 10, ///< The clock was lost: energy went to the rate that was in force before.
};

/// One channel of a reading. "import" flows from the grid to the load.
///
/// Terms and signs are those of IEEE 1459-2010 for a single phase; what follows from these fields
/// (N, S1, SN, DI, DV, SH, distortion) is power_terms.h's to tell.
struct reading_channel {
    uint32_t voltage_10mv;              ///< Vrms, in steps of 10 mV.
    uint32_t current_100ua;             ///< Irms, in steps of 0.1 mA.
    int32_t active_power_10mw;          ///< P, in steps of 10 mW; negative means exported.
    int32_t reactive_power_10mvar;      ///< Q1, of the fundamental; positive means inductive.
    uint32_t apparent_power_10mva;      ///< S = Vrms * Irms, in steps of 10 mVA.
    int16_t power_factor_1e4;           ///< P / S in steps of 0.0001, with the sign of P.
    uint16_t quality;                   ///< Bits of enum reading_quality.
    uint32_t fundamental_voltage_10mv;  ///< V1, rms.
    uint32_t fundamental_current_100ua; ///< I1, rms.
    int32_t fundamental_power_10mw;     ///< P1, with the sign of the fundamental's flow.
    int64_t import_mj;                  ///< Lifetime register in millijoule; never negative.
    int64_t export_mj;                  ///< Lifetime register in millijoule; never negative.
    int64_t reactive_mvars[READING_QUADRANT_COUNT]; ///< Lifetime registers in millivar-seconds.
};

/// The meter's registers over all channels that belong to its total, by tariff rate. The total is
/// the sum of the rates, by definition: nothing else is kept that could differ from it.
struct reading_total {
    int64_t import_mj[READING_RATE_COUNT];
    int64_t export_mj[READING_RATE_COUNT];
    int64_t reactive_mvars[READING_QUADRANT_COUNT];
};

struct reading {
    uint64_t uptime_ms;     ///< End of the window, on the device's monotonic clock since boot.
    uint32_t window_us;     ///< Length of the window as measured; the energy belongs to it.
    uint32_t frequency_mhz; ///< Mains frequency in millihertz; 0 without a reference.
    uint16_t quality;       ///< Bits of enum reading_quality that concern all channels.
    uint8_t channels;       ///< Bit n: channel n is measured. Others are all zero.
    uint8_t connected;      ///< Bit n: channel n carries current above its noise.
    uint8_t rate;           ///< The tariff rate at the end of the window, below READING_RATE_COUNT.
    struct reading_channel channel[READING_CHANNEL_COUNT];
    struct reading_total total;
};
