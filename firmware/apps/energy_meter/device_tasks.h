// SPDX-License-Identifier: MIT
#pragma once

/// The table of tasks of the energy meter, and what each thread repeats.

#include "device.h"

/// Fills in device->entries.
void device_tasks_init(struct device *device);

/// Starts one of them.
MUST_CHECK enum status device_tasks_start(struct device *device, enum device_task task);

/// Lets one of them end and waits for it.
void device_tasks_stop(struct device *device, enum device_task task);
