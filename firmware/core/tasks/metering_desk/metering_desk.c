// SPDX-License-Identifier: MIT
#include "metering_desk.h"

#include <stddef.h>

#include "demand_detail.h"

enum { MS_PER_S = 1000 };

static void answer_demand(struct metering_desk *desk, const struct metering_request *request,
                          struct metering_answer *answer)
{
    size_t size = 0;
    answer->status = STATUS_OK;
    if (request->action == METERING_DEMAND_RESET) {
        answer->status =
            maximum_demand_reset(desk->maximum, request->utc_s * MS_PER_S, request->who);
        answer->reason = answer->status == STATUS_OK ? "" : "the reset could not be kept";
    }
    answer->detail_size = demand_detail_write(&desk->maximum->value, answer->detail,
                                              sizeof answer->detail, &size) == STATUS_OK
                              ? (uint32_t)size
                              : 0;
}

/// A table that changes under a calibration would spoil it.
static bool is_in_the_way(const struct metering_desk *desk, const struct metering_request *request)
{
    return desk->calibration->activity != CALIBRATION_IDLE &&
           (request->action == METERING_LINEARITY_APPLY ||
            request->action == METERING_LINEARITY_CLEAR);
}

static void hand_over(struct metering_desk *desk, const struct metering_request *request,
                      struct metering_answer *answer)
{
    if (is_in_the_way(desk, request)) {
        answer->status = STATUS_BUSY;
        answer->reason = "a measurement is under way: wait or cancel";
        return;
    }
    switch (metering_subject_of(request->action)) {
    case METERING_OF_CHANNEL:
        calibration_session_answer(desk->calibration, request, answer);
        break;
    case METERING_OF_CONVERTER:
        linearity_session_answer(desk->linearity, request, answer);
        break;
    case METERING_OF_DEMAND:
        answer_demand(desk, request, answer);
        break;
    }
}

void metering_desk_step(struct metering_desk *desk)
{
    linearity_session_step(desk->linearity);
    const struct metering_request *request = metering_mailbox_next(desk->mailbox);
    if (request == NULL) {
        return;
    }
    struct metering_answer *answer = metering_mailbox_slot(desk->mailbox);
    answer->id = request->id;
    answer->reason = "";
    answer->detail_size = 0;
    hand_over(desk, request, answer);
    metering_mailbox_answer(desk->mailbox);
}
