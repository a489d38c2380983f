// SPDX-License-Identifier: MIT
#pragma once

/// A test rig: signals whose power is known exactly, through a converter with noise, into the whole
/// metering chain. One voltage and up to eight currents.
///
/// Every input is a sum of sines that keep their frequency, or a function of time. Nothing in it
/// depends on a C library, so the same rig gives the same codes on every machine.

#include <stdbool.h>
#include <stdint.h>

#include "calibration.h"
#include "frame_tap.h"
#include "linearity.h"
#include "processing_task.h"
#include "reading.h"
#include "window_report.h"
#include "wiring.h"

enum { RIG_INPUTS = 1 + READING_CHANNEL_COUNT, RIG_TONES = 4 };

/// A sine: `peak` codes, `order` times the mains, `angle` radians at time 0.
struct rig_tone {
    double peak;
    double order;
    double angle;
};

struct rig_input {
    struct rig_tone tone[RIG_TONES]; ///< Those with a peak of 0 are silent.
    double delay_s;                  ///< The signal is sampled this much after its frame's time.
    double noise;                    ///< Root mean square in codes.
    double offset;                   ///< Codes.

    /// When not NULL, in place of the tones: codes at an instant, `turns` of the mains since time
    /// 0.
    double (*at)(void *ctx, double t_s, double turns);
    void *ctx;
};

struct meter_rig {
    unsigned channels;
    double rate_hz;       ///< Frames per second as they are.
    double told_rate_hz;  ///< As the source says; 0: as they are.
    double frequency_hz;  ///< Of the mains at time 0.
    double ramp_hz_per_s; ///< For inputs that are functions only.
    double seconds;       ///< How long the source lasts.
    int32_t code_min;
    int32_t code_max;
    double volts_per_code;
    double amperes_per_code;
    uint64_t seed;
    struct rig_input input[RIG_INPUTS];
    /// What the converter makes of an ideal code; NULL: the same.
    double (*bend)(double code);
    const struct linearity_table *linearity; ///< For every input; NULL: codes stay as they are.
    const struct frame_tap *tap;             ///< Listens to the frames; NULL: nobody does.
    const struct code_tap *code_tap;         ///< Likewise, to the codes as they come,
    const struct window_watcher *watcher;    ///< and to the windows.
    struct calibration calibration;
    struct processing_settings settings;
};

/// Ten kilohertz, 12 bits around 2048, no signal, one code of noise, no calibration.
void meter_rig_init(struct meter_rig *rig, unsigned channels, uint64_t seed);

/// A number from 0 to 1, the next of a sequence that `seed` stands for.
double meter_rig_dice(uint64_t *seed);

/// Lets the source run to its end and hands over every reading. Fails the cmocka test that calls
/// it when the chain reports an error.
void meter_rig_run(struct meter_rig *rig, void (*reading)(void *ctx, const struct reading *),
                   void *ctx);
