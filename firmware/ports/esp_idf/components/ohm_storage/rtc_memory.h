// SPDX-License-Identifier: MIT
#pragma once

/// The retained memory, in the RTC's slow memory: it outlives every reset but that of power.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_attr.h (RTC_NOINIT_ATTR).

#include "retained_memory.h"

/// There is one.
struct retained_memory *rtc_memory(void);
