// SPDX-License-Identifier: MIT
#include "linearity_verdict.h"

const char *linearity_verdict_name(enum linearity_verdict verdict)
{
    static const char *const names[LINEARITY_VERDICT_COUNT] = {
        [LINEARITY_FOUND] = "found",       [LINEARITY_TOO_LITTLE] = "too_little",
        [LINEARITY_CLIPPED] = "clipped",   [LINEARITY_UNSTEADY] = "unsteady",
        [LINEARITY_NO_MAINS] = "no_mains", [LINEARITY_ONE_SWING] = "one_swing",
        [LINEARITY_ALIKE] = "alike",       [LINEARITY_CONTRADICTORY] = "contradictory",
        [LINEARITY_BEYOND] = "beyond",
    };
    return names[verdict];
}

const char *linearity_verdict_advice(enum linearity_verdict verdict)
{
    static const char *const advice[LINEARITY_VERDICT_COUNT] = {
        [LINEARITY_FOUND] = "",
        [LINEARITY_TOO_LITTLE] = "Measure longer, or use a larger load or more turns.",
        [LINEARITY_CLIPPED] = "Use a smaller load or fewer turns.",
        [LINEARITY_UNSTEADY] = "Use a heater, and switch nothing meanwhile.",
        [LINEARITY_NO_MAINS] = "Connect the voltage.",
        [LINEARITY_ONE_SWING] = "Add a heater's current, whose swing is smaller or larger.",
        [LINEARITY_ALIKE] = "Use swings that differ by a fifth or more.",
        [LINEARITY_CONTRADICTORY] = "Use a heater alone, all inputs at once, and measure longer.",
        [LINEARITY_BEYOND] = "No sound converter bends so much: check loads and wiring.",
    };
    return advice[verdict];
}
