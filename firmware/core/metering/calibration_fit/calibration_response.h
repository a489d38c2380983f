// SPDX-License-Identifier: MIT
#pragma once

/// How a channel answers a resistive load at the harmonics of the mains, and what follows from that
/// for other frequencies.
///
/// A resistor's current is where its voltage is at every harmonic, so what is left of the angle at
/// harmonic h is the sensors' doing. By `a + b / (h f) + 2 pi h f d`, a transformer's lead falls
/// with frequency and a delay grows with it, so the harmonics of a distorted voltage tell the two
/// apart at one mains frequency. The fundamental anchors the line: `b` and `d` come by least
/// squares from the differences between harmonics and fundamental.
///
/// Noise, steps of the converter and a load that is not quite a resistor add a current of much the
/// same size at every order. So an order counts by the square of its current, and that size
/// follows from what the line leaves of angles and magnitudes: a law that does not hold, a core
/// that distorts, a lamp that flickers all enlarge the error that is told.

#include <stdbool.h>
#include <stdint.h>

enum { CALIBRATION_ORDERS = 8 }; ///< 1, 3, 5 to 15.

struct calibration_phasor {
    double re;
    double im;
};

/// Sums over windows. Starts zeroed. Use it only through the functions below.
struct calibration_response {
    uint32_t windows;
    double frequency_hz;
    struct {
        double along;  ///< Current times voltage, in phase.
        double before; ///< Current a quarter of a turn before the voltage.
        double voltage_square;
        double current_square;
    } order[CALIBRATION_ORDERS];
};

/// What the two angles of a trend would be more, if something were otherwise.
struct calibration_doubt {
    double inverse_rad;
    double delay_rad;
};

/// How the angle between current and voltage changes with frequency.
struct calibration_trend {
    bool known; ///< Nothing below counts unless.
    double frequency_hz;
    /// The part of the lead that goes with 1/f, and the angle of the delay, both at
    /// `frequency_hz`. What is left of the fundamental's angle is `a`.
    double inverse_rad;
    double delay_rad;
    /// Squares and product of half the errors that hold in 95 of 100 cases.
    double inverse_variance;
    double delay_variance;
    double covariance;
    /// If the lead fell with the root of the frequency; and how likely that is beside 1/f, 0 to 1.
    struct calibration_doubt slow;
    double slow_share;
    /// If the third harmonic were not the load's: cores, lamps and glowing wires make one.
    struct calibration_doubt without_third;
};

/// Adds a window: harmonics of voltage and current in codes, lowest order first.
void calibration_response_add(struct calibration_response *response,
                              const struct calibration_phasor voltage[CALIBRATION_ORDERS],
                              const struct calibration_phasor current[CALIBRATION_ORDERS],
                              double frequency_hz);

/// The line through the harmonics, less the current's `delay_s` that is known already. Not known
/// when fewer than four orders or ten windows were seen.
struct calibration_trend calibration_response_trend(const struct calibration_response *response,
                                                    double delay_s);
