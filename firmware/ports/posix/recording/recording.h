// SPDX-License-Identifier: MIT
#pragma once

/// A converter that plays a recorded signal, once or in a loop, at the pace of a clock or as fast
/// as it is read. Holes in the recording, and the seam of a loop, are told as lost frames.

#include <stdbool.h>

#include "adc_source.h"
#include "clock.h"
#include "recording_file.h"
#include "status.h"

struct recording_settings {
    struct recording_layout layout;
    double rate_hz;   ///< 0 takes what the file says.
    int32_t code_min; ///< Rails; both 0 takes those of the format.
    int32_t code_max;
    bool loop;
    const struct clock
        *clock; ///< Sets the pace and outlives the recording; NULL plays at any pace.
};

struct recording;

/// Reads the file at `path` into memory.
///
/// @return STATUS_MISSING  there is no such file;
///         STATUS_IO       it cannot be read;
///         STATUS_INVALID  the layout does not fit, or neither file nor settings tell a rate of 1
///         Hz to 1 MHz; STATUS_CORRUPT  it is no file of that format; STATUS_FULL     it does not
///         fit into memory. `*recording` is NULL after a failure.
MUST_CHECK enum status recording_open(const char *path, const struct recording_settings *settings,
                                      struct recording **recording);

/// The converter; valid until the recording is closed.
struct adc_source recording_source(struct recording *recording);

/// NULL is fine.
void recording_close(struct recording *recording);
