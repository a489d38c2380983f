// SPDX-License-Identifier: MIT
#pragma once

/// How the communication task asks the processing task to calibrate and to judge the wiring.
///
/// One request is under way at a time. Nobody ever waits: the two sides hand one slot to each other
/// by 32-bit words. The processing task answers within a step (10 ms).

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "calibration_fit.h"
#include "calibration_store.h"
#include "status.h"
#include "wiring_doctor.h"

enum { METERING_DETAIL_SIZE = 3584 };

enum metering_action {
    METERING_CALIBRATE,    ///< Watch a load and make a point of it.
    METERING_APPLY,        ///< Keep what the points of a channel come to.
    METERING_CANCEL,       ///< Forget the points, and stop watching.
    METERING_TELL,         ///< How far it is, what came of it, and what is in force.
    METERING_CHECK_WIRING, ///< Watch, and judge how the sensor is fitted.
};

struct metering_request {
    uint32_t id; ///< Chosen by the poster; comes back in the answer.
    enum metering_action action;
    uint8_t channel;
    uint16_t seconds;                ///< How long to watch.
    struct calibration_truth truth;  ///< For METERING_CALIBRATE.
    struct wiring_question question; ///< For METERING_CHECK_WIRING.
    char who[CALIBRATION_STORE_WHO_SIZE + 1];
    int64_t utc_s; ///< When it was asked; 0: not known.
};

struct metering_answer {
    uint32_t id;
    enum status status;
    const char *reason;                ///< Static text for people; never NULL.
    uint32_t detail_size;              ///< 0: there is none.
    char detail[METERING_DETAIL_SIZE]; ///< A JSON object.
};

/// Owned by the caller. Use it only through the functions below.
struct metering_mailbox {
    struct metering_request request;
    struct metering_answer answer;
    _Atomic uint32_t posted;   ///< Written by the poster.
    _Atomic uint32_t answered; ///< Written by the processing task.
    uint32_t taken;            ///< The poster's own.
};

/// Empties the mailbox. Call it before either task starts.
void metering_mailbox_init(struct metering_mailbox *mailbox);

/// Posts a request. For the communication task only.
///
/// @return STATUS_FULL  the answer to the one before has not been taken.
MUST_CHECK enum status metering_mailbox_post(struct metering_mailbox *mailbox,
                                             const struct metering_request *request);

/// The answer, or NULL while there is none. It is the poster's until metering_mailbox_release().
const struct metering_answer *metering_mailbox_peek(const struct metering_mailbox *mailbox);
void metering_mailbox_release(struct metering_mailbox *mailbox);

/// The request that waits, or NULL. For the processing task only, as is the next.
const struct metering_request *metering_mailbox_next(const struct metering_mailbox *mailbox);

/// Where the answer is to be written before metering_mailbox_answer().
struct metering_answer *metering_mailbox_slot(struct metering_mailbox *mailbox);
void metering_mailbox_answer(struct metering_mailbox *mailbox);
