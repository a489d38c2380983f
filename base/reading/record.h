// SPDX-License-Identifier: MIT
#pragma once

/// What a journal keeps and a batch carries under one sequence number: readings, the anchors that
/// place them in time, and what else a meter finds out. All of it goes the same way, so none of it
/// is lost and none of it counts twice.

#include <stdint.h>

#include "metering_interval.h"
#include "power_event.h"
#include "reading.h"
#include "spectrum.h"
#include "waveform_chunk.h"

/// Where an anchor's wall-clock time came from, best last.
enum anchor_source {
    ANCHOR_SOURCE_NONE = 0, ///< A guess of the server's, from the time of arrival.
    ANCHOR_SOURCE_SERVER,   ///< The fleet server's acknowledgement.
    ANCHOR_SOURCE_HOST,     ///< The clock of the Linux host the device runs on.
    ANCHOR_SOURCE_SNTP,
};

/// Ties the uptime of one boot to UTC. Other records carry uptime only; anchors turn it into time.
struct anchor {
    uint64_t uptime_ms;
    int64_t utc_ms;          ///< Unix time at `uptime_ms`.
    uint32_t uncertainty_ms; ///< Half width of the interval that holds the true time.
    uint8_t source;          ///< enum anchor_source.
};

enum record_kind {
    RECORD_KIND_READING = 0,
    RECORD_KIND_ANCHOR,
    RECORD_KIND_EVENT,
    RECORD_KIND_WAVEFORM,
    RECORD_KIND_SPECTRUM,
    RECORD_KIND_INTERVAL,
    RECORD_KIND_COUNT,
};

struct record {
    uint8_t kind; ///< enum record_kind: which member of the union counts.
    union {
        struct reading reading;
        struct anchor anchor;
        struct power_event event;
        struct waveform_chunk waveform;
        struct spectrum spectrum;
        struct metering_interval interval;
    };
};
