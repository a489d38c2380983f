// SPDX-License-Identifier: MIT
#pragma once

/// The two things that are done to a secret besides using it: comparing it and wiping it.

#include <stdbool.h>
#include <stddef.h>

/// Whether both are the same bytes. How long it takes tells the sizes, and nothing of the bytes.
///
/// An empty secret equals nothing, not even another empty one: nobody proves anything with it.
bool constant_time_equal(const void *one, size_t one_size, const void *other, size_t other_size);

/// Writes zeros, also where the compiler sees that nobody will read them. `secret` may be NULL when
/// `size` is 0.
void constant_time_wipe(void *secret, size_t size);
