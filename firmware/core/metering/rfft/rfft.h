// SPDX-License-Identifier: MIT
#pragma once

/// The Fourier transform of 2048 real samples, in place, in 32-bit integers.
///
/// Integers give the same digits on every processor and need no floating-point unit: one transform
/// serves an ESP32, an ESP32-C3 and a server. Each of the five radix-4 stages divides by four, so
/// nothing overflows; what rounding adds lies some 155 dB below full scale.
///
/// Everything that is stored comes from this transform. A port that draws live views with its
/// vendor's library offers them a function of the same form.

#include <stdint.h>

enum {
    RFFT_POINTS = 2048,
    RFFT_BINS = RFFT_POINTS / 2, ///< Bins 0 to 1023.
    RFFT_LIMIT = 1 << 29,        ///< Samples lie between -RFFT_LIMIT and RFFT_LIMIT.
};

/// Replaces the samples in `data` by their spectrum. Element 2k is the real part of bin k and
/// element 2k + 1 its imaginary part; A cos(2 pi k n / 2048 + phi) gives bin k the magnitude A and
/// the angle phi. Element 0 is twice the mean, and element 1 twice the amplitude of what
/// alternates from sample to sample.
void rfft(int32_t data[RFFT_POINTS]);
