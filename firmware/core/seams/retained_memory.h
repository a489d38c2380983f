// SPDX-License-Identifier: MIT
#pragma once

/// A few words of memory that outlive a restart: RTC memory on an ESP32, a mapped file elsewhere.
///
/// After a power cut the content is random or lost, so whoever keeps something here adds a check.
/// Reading and writing take effect at once and never wait for anything, a disk least of all.

#include <stdint.h>

enum { RETAINED_MEMORY_WORDS = 16 };

struct retained_memory {
    volatile uint32_t words[RETAINED_MEMORY_WORDS];
};
