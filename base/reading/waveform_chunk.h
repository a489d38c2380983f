// SPDX-License-Identifier: MIT
#pragma once

/// Part of the waveform of one signal around an event. The chunks of one event, channel and signal
/// follow on without a hole, in order of `started_us`.

#include <stdint.h>

enum { WAVEFORM_CHUNK_SAMPLES = 192 };

enum signal_kind {
    SIGNAL_VOLTAGE = 0,
    SIGNAL_CURRENT,
    SIGNAL_KIND_COUNT,
};

struct waveform_chunk {
    uint64_t started_us;   ///< Uptime at the first sample.
    uint32_t event_id;     ///< power_event.id of the same boot.
    uint32_t interval_ns;  ///< From sample to sample.
    uint32_t unit_per_1e6; ///< Microvolts or microamperes per step of a sample; not 0.
    uint8_t channel;
    uint8_t signal; ///< enum signal_kind.
    uint16_t count; ///< Samples that count, 1 to WAVEFORM_CHUNK_SAMPLES; the others are 0.
    int16_t sample[WAVEFORM_CHUNK_SAMPLES];
};
