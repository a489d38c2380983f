// SPDX-License-Identifier: MIT
#pragma once

/// The kernel's random numbers.

#include "entropy.h"

struct entropy host_entropy(void);
