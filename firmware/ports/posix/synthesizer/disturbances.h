// SPDX-License-Identifier: MIT
#pragma once

/// A script of what goes wrong with the synthesizer's mains, again and again: "dip:600 swell:1800"
/// is a dip every 10 minutes and a swell every half hour.
///
/// | word         | voltage                     | lasts  | first after |
/// |--------------|-----------------------------|--------|-------------|
/// | dip          | 60 %                        | 160 ms | 30 s        |
/// | swell        | 115 %                       | 120 ms | 50 s        |
/// | interruption | none                        | 1.5 s  | 70 s        |
/// | harmonics    | 8 % of fifth harmonic added | 20 s   | 90 s        |

#include <stdint.h>

#include "status.h"

enum { DISTURBANCES_KIND_COUNT = 4, DISTURBANCES_LEAST_S = 60, DISTURBANCES_MOST_S = 86400 };

/// How often each comes, in seconds; 0: never. All zero is a sound supply.
struct disturbances {
    uint32_t every_s[DISTURBANCES_KIND_COUNT];
};

/// What the mains are like at one time.
struct disturbance {
    double share; ///< Of the voltage, and of the currents with it.
    double fifth; ///< Fifth harmonic as a share of the voltage.
};

/// Reads a script: words with DISTURBANCES_LEAST_S to DISTURBANCES_MOST_S seconds each, separated
/// by spaces or commas; an empty one is nothing.
///
/// @return STATUS_INVALID  it is no such script; `*out` is untouched.
MUST_CHECK enum status disturbances_parse(const char *text, struct disturbances *out);

/// `seconds` after the start.
struct disturbance disturbances_at(const struct disturbances *disturbances, double seconds);
