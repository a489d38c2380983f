// SPDX-License-Identifier: MIT
#pragma once

/// A 12-bit converter on the mains of a real household's day: one voltage and eight currents.
///
/// Codes depend on seed, rate and frame number alone, never on when they are read. A frame costs
/// well under a microsecond. README.md says what the channels are.

#include <stdint.h>

#include "adc_source.h"
#include "clock.h"
#include "disturbances.h"
#include "status.h"
#include "wiring.h"

/// OHM_SYNTHESIZER_BITS is of the build: CMakeLists.txt.
enum { SYNTHESIZER_SHAPE_SIZE = 1 << OHM_SYNTHESIZER_BITS };

struct synthesizer_settings {
    double rate_hz;      ///< Frames per second, 1 to 100 kHz.
    double frequency_hz; ///< Of the mains, 40 to 70; it wanders by 30 mHz around this.
    double noise_codes;  ///< Root mean square, 0 to 100.
    uint64_t seed;
    uint32_t start_s; ///< Time of day of the first frame, in seconds since midnight.
    struct disturbances disturbances; ///< Of the supply, for events to show; none by default.
    const struct clock
        *clock; ///< Sets the pace and outlives the synthesizer; NULL plays at any pace.
};

/// 10 kHz, 50 Hz, half a code of noise, from seven in the morning, at any pace.
struct synthesizer_settings synthesizer_settings_default(void);

struct synthesizer;

/// @return STATUS_INVALID  a setting is out of range;  STATUS_FULL  no memory. `*out` is NULL after
/// a failure.
MUST_CHECK enum status synthesizer_open(const struct synthesizer_settings *settings,
                                        struct synthesizer **out);

/// The converter; valid until the synthesizer is closed.
struct adc_source synthesizer_source(struct synthesizer *synthesizer);

/// What its codes are worth: the voltage on input 0, the currents on inputs 1 to 8.
struct wiring synthesizer_wiring(void);

/// NULL is fine.
void synthesizer_close(struct synthesizer *synthesizer);
