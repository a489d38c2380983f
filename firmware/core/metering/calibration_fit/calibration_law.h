// SPDX-License-Identifier: MIT
#pragma once

/// What the lead of a transformer is at frequencies at which it was not measured.
///
/// Three laws can be at hand, and each says how far it can be off at the ends of the band. The one
/// that promises most is taken:
///   - *harmonics*: `a + b/f` and a delay, found from the harmonics of a resistive load's current;
///     its errors are those of the fit (calibration_response.h);
///   - *type*: the fall from 50 to 60 Hz that tables give for the type of sensor. Specimens differ,
///     and beyond the tables the law is not known: a fifth of the fall may be wrong;
///   - *inverse*: the lead goes with 1/f (magnetising current alone). Real transformers fall less:
///     half of the fall may be wrong.
/// Where one current was measured at 50 as well as at 60 Hz, nothing needs to be assumed (*two
/// frequencies*); beyond them a sixth of the fall may be wrong.

#include "calibration_point.h"

enum calibration_law {
    CALIBRATION_LAW_NONE, ///< No point tells a lead.
    CALIBRATION_LAW_INVERSE,
    CALIBRATION_LAW_TYPE,
    CALIBRATION_LAW_TWO_FREQUENCIES,
    CALIBRATION_LAW_HARMONICS,
};

/// The law for all points of a curve.
struct calibration_extension {
    enum calibration_law law; ///< Of several, the weakest that a point needs.
    double delay_s;           ///< Beyond the one known before; a delay is one for all currents.
    double inverse_rad[CALIBRATION_POINT_LIMIT]; ///< Of *harmonics*, as in calibration_trend.
    double error_45hz_deg; ///< How far the angle may be off there at worst: twice the standard
    double error_65hz_deg; ///< error, and what the law may get wrong.
};

/// Chooses the law for `count` points, 1 to CALIBRATION_POINT_LIMIT, all CALIBRATION_FOUND.
struct calibration_extension calibration_extend(const struct calibration_point *points,
                                                unsigned count);

/// The lead of a transformer at `frequency_hz`, 45 to 65, by point `index`; the delay is not in it.
double calibration_extension_lead(const struct calibration_extension *extension,
                                  const struct calibration_point *points, unsigned index,
                                  double frequency_hz);

/// Whether both are the same current (within 20 %), seen at 50 and at 60 Hz.
bool calibration_are_partners(const struct calibration_point *a, const struct calibration_point *b);

/// Whether a point was measured nearer to 60 Hz than to 50.
bool calibration_is_at_60hz(const struct calibration_point *point);

/// A static name such as "two_frequencies", for JSON.
const char *calibration_law_name(enum calibration_law law);
