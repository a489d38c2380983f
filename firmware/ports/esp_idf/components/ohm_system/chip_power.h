// SPDX-License-Identifier: MIT
#pragma once

/// Frequency scaling and light sleep.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_pm.h. The chip slows down and sleeps only while no driver
/// holds a lock against it: the converter's does while it samples, and so do radio and UART while
/// they work. So a meter scales its clock between blocks, and a gateway sleeps between polls.

#include <stdbool.h>

#include "status.h"

/// @return STATUS_MISSING  this image was built without it;  STATUS_INVALID  no such frequencies.
MUST_CHECK enum status chip_power_save(int highest_mhz, int lowest_mhz, bool light_sleep);
