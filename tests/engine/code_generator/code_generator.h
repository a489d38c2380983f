// SPDX-License-Identifier: MIT
#pragma once

/// A converter on a mains of integers, for tests: the same plan gives the same codes on every
/// machine, because nothing in it is a floating-point number.
///
/// Every input is a sum of harmonics of one mains with an offset and noise. Changes happen at given
/// frames: levels, frequency, phase, lost frames, swapped tags.

#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"

enum { CODE_TONE_LIMIT = 4, CODE_CHANGE_LIMIT = 12 };

/// One harmonic of an input. Angles are in units of 2^-32 turns.
struct code_tone {
    uint32_t order;     ///< 1 is the mains itself; 0 ends the list.
    uint32_t amplitude; ///< Peak in codes, below 2^24.
    uint32_t angle;     ///< Lead at the start of a mains cycle.
};

struct code_input {
    int32_t offset;
    uint32_t noise;          ///< Triangular, from -noise to noise codes.
    bool half_wave;          ///< Conducts while the first tone is positive only.
    bool every_second_cycle; ///< Conducts in every second cycle only.
    struct code_tone tone[CODE_TONE_LIMIT];
};

enum code_change_kind {
    CODE_CHANGE_NONE = 0,
    CODE_CHANGE_LEVEL,     ///< The input's tones are `value` thousandths of what the plan says.
    CODE_CHANGE_FREQUENCY, ///< The mains has `value` millihertz.
    CODE_CHANGE_PHASE,     ///< The mains jumps by `value` units of 2^-32 turns.
    CODE_CHANGE_LOSE,      ///< `value` frames are lost; 0 is a restart of unknown length.
    CODE_CHANGE_SWAP,      ///< The next block's tags are out of order.
};

struct code_change {
    uint64_t frame; ///< Happens before the block that this frame would be in; ascending.
    enum code_change_kind kind;
    uint32_t input;
    uint32_t value;
};

struct code_plan {
    uint64_t rate_mhz;
    uint64_t frames; ///< The source ends there.
    uint32_t mains_mhz;
    uint32_t start_angle;
    uint32_t block_frames; ///< 1 to ADC_FRAME_LIMIT.
    uint32_t input_count;
    int32_t code_min;
    int32_t code_max;
    uint32_t seed;
    struct code_input input[ADC_INPUT_LIMIT];
    struct code_change change[CODE_CHANGE_LIMIT];
};

/// Storage for one generator, owned by the caller. Use it only through the functions below.
struct code_generator {
    const struct code_plan *plan;
    uint64_t frame; ///< Frames that have passed on the mains.
    uint32_t angle;
    uint32_t step;
    uint32_t cycle;
    uint32_t random;
    uint32_t change;
    uint32_t level[ADC_INPUT_LIMIT];
};

/// Starts `plan`, which outlives the generator.
void code_generator_init(struct code_generator *generator, const struct code_plan *plan);

/// The generator as a converter. The generator outlives what is returned.
struct adc_source code_generator_source(struct code_generator *generator);

/// Uptime at the end of what was read so far.
uint64_t code_generator_uptime_us(const struct code_generator *generator);

/// sin(2 pi angle / 2^32) in units of 2^-30, within 2^-20 of a unit circle.
int32_t code_generator_sine(uint32_t angle);
