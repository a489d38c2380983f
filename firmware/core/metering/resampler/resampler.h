// SPDX-License-Identifier: MIT
#pragma once

/// Turns the samples of a window, whose ends lie between samples, into 2048 that are spread evenly
/// over it, so that a Fourier transform finds whole cycles (IEC 61000-4-7: synchronised sampling).
///
/// Each new sample is a weighted sum of eight neighbours, with weights from a table of 64 phases
/// and straight lines between them. The weights are those of a windowed sinc, averaged over one
/// sample: where Lagrange's interpolation lets 2 % of the highest harmonics through as images,
/// which fold back onto low ones, this lets 0.01 %. Places are exact to 2^-32 of a sample, and all
/// of it is integers. What the weights take away from high harmonics is known, and given back by
/// resampler_gain().

#include <stdint.h>

#include "status.h"

enum {
    RESAMPLER_COUNT = 2048,         ///< Samples that come out.
    RESAMPLER_POINTS = 8,           ///< Samples that each of them comes from.
    RESAMPLER_BEFORE = 3,           ///< Samples needed before the start,
    RESAMPLER_AFTER = 4,            ///< and from the end on.
    RESAMPLER_DECIMATION_LIMIT = 4, ///< Most frames that may have been added to one sample.
};

/// Samples and a window in them. A place of 0 is the first sample's; it is in units of 2^-32.
struct resampler_window {
    int32_t *samples; ///< Changed: they come out free of their mean, and scaled.
    uint32_t count;
    int64_t start_q32;
    int64_t end_q32;
};

/// Fills `out`. Its elements are `*scale` times as large as the samples less their mean, and below
/// 2^29 in magnitude; `*scale` is a power of two, which makes good use of 32 bits.
///
/// @return STATUS_INVALID  the window is empty, longer than 2^24 samples or nearer to the ends of
///                         the samples than the interpolation needs; nothing changed.
MUST_CHECK enum status resampler_run(const struct resampler_window *window,
                                     int32_t out[RESAMPLER_COUNT], double *scale);

/// By how much a line at `frequency` (cycles per sample) came out too small, 1 or above: of the
/// interpolation and of samples that are sums of `decimation` frames, 1 to
/// RESAMPLER_DECIMATION_LIMIT. 0 from 0.47 on, where next to nothing is left to give back, and
/// for what is no frequency.
float resampler_gain(float frequency, uint32_t decimation);

/// The same for a converter whose output is an average over one sample, such as each stage of a
/// delta-sigma converter's sinc filter; `frequency` is in cycles per frame.
float resampler_converter_gain(float frequency);
