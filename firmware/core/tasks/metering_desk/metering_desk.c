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

static const char *linearity_in_the_way(const struct linearity_session *session)
{
    return !linearity_session_is_at_work(session) ? NULL
           : session->activity != LINEARITY_IDLE
               ? "codes are being counted for linearity: wait or cancel that"
           : session->swings > 0 ? "linearity has swings: apply or cancel them first"
                                 : "the table of the converter is being changed: try again";
}

static const char *calibration_in_the_way(const struct calibration_session *session)
{
    return !calibration_session_is_at_work(session) ? NULL
           : session->activity != CALIBRATION_IDLE
               ? "a calibration or a check of wiring is under way: wait or cancel that"
               : "a calibration has points: apply or cancel them first";
}

/// Why a request has to wait for the other session; NULL: it has not.
static const char *what_is_in_the_way(const struct metering_desk *desk,
                                      const struct metering_request *request)
{
    switch (request->action) {
    case METERING_CALIBRATE:
    case METERING_CHECK_WIRING:
        return linearity_in_the_way(desk->linearity);
    case METERING_LINEARITY_GATHER:
    case METERING_LINEARITY_APPLY:
    case METERING_LINEARITY_CLEAR:
        return calibration_in_the_way(desk->calibration);
    case METERING_APPLY:
    case METERING_CANCEL:
    case METERING_TELL:
    case METERING_LINEARITY_CANCEL:
    case METERING_LINEARITY_TELL:
    case METERING_DEMAND_RESET:
    case METERING_DEMAND_TELL:
        break;
    }
    return NULL;
}

static void hand_over(struct metering_desk *desk, const struct metering_request *request,
                      struct metering_answer *answer)
{
    const char *in_the_way = what_is_in_the_way(desk, request);
    if (in_the_way != NULL) {
        answer->status = STATUS_BUSY;
        answer->reason = in_the_way;
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
