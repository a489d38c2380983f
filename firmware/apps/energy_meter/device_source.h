// SPDX-License-Identifier: MIT
#pragma once

/// Where this meter's samples come from: a recording or the synthesizer, and how they are wired.

#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"
#include "clock.h"
#include "options.h"
#include "recording.h"
#include "status.h"
#include "synthesizer.h"
#include "wiring.h"

struct device_source {
    struct recording *recording; ///< One of the two is NULL.
    struct synthesizer *synthesizer;
    struct adc_source adc;
    struct wiring wiring;
    double rate_hz;
    bool paced;
    uint64_t start_us; ///< Uptime at the first frame of a source without a pace.
};

/// Opens the source. `clock` must outlive it.
///
/// @return what failed; `fault` says what and what to do.
MUST_CHECK enum status device_source_open(struct device_source *source,
                                          const struct options *options, const struct clock *clock,
                                          char fault[OPTIONS_FAULT_SIZE]);

/// Closes what is open.
void device_source_close(struct device_source *source);
