// SPDX-License-Identifier: MIT
#pragma once

/// A disturbance of the supply, as IEC 61000-4-30 describes it, once it is over.

#include <stdint.h>

enum power_event_kind {
    POWER_EVENT_DIP = 0,      ///< Urms(1/2) fell below the dip threshold.
    POWER_EVENT_SWELL,        ///< Urms(1/2) rose above the swell threshold.
    POWER_EVENT_INTERRUPTION, ///< Urms(1/2) fell below the interruption threshold.
    POWER_EVENT_KIND_COUNT,
};

struct power_event {
    uint64_t started_us;    ///< Uptime at the start of the event.
    uint64_t duration_us;   ///< Start to end.
    uint32_t id;            ///< Counts events within one boot; waveform chunks name it.
    uint32_t extreme_10mv;  ///< The lowest (dip, interruption) or highest (swell) Urms(1/2).
    uint32_t declared_10mv; ///< The voltage that the thresholds are shares of.
    uint8_t kind;           ///< enum power_event_kind.
    uint8_t channel;        ///< The first channel that is measured against this voltage.
    uint16_t quality;       ///< Bits of enum reading_quality.
};
