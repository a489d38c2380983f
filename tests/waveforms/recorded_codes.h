// SPDX-License-Identifier: MIT
#pragma once

/// A whole recording in memory, as a converter that may start anywhere in it.

#include <stddef.h>
#include <stdint.h>

#include "adc_source.h"
#include "calibration.h"
#include "frame_tap.h"
#include "reading.h"
#include "status.h"
#include "waveform_catalogue.h"
#include "window_report.h"

enum { RECORDED_CODES_LIMIT = 1 << 16 };

struct recorded_codes {
    struct adc_source source;
    const struct waveform *waveform;
    size_t count;
    size_t next;                           ///< The frame that is read next.
    const struct calibration *calibration; ///< NULL: none.
    const struct window_watcher *watcher;  ///< NULL: nobody looks on.
    const struct frame_tap *tap;           ///< NULL: nobody listens.
    int32_t voltage[RECORDED_CODES_LIMIT];
    int32_t current[RECORDED_CODES_LIMIT];
};

/// @return as recording_open();  STATUS_FULL  the recording is too long.
MUST_CHECK enum status recorded_codes_load(struct recorded_codes *codes,
                                           const struct waveform *waveform);

/// Meters the frames from `start` to the end and hands over every reading of its one channel. The
/// scales of the recording are multiplied, so that the steps of a reading show less. Fails the
/// cmocka test that calls it when the chain reports an error.
void recorded_codes_meter(struct recorded_codes *codes, size_t start, double voltage_scale,
                          double current_scale, void (*reading)(void *ctx, const struct reading *),
                          void *ctx);
