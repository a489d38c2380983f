// SPDX-License-Identifier: MIT
#pragma once

/// Plays a power cut before a step on the disk, for tests.

#include "secret_file.h"

struct step_countdown {
    unsigned left;  ///< Steps that succeed before the power is gone.
    unsigned steps; ///< That were begun.
};

/// The probe on a countdown, which outlives it.
struct secret_file_probe step_countdown_probe(struct step_countdown *countdown);
