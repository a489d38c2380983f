// SPDX-License-Identifier: MIT
#pragma once

/// As many messages as broker and server carry, from devices whose certificates are made here.

#include <signal.h>

#include "fleet_options.h"
#include "status.h"

/// Runs to the end or until `*stop` is not zero, and prints figures.
///
/// @return STATUS_OK  every message was stored and acknowledged. Otherwise standard error or the
///         figures say what is wrong.
MUST_CHECK enum status fleet_flood(struct fleet_options *options,
                                   const volatile sig_atomic_t *stop);
