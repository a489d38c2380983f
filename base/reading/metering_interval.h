// SPDX-License-Identifier: MIT
#pragma once

/// What passed in an interval that is aligned to the clock: the power-quality aggregates of
/// IEC 61000-4-30 and the blocks of demand and load profile have this one shape.

#include <stdint.h>

#include "reading.h"

enum interval_kind {
    INTERVAL_QUALITY_10MIN = 0, ///< Aligned to UTC.
    INTERVAL_QUALITY_2H,        ///< Aligned to UTC.
    INTERVAL_DEMAND,            ///< Of the length that is set (15, 30 or 60 min): the load profile.
    INTERVAL_KIND_COUNT,
};

enum interval_flag {
    INTERVAL_FLAGGED = 1u << 0,    ///< A dip, swell or interruption touched it.
    INTERVAL_SHORT = 1u << 1,      ///< Less was measured than the interval is long.
    INTERVAL_UNALIGNED = 1u << 2,  ///< The time was not known: aligned to uptime instead.
    INTERVAL_CLOCK_STEP = 1u << 3, ///< The clock was set within it; it was split there.
};

struct interval_channel {
    uint32_t voltage_10mv;           ///< Root mean square over what was measured.
    uint32_t voltage_low_10mv;       ///< Lowest Urms(1/2), or window where that is not measured.
    uint32_t voltage_high_10mv;      ///< Highest.
    uint32_t current_100ua;          ///< Root mean square.
    uint32_t current_high_100ua;     ///< Highest of a 10/12-cycle window.
    int32_t active_power_10mw;       ///< Mean; of an INTERVAL_DEMAND the demand of the channel.
    int32_t reactive_power_10mvar;   ///< Mean of Q1.
    uint32_t voltage_distortion_ppm; ///< Mean THD; 0 where not measured.
    uint32_t current_distortion_ppm;
    int64_t import_mj; ///< Energy that passed within the interval.
    int64_t export_mj;
};

struct metering_interval {
    uint64_t uptime_ms;         ///< End.
    uint32_t length_ms;         ///< From its start to its end.
    uint32_t measured_ms;       ///< How much of it was measured.
    uint32_t frequency_mhz;     ///< Mean; 0 without a reference.
    uint32_t frequency_low_mhz; ///< Lowest and highest of 10 s.
    uint32_t frequency_high_mhz;
    int64_t maximum_demand_mw; ///< Of an INTERVAL_DEMAND: highest import of the total since reset.
    int64_t maximum_demand_at_ms; ///< Unix time of that block's end; 0 when not known.
    int64_t demand_mw;            ///< Of an INTERVAL_DEMAND: mean import of the total in the block.
    uint16_t quality;             ///< Bits of enum reading_quality.
    uint8_t kind;                 ///< enum interval_kind.
    uint8_t flags;                ///< Bits of enum interval_flag.
    uint8_t channels;             ///< Bit n: channel n is measured. Others are all zero.
    uint8_t rate;                 ///< Tariff rate at its end.
    struct interval_channel channel[READING_CHANNEL_COUNT];
};
