// SPDX-License-Identifier: MIT
#pragma once

/// What came of a swing, or of all of them together.

enum linearity_verdict {
    LINEARITY_FOUND,
    // Of one swing:
    LINEARITY_TOO_LITTLE, ///< Too few codes, or too small a part of the range.
    LINEARITY_CLIPPED,    ///< It touched a rail.
    LINEARITY_UNSTEADY,   ///< It became larger or smaller meanwhile.
    LINEARITY_NO_MAINS,
    // Of all:
    LINEARITY_ONE_SWING,     ///< Harmonics of the mains cannot be told from the converter.
    LINEARITY_ALIKE,         ///< The swings are of the same size.
    LINEARITY_CONTRADICTORY, ///< The swings are not of one shape.
    LINEARITY_BEYOND,        ///< More than any sound converter bends.
    LINEARITY_VERDICT_COUNT
};

/// A static name such as "unsteady", for JSON.
const char *linearity_verdict_name(enum linearity_verdict verdict);

/// What to do about it, a static sentence.
const char *linearity_verdict_advice(enum linearity_verdict verdict);
