// SPDX-License-Identifier: MIT
#pragma once

/// A fleet that is enrolled, comes on line and stays: every device makes a reading each period,
/// comes back after a jittered wait when its session ends, and forgets nothing that was not
/// acknowledged.
///
/// It tells what happens as lines of JSON on standard output, each with its `event`:
///     enrolled, confirmed  {devices, seconds, put_off}: every device has, and has confirmed, its
///                          certificate
///     on_line, lost        {device, at_s}: a device has its session; the session has ended
///     settled              {on_line, refused, seconds}: each device is on line, or the broker says
///                          that it may not be; so long after the first was missing
///     figures, end         what came of it so far

#include <signal.h>

#include "fleet_options.h"
#include "fleet_roll.h"
#include "status.h"

struct fleet_signals {
    const volatile sig_atomic_t *stop;
    volatile sig_atomic_t *asked; ///< Not zero: figures are wanted. Set to zero with them.
};

/// @return STATUS_OK  whatever the devices measured that the broker lets in is acknowledged.
MUST_CHECK enum status fleet_stay(const struct fleet_options *options, struct fleet_roll *roll,
                                  const struct fleet_signals *signals);
