// SPDX-License-Identifier: MIT
#pragma once

/// The classic way of small open meters, written down for comparison: a converter that is given to
/// one channel after another, for one nominal cycle each. Windows are a fixed number of samples,
/// whatever the mains does; in between, a channel is not seen, and its power is taken to go on.

#include <stdint.h>

struct burst_peer {
    uint32_t cycle_frames;
    uint32_t channels;
    uint32_t frame; ///< Within the round of all channels; the first cycle is ours.
    double sum_v;   ///< Within the cycle in hand.
    double sum_i;
    double sum_vi;
    double power; ///< Of all cycles seen.
    uint32_t cycles;
};

/// Frames of a nominal cycle: at 50 Hz.
uint32_t burst_peer_cycle_frames(double rate_hz);

void burst_peer_init(struct burst_peer *peer, uint32_t cycle_frames, uint32_t channels);

/// Takes one frame, whether it is this channel's turn or not.
void burst_peer_take(struct burst_peer *peer, int32_t voltage, int32_t current);

/// The mean power of the cycles seen, in codes squared; 0 when there was none.
double burst_peer_power(const struct burst_peer *peer);
