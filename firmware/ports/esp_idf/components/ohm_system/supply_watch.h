// SPDX-License-Identifier: MIT
#pragma once

/// Warns of a falling supply while there is still time to write: a line that the supply's
/// supervisor pulls low wakes one task.
///
/// Sources: ESP-IDF v5.5 and v5.3, driver/gpio.h. The chip's own brown-out detector resets it at
/// about 2.4 to 2.8 V, below what the flash needs for writing, so it is too late for that: it stays
/// as the last guard, and this line comes before it.

#include "driver/gpio.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "status.h"

/// Owned by the caller; outlives the interrupt.
struct supply_watch {
    gpio_num_t line;
    TaskHandle_t task;
};

/// Wakes `task` from supply_watch_wait() when `line` goes low. Needs
/// gpio_line_open_interrupts().
///
/// @return STATUS_INVALID  the chip has no such line;  STATUS_IO  no interrupt can be had.
MUST_CHECK enum status supply_watch_open(struct supply_watch *watch, gpio_num_t line,
                                         TaskHandle_t task);

/// Sleeps for `ms`, or until the supply falls. @return whether it fell.
bool supply_watch_wait(uint32_t ms);
