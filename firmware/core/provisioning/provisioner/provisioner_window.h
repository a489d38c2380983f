// SPDX-License-Identifier: MIT
#pragma once

/// The set-up window and its hotspot. For the provisioner's sources only.

#include "provisioner.h"

/// Begins to look for networks, unless that is under way or the radio has other things to do.
void provisioner_scan(struct provisioner *provisioner);

/// Opens the window for its whole time, unless too many proofs have failed, and looks for networks,
/// so that whoever comes finds them listed.
void provisioner_window_open(struct provisioner *provisioner);

void provisioner_window_close(struct provisioner *provisioner);

/// Closes the window in time, and has the hotspot follow the window.
void provisioner_window_mind(struct provisioner *provisioner);

/// Counts a failed proof, and closes the window at the limit.
void provisioner_window_count_failure(struct provisioner *provisioner);

/// Carries an event to the state machine, and does what a new state begins with.
void provisioner_raise(struct provisioner *provisioner, enum provisioning_event event);
