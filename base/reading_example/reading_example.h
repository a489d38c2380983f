// SPDX-License-Identifier: MIT
#pragma once

/// Readings for tests and benchmarks: a plausible household, and everything that a record may hold.
/// The same seed gives the same records on every machine.

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

struct reading_example {
    uint64_t random;
    struct reading last; ///< The household's newest reading.
};

void reading_example_init(struct reading_example *example, uint64_t seed);

/// A number that looks random.
uint64_t reading_example_random(struct reading_example *example);

/// The next second of a household with `channel_count` channels under load, each with its own
/// noise.
struct record reading_example_next(struct reading_example *example, unsigned channel_count);

/// Any valid record: fields take their extremes, small values and anything between. Half of them
/// are readings.
struct record reading_example_wild(struct reading_example *example);

/// A valid record of `kind` whose fields are all at one end of their range, as hard to code against
/// one with the others as can be.
struct record reading_example_extreme(unsigned kind, bool high);

/// Compares what counts: unmeasured channels are taken as all zero, and so are samples behind the
/// last one.
bool reading_example_is_same(const struct record *a, const struct record *b);
