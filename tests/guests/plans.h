// SPDX-License-Identifier: MIT
#pragma once

/// What the guests measure: sets of generated mains, from ordinary to hostile.

#include <stdbool.h>

#include "code_generator.h"
#include "wiring.h"

struct guest_case {
    struct code_plan plan;
    struct wiring wiring;
};

/// The number of sets.
enum { GUEST_SET_COUNT = 5 };

/// The name of a set, below GUEST_SET_COUNT.
const char *guest_set_name(unsigned set);

/// Fills in case `index` of a set; false when the set has no such case.
bool guest_set_case(unsigned set, unsigned index, struct guest_case *out);
