// SPDX-License-Identifier: MIT
#pragma once

/// The recordings of real mains in the test data, what an independent method found in them, and how
/// far a meter may differ. The recordings themselves are not part of this project.

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "reading.h"
#include "recording_file.h"
#include "status.h"

enum { WAVEFORM_LIMIT = 48, WAVEFORM_PATH_SIZE = 512, WAVEFORM_NAME_SIZE = 48 };

struct waveform_values {
    double frequency_hz;
    double voltage_v;
    double current_a;
    double active_w;
    double apparent_va;
    double power_factor;
};

enum { WAVEFORM_ORDERS = 40 };

/// Harmonics as the independent method found them in the whole recording.
struct waveform_harmonics {
    double voltage_distortion; ///< THD to the 40th; a share.
    double current_distortion;
    double angle_deg; ///< By which the fundamental of the current lags; negative: leads.
    unsigned orders;  ///< Elements that count below.
    double voltage_v[WAVEFORM_ORDERS];
    double current_a[WAVEFORM_ORDERS];
};

/// What is known of the fundamental, and of the rest beside it.
struct waveform_fundamental {
    double voltage_v;
    double current_a;
    double active_w;
    double reactive_var;
    double harmonic_w;         ///< P - P1.
    double angle_deg;          ///< Positive inductive.
    double voltage_distortion; ///< Of everything but the fundamental.
    double current_distortion;
};

struct waveform {
    char name[WAVEFORM_NAME_SIZE];
    char path[WAVEFORM_PATH_SIZE];
    struct recording_layout layout; ///< Voltage on input 0, current on input 1.
    double rate_hz;
    double volts_per_code;
    double amperes_per_code;
    bool damaged; ///< Bytes are missing: `expected` says nothing, a flag must be raised.
    struct waveform_values expected;
    struct waveform_harmonics harmonics;
    struct waveform_values
        tolerance; ///< Hertz; relative V and I; power relative to S; power factor.
    bool has_fundamental;
    struct waveform_fundamental fundamental;
    struct waveform_fundamental
        fundamental_tolerance; ///< Relative V1 and I1; powers relative to S; degrees; shares.
};

struct waveform_catalogue {
    struct waveform waveform[WAVEFORM_LIMIT];
    size_t count;
};

/// Lists the recordings under the folder `data`: those of waveforms/, then those of rectifier60hz/.
///
/// @return STATUS_MISSING  there is no test data;  STATUS_CORRUPT  it is not what it should be.
MUST_CHECK enum status waveform_catalogue_load(struct waveform_catalogue *catalogue,
                                               const char *data);

/// As waveform_catalogue_load(), for a test's main(): from TEST_DATA_DIR, or else `fallback`. Says
/// on standard error what is missing.
///
/// @return 0, or what the test ends with: 77 (skipped) without test data, 1 (failed) when
///         OHM_REQUIRE_DATA is 1 or the data is not what it should be.
MUST_CHECK int waveform_catalogue_open(struct waveform_catalogue *catalogue, const char *fallback);

/// What a run of readings of one channel says together. Begin with zeros.
struct waveform_result {
    double seconds;
    double frequency;
    double voltage_square;
    double current_square;
    double active;
    unsigned readings;
    unsigned quality;
};

void waveform_result_add(struct waveform_result *result, const struct reading *reading,
                         unsigned channel);

struct waveform_values waveform_result_values(const struct waveform_result *result);

/// Compares, and prints a row of measured values with errors and tolerances. Returns whether all
/// agree.
bool waveform_check(const struct waveform *waveform, const struct waveform_result *result,
                    FILE *out);
