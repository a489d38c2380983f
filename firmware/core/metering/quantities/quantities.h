// SPDX-License-Identifier: MIT
#pragma once

/// What the sums of a stretch mean in volts, amperes and watts.
///
/// Structure and signs follow IEEE 1459-2010, single phase, non-sinusoidal. The means of voltage
/// and current are removed exactly: an offset of the converter cannot be told from a direct
/// current, and transformers pass none.
///
/// A delay and a lead turn the fundamental by an angle that is known exactly. What is left of the
/// power, that of the harmonics, is taken at the delay between voltage and current by a parabola
/// through the sums at three lags; the small lead of a transformer at harmonics is left alone.
///
///     P1 + j Q1 = V1 I1* turned back       P = P1 + PH(delay)
///
/// Delays between voltage and current of more than one frame count as one frame for the harmonics.

#include <stdbool.h>

#include "calibration.h"
#include "cycle_sums.h"
#include "power_terms.h"
#include "raw_channel.h"
#include "wiring.h"

/// Means of one channel over a stretch, in codes, with the zeros of both inputs taken off.
struct channel_means {
    double voltage_square;
    double current_square;
    double ahead;                ///< Of v one frame later than i, times i: lag -1.
    double together;             ///< Of v times i: active power as it was sampled.
    double behind;               ///< Of v one frame earlier than i, times i: lag +1.
    struct sums_phasor voltage1; ///< Over one origin of time.
    struct sums_phasor current1;
    bool fundamental; ///< The stretch is whole cycles, so the phasors say something.
};

/// What a stretch is measured by.
struct quantities_basis {
    const struct wiring *wiring;
    const struct calibration *calibration; ///< NULL, or passes calibration_check().
    double rate_hz;                        ///< Frames per second.
    double frequency_hz; ///< Of the mains in this stretch, or the newest that is known.
};

/// Measures a channel. Of a stretch without fundamental (a piece of a cycle) V1, I1 and P1 are 0,
/// and Q1 comes from the lags.
///
/// `voltage` and `current` have the whole scale in their gain, in volts and amperes per code.
struct power_measures quantities_of_means(const struct channel_means *means,
                                          const struct calibration_correction *voltage,
                                          const struct calibration_correction *current,
                                          double rate_hz, double frequency_hz);

/// The means of a channel over `sums`. `offsets` are the codes that stand for nothing, by input;
/// NULL takes the means of the stretch itself, which is right for whole cycles only. Only of a
/// stretch that is `whole` cycles is the fundamental looked for.
struct channel_means channel_means_of(const struct cycle_sums *sums, const struct wiring *wiring,
                                      unsigned channel, const double *offsets, bool whole);

/// Measures a channel with the calibration of its inputs.
struct power_measures quantities_of(const struct channel_means *means,
                                    const struct quantities_basis *basis, unsigned channel);

/// The same with nothing but the nominal scales of the wiring. The two flags of clipping are left
/// false.
struct raw_channel quantities_raw(const struct channel_means *means,
                                  const struct quantities_basis *basis, unsigned channel);

/// Puts power and the fundamental to 0, keeping the root mean squares: there is no mains to measure
/// against.
void quantities_without_reference(struct power_measures *measures);
