// SPDX-License-Identifier: MIT
#include "noise_floor.h"

static const double IDLE_SHARE = 0.1; // Of the fundamental's power in the whole.
static const double MEMORY_S = 60.0;
static const double LEAST_S = 1.0;

void noise_floor_take(struct noise_floor *floor, double square, double fundamental_square,
                      double seconds, double limit_codes)
{
    const double limit = limit_codes * limit_codes;
    if (!(seconds > 0.0) || !(square >= 0.0 && square <= limit) ||
        !(fundamental_square <= IDLE_SHARE * square)) {
        return;
    }
    const double total = floor->seconds + seconds;
    floor->seconds = total < MEMORY_S ? total : MEMORY_S;
    const double weight = seconds < floor->seconds ? seconds / floor->seconds : 1.0;
    floor->square += weight * (square - floor->square);
}

double noise_floor_square(const struct noise_floor *floor)
{
    return floor->seconds >= LEAST_S ? floor->square : 0.0;
}
