// SPDX-License-Identifier: MIT
#pragma once

/// A numerically controlled oscillator of integers: cosine and sine that follow the mains, the same
/// on every architecture.
///
/// 2^32 of phase are a turn. The waves come from a table of 256 points and lines between them; they
/// are off by at most 1 of OSCILLATOR_PEAK.

#include <stdint.h>

enum { OSCILLATOR_PEAK = 4095 };

/// The step a frame of an oscillator whose turn takes `period_frames`; 0 unless there are at least
/// 4 and at most 2^20 of them.
uint32_t oscillator_step(double period_frames);

/// OSCILLATOR_PEAK times the sine and the cosine of `phase`.
int16_t oscillator_sine(uint32_t phase);
int16_t oscillator_cosine(uint32_t phase);

/// Fills in `count` points of both waves from `phase` on, and returns the phase that follows.
uint32_t oscillator_run(uint32_t phase, uint32_t step, uint32_t count, int16_t *cosine,
                        int16_t *sine);
