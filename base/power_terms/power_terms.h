// SPDX-License-Identifier: MIT
#pragma once

/// What follows from the measured quantities of a channel: the terms of IEEE 1459-2010 (3.1.2,
/// single phase, non-sinusoidal), so that device and server name and compute them alike.
///
///     S^2 = P^2 + N^2 = S1^2 + SN^2      SN^2 = DI^2 + DV^2 + SH^2      S1^2 = P1^2 + Q1^2
///
/// hold for the results as far as doubles go, given that the last one holds for what goes in. A
/// fundamental above the total, which rounding and noise can bring about, is taken as equal to it;
/// a power above the apparent power likewise. Results are finite and never negative where the
/// standard knows no sign, as long as what goes in is finite and below 1e100.
///
/// The fields of a reading are rounded to the steps of the wire. Where a term is the root of a
/// small difference, that shows: of 230 V in steps of 10 mV, a distortion of the voltage below
/// 1 % cannot be told from none, and 3 % is known to 0.1 %; S1, P and Q1 lose no more than their
/// steps. Spectra carry distortion that was computed before rounding.

#include <stdint.h>

#include "reading.h"

/// What is measured.
struct power_measures {
    double voltage_v;     ///< V, root mean square.
    double current_a;     ///< I, root mean square.
    double active_w;      ///< P; negative means exported.
    double voltage1_v;    ///< V1, of the fundamental.
    double current1_a;    ///< I1.
    double active1_w;     ///< P1.
    double reactive1_var; ///< Q1; positive means inductive.
};

struct power_terms {
    double apparent_va;             ///< S = V I.
    double nonactive_var;           ///< N = sqrt(S^2 - P^2).
    double fundamental_apparent_va; ///< S1 = V1 I1.
    double nonfundamental_va;       ///< SN = sqrt(S^2 - S1^2).
    double current_distortion_var;  ///< DI = V1 IH.
    double voltage_distortion_var;  ///< DV = VH I1.
    double harmonic_apparent_va;    ///< SH = VH IH.
    double harmonic_distortion_var; ///< DH = sqrt(SH^2 - PH^2).
    double harmonic_active_w;       ///< PH = P - P1, with sign.
    double power_factor;            ///< PF = P / S, -1 to 1; 0 when nothing flows.
    double displacement_factor;     ///< PF1 = P1 / S1, -1 to 1; 0 without a fundamental.
    double voltage_distortion;      ///< THD_V = VH / V1, of everything but the fundamental (0.05 is
                                    ///< 5 %); 0 without a fundamental.
    double current_distortion;      ///< THD_I = IH / I1, likewise.
};

struct power_terms power_terms_of(const struct power_measures *measures);

/// The measured quantities of a channel in volts, amperes, watts and vars.
struct power_measures power_measures_of_channel(const struct reading_channel *channel);

/// A register over all tariff rates: the sum, which is the total by definition. Saturates.
int64_t power_terms_register_total(const int64_t by_rate[READING_RATE_COUNT]);
