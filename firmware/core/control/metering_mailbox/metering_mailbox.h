// SPDX-License-Identifier: MIT
#pragma once

/// How the communication task asks the processing task what concerns the measurement: to calibrate,
/// to judge the wiring, to straighten the converter, to begin a new maximum demand.
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
    METERING_CALIBRATE,        ///< Watch a load and make a point of it.
    METERING_APPLY,            ///< Keep what the points of a channel come to.
    METERING_CANCEL,           ///< Forget the points, and stop watching.
    METERING_TELL,             ///< How far it is, what came of it, and what is in force.
    METERING_CHECK_WIRING,     ///< Watch, and judge how the sensor is fitted.
    METERING_LINEARITY_GATHER, ///< Count the codes of some inputs: each makes a swing.
    METERING_LINEARITY_APPLY,  ///< Keep the table that the swings come to.
    METERING_LINEARITY_CLEAR,  ///< Leave the codes as they are again.
    METERING_LINEARITY_CANCEL, ///< Forget the swings, and stop counting.
    METERING_LINEARITY_TELL,   ///< As METERING_TELL, of the converter.
    METERING_DEMAND_RESET,     ///< Begin a new maximum demand.
    METERING_DEMAND_TELL,      ///< The maximum, and who reset it.
};

/// What an action is about, which is also who carries it out.
enum metering_subject { METERING_OF_CHANNEL, METERING_OF_CONVERTER, METERING_OF_DEMAND };

enum metering_subject metering_subject_of(enum metering_action action);

/// The action that tells about a subject and changes nothing.
enum metering_action metering_subject_telling(enum metering_subject subject);

struct metering_request {
    uint32_t id; ///< Chosen by the poster; comes back in the answer.
    enum metering_action action;
    uint8_t channel;
    uint16_t seconds;                ///< How long to watch.
    bool voltage;                    ///< For METERING_LINEARITY_GATHER: the reference voltage,
    uint8_t channels;                ///< and the currents of these channels, one bit each.
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
