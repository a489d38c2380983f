// SPDX-License-Identifier: MIT
#include "oscillator.h"

enum {
    POINT_BITS = 8,    ///< The table has 256 points a turn,
    BETWEEN_BITS = 10, ///< and lines of 1024 steps between them.
    FINE_BITS = 3,     ///< Its values are 8 times as fine as what comes out.
    BETWEEN = 1 << BETWEEN_BITS,
    SHIFT = BETWEEN_BITS + FINE_BITS,
    POSITIVE = (OSCILLATOR_PEAK + 1) << SHIFT, ///< Keeps what is shifted positive.
    HALF = 1 << (SHIFT - 1),
};

static const uint32_t QUARTER_TURN = 1u << 30;

/// round(8 OSCILLATOR_PEAK (1 + d d / 12) sin(n d)), d = 2 pi / 256, n = 0 to 256. The lines
/// between the points run inside the wave; the second factor gives back what they lose.
static const int16_t SINE[(1 << POINT_BITS) + 1] = {
    0,      804,    1608,   2410,   3211,   4010,   4807,   5601,   6391,   7178,   7960,   8738,
    9510,   10277,  11037,  11791,  12537,  13276,  14007,  14730,  15444,  16148,  16843,  17527,
    18201,  18864,  19516,  20156,  20784,  21399,  22001,  22590,  23166,  23728,  24275,  24807,
    25325,  25828,  26314,  26785,  27240,  27679,  28101,  28505,  28893,  29263,  29616,  29951,
    30268,  30566,  30847,  31108,  31351,  31575,  31780,  31966,  32132,  32279,  32407,  32515,
    32604,  32673,  32722,  32752,  32762,  32752,  32722,  32673,  32604,  32515,  32407,  32279,
    32132,  31966,  31780,  31575,  31351,  31108,  30847,  30566,  30268,  29951,  29616,  29263,
    28893,  28505,  28101,  27679,  27240,  26785,  26314,  25828,  25325,  24807,  24275,  23728,
    23166,  22590,  22001,  21399,  20784,  20156,  19516,  18864,  18201,  17527,  16843,  16148,
    15444,  14730,  14007,  13276,  12537,  11791,  11037,  10277,  9510,   8738,   7960,   7178,
    6391,   5601,   4807,   4010,   3211,   2410,   1608,   804,    0,      -804,   -1608,  -2410,
    -3211,  -4010,  -4807,  -5601,  -6391,  -7178,  -7960,  -8738,  -9510,  -10277, -11037, -11791,
    -12537, -13276, -14007, -14730, -15444, -16148, -16843, -17527, -18201, -18864, -19516, -20156,
    -20784, -21399, -22001, -22590, -23166, -23728, -24275, -24807, -25325, -25828, -26314, -26785,
    -27240, -27679, -28101, -28505, -28893, -29263, -29616, -29951, -30268, -30566, -30847, -31108,
    -31351, -31575, -31780, -31966, -32132, -32279, -32407, -32515, -32604, -32673, -32722, -32752,
    -32762, -32752, -32722, -32673, -32604, -32515, -32407, -32279, -32132, -31966, -31780, -31575,
    -31351, -31108, -30847, -30566, -30268, -29951, -29616, -29263, -28893, -28505, -28101, -27679,
    -27240, -26785, -26314, -25828, -25325, -24807, -24275, -23728, -23166, -22590, -22001, -21399,
    -20784, -20156, -19516, -18864, -18201, -17527, -16843, -16148, -15444, -14730, -14007, -13276,
    -12537, -11791, -11037, -10277, -9510,  -8738,  -7960,  -7178,  -6391,  -5601,  -4807,  -4010,
    -3211,  -2410,  -1608,  -804,   0,
};

uint32_t oscillator_step(double period_frames)
{
    if (!(period_frames >= 4.0) || !(period_frames <= 1048576.0)) {
        return 0;
    }
    return (uint32_t)(4294967296.0 / period_frames + 0.5);
}

int16_t oscillator_sine(uint32_t phase)
{
    const uint32_t point = phase >> (32 - POINT_BITS);
    const int32_t beyond =
        (int32_t)((phase >> (32 - POINT_BITS - BETWEEN_BITS)) & (uint32_t)(BETWEEN - 1));
    const int32_t fine = SINE[point] * (BETWEEN - beyond) + SINE[point + 1u] * beyond;
    return (int16_t)(((fine + POSITIVE + HALF) >> SHIFT) - (OSCILLATOR_PEAK + 1));
}

int16_t oscillator_cosine(uint32_t phase)
{
    return oscillator_sine(phase + QUARTER_TURN);
}

uint32_t oscillator_run(uint32_t phase, uint32_t step, uint32_t count, int16_t *cosine,
                        int16_t *sine)
{
    for (uint32_t n = 0; n < count; n++) {
        cosine[n] = oscillator_cosine(phase);
        sine[n] = oscillator_sine(phase);
        phase += step;
    }
    return phase;
}
