// SPDX-License-Identifier: MIT
#pragma once

/// Takes what people ask of the measurement from the mailbox to whom it concerns, within the
/// processing task: calibration and wiring, linearity, maximum demand.
///
/// Calibration and linearity take turns: a table that changes under a calibration would spoil it,
/// and they may share their memory. Who comes second is told to apply or cancel what is under way.

#include "calibration_session.h"
#include "linearity_session.h"
#include "maximum_demand.h"
#include "metering_mailbox.h"

/// Memory for calibration or for linearity; the desk sees to it that they are never both at work.
union metering_workspace {
    struct calibration_workspace calibration;
    struct linearity_workspace linearity;
};

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
