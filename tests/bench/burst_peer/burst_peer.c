// SPDX-License-Identifier: MIT
#include "burst_peer.h"

uint32_t burst_peer_cycle_frames(double rate_hz)
{
    return (uint32_t)(rate_hz / 50.0 + 0.5);
}

void burst_peer_init(struct burst_peer *peer, uint32_t cycle_frames, uint32_t channels)
{
    *peer = (struct burst_peer){ .cycle_frames = cycle_frames, .channels = channels };
}

void burst_peer_take(struct burst_peer *peer, int32_t voltage, int32_t current)
{
    const double n = peer->cycle_frames;
    if (peer->frame < peer->cycle_frames) {
        peer->sum_v += voltage;
        peer->sum_i += current;
        peer->sum_vi += (double)voltage * current;
    }
    peer->frame++;
    if (peer->frame == peer->cycle_frames) {
        peer->power += peer->sum_vi / n - peer->sum_v / n * (peer->sum_i / n);
        peer->cycles++;
        peer->sum_v = peer->sum_i = peer->sum_vi = 0.0;
    }
    if (peer->frame == peer->cycle_frames * peer->channels) {
        peer->frame = 0;
    }
}

double burst_peer_power(const struct burst_peer *peer)
{
    return peer->cycles > 0 ? peer->power / peer->cycles : 0.0;
}
