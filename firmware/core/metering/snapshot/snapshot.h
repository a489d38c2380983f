// SPDX-License-Identifier: MIT
#pragma once

/// Keeps the newest samples of all inputs, and holds them still around an event.
///
/// A frame tap. Frames are averaged down to about 64 a cycle of 50 Hz, or what the caller asks for,
/// and kept as 16 bits in a ring of the caller's. When the processing thread asks for the waveform
/// around a frame, the ring fills up to what is wanted after it and then stands still, until the
/// processing thread has made its waveform_chunks and lets go. Meanwhile another event finds it
/// busy. A gap in the samples empties the ring, or ends the snapshot early: chunks have no holes.
///
/// The two threads share three 32-bit words, each written by one side only.

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adc_source.h"
#include "frame_tap.h"
#include "status.h"
#include "waveform_chunk.h"
#include "wiring.h"

enum {
    SNAPSHOT_SAMPLES = 9216, ///< 18 KB: 1024 frames, 15 cycles of 50 Hz, of nine inputs.
    SNAPSHOT_POINTS_HZ = 3200,
    SNAPSHOT_SMALL_SAMPLES = 3240,   ///< 6.3 KB: 360 frames, 11 cycles of 50 Hz, of nine inputs,
    SNAPSHOT_SMALL_POINTS_HZ = 1600, ///< for a device with little memory.
    SNAPSHOT_CYCLES_BEFORE = 2,
    SNAPSHOT_CYCLES_AFTER = 8,
};

/// What the sampling thread needs to know of the converter.
struct snapshot_source {
    uint64_t rate_mhz;
    unsigned input_count;
    int32_t code_min;
    int32_t code_max;
    uint32_t points_hz; ///< Keep about so many samples a second; 0: SNAPSHOT_POINTS_HZ.
};

/// What the waveform is asked around.
struct snapshot_event {
    uint32_t frame;        ///< Where it begins,
    uint64_t us;           ///< at that uptime.
    uint32_t cycle_frames; ///< A cycle has so many.
    double rate_hz;        ///< Frames per second at that time.
};

/// Storage for one tap, owned by the caller. Use it only through the functions below.
struct snapshot {
    // Fixed.
    int16_t *store;
    uint32_t capacity; ///< Frames.
    unsigned inputs;
    uint32_t decimation;
    int32_t middle;
    int32_t divisor; ///< Codes in one step of the store.

    // Of the sampling thread, and of both while the ring stands still.
    uint32_t frames; ///< The next frame's number, as half_cycle.ended_frame counts.
    uint32_t held;   ///< Frames in the ring.
    uint32_t put;    ///< Where the next goes.
    uint32_t last;   ///< Number of the last frame that is in the ring.
    uint32_t summed; ///< Frames summed towards the next.
    int64_t sum[ADC_INPUT_LIMIT];
    bool stood; ///< It stood still when frames came last: what is in the ring does not follow on.

    // Of the processing thread.
    uint32_t start_frame; ///< Where the snapshot is to begin.
    struct snapshot_event event;

    _Atomic uint32_t wanted_end; ///< Processing: the snapshot ends with this frame.
    _Atomic uint32_t asked;      ///< Processing: counts requests.
    _Atomic uint32_t frozen;     ///< Sampling: the request for which it stands still.
    _Atomic uint32_t released;   ///< Processing: the request that is done with.
    struct frame_tap tap;
};

/// A snapshot that stands still, on its way into chunks.
struct snapshot_view {
    uint32_t first;       ///< Index of its first frame in the ring.
    uint32_t count;       ///< Frames.
    uint32_t interval_ns; ///< From one to the next.
    uint32_t calm;        ///< The first so many are whole cycles before the event; at least 1.
    uint64_t started_us;  ///< Uptime at the first frame.
};

/// Binds the tap to `store`, room for `size` samples, which outlives it.
///
/// @return STATUS_INVALID  there is not room for 64 frames, or the source is out of its limits.
MUST_CHECK enum status snapshot_init(struct snapshot *snapshot, int16_t *store, size_t size,
                                     const struct snapshot_source *source);

/// What to hand to the sampling task; valid as long as `snapshot`.
const struct frame_tap *snapshot_tap(const struct snapshot *snapshot);

/// Processing: asks for the waveform from SNAPSHOT_CYCLES_BEFORE before the event to
/// SNAPSHOT_CYCLES_AFTER after it, or as long as the ring is.
///
/// @return STATUS_BUSY     another one is being taken or has not been released;
///         STATUS_INVALID  a cycle or a second has no frames.
MUST_CHECK enum status snapshot_ask(struct snapshot *snapshot, const struct snapshot_event *event);

/// Processing: whether what was asked for stands still; then `*view` tells what there is.
bool snapshot_ready(const struct snapshot *snapshot, struct snapshot_view *view);

/// Processing: root mean square of an input in codes, its mean removed, while it stands still.
double snapshot_rms(const struct snapshot *snapshot, const struct snapshot_view *view,
                    unsigned input);

/// Processing: fills times, `count` and samples of `*chunk` with those of `input` from frame `from`
/// of the view on, and `unit_per_1e6` from `unit_per_code`, volts or amperes; a negative one turns
/// the signal. The mean over the whole cycles before the event is 0.
///
/// @return false  there is nothing from there on.
bool snapshot_chunk(const struct snapshot *snapshot, const struct snapshot_view *view,
                    unsigned input, double unit_per_code, uint32_t from,
                    struct waveform_chunk *chunk);

/// Processing: lets the ring fill again. Nothing that was read may be read again.
void snapshot_release(struct snapshot *snapshot);
