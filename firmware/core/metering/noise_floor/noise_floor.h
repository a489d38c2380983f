// SPDX-License-Identifier: MIT
#pragma once

/// Learns how much noise a current input shows, from the times when nothing else is on it.
///
/// A root mean square of a signal with noise is the root of the sum of both squares: of a current
/// of two codes and noise of one, 2.24. What is learned while the input is idle can be taken off
/// later. Idle is an input with less than a third of its current at the fundamental, and little
/// current altogether; a load that runs on the mains, however small, has more.
///
/// Power needs none of this: noise of one input is no partner to the other input's voltage.

struct noise_floor {
    double square;  ///< Mean square, in codes squared.
    double seconds; ///< Learned for so long, up to a minute.
};

/// Takes one window of whole cycles: its mean square and that of its fundamental, in codes.
/// Nothing is learned from more than `limit_codes` root mean square.
void noise_floor_take(struct noise_floor *floor, double square, double fundamental_square,
                      double seconds, double limit_codes);

/// Mean square of the noise; 0 until it has been learned for a second.
double noise_floor_square(const struct noise_floor *floor);
