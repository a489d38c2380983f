// SPDX-License-Identifier: MIT
#pragma once

/// Takes what people ask of the measurement from the mailbox to whom it concerns, within the
/// processing task: calibration and wiring, linearity, maximum demand.

#include "calibration_session.h"
#include "linearity_session.h"
#include "maximum_demand.h"
#include "metering_mailbox.h"

/// What a desk works with; all of it outlives it and belongs to the same task.
struct metering_desk {
    struct metering_mailbox *mailbox;
    struct calibration_session *calibration;
    struct linearity_session *linearity;
    struct maximum_demand *maximum;
};

/// Answers a request that waits, and lets linearity move on. May block for as long as the disk
/// does.
void metering_desk_step(struct metering_desk *desk);
