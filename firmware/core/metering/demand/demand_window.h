// SPDX-License-Identifier: MIT
#pragma once

/// Takes one window into the running block; see demand.h. Only demand.c calls it.

#include "demand.h"

void demand_take_window(struct demand *demand, const struct window_report *window);
