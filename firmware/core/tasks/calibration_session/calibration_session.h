// SPDX-License-Identifier: MIT
#pragma once

/// A person's calibration of a meter, step by step, within the processing task.
///
/// Each METERING_CALIBRATE watches one load and leaves a point; METERING_APPLY makes a curve of the
/// points of the channel, keeps it, and has it in force from the next window on.
/// METERING_CHECK_WIRING watches and leaves a finding. Points live until they are applied or
/// cancelled, or another channel is begun. One task owns a session and calls its functions.

#include <stdbool.h>
#include <stdint.h>

#include "calibration_fit.h"
#include "calibration_harmonics.h"
#include "calibration_store.h"
#include "metering_mailbox.h"
#include "raw_channel.h"
#include "reading.h"
#include "spectrum_tap.h"
#include "status.h"
#include "wiring.h"
#include "wiring_doctor.h"

enum { CALIBRATION_SECONDS_LEAST = 3, CALIBRATION_SECONDS_MOST = 300 };

enum calibration_activity {
    CALIBRATION_IDLE,
    CALIBRATION_WATCHING_LOAD,
    CALIBRATION_WATCHING_WIRING
};

/// Memory that is in use while calibration_session_is_at_work(): 8 KB.
struct calibration_workspace {
    struct calibration_stage stage;
    struct calibration_harmonics harmonics;
    struct calibration_point point[CALIBRATION_POINT_LIMIT];
    struct wiring_doctor doctor[READING_CHANNEL_COUNT];
};

/// Owned by the caller. Use it only through the functions below.
struct calibration_session {
    const struct wiring *wiring;
    struct calibration_store *store;
    struct calibration_workspace *workspace;
    double input_spacing_s; ///< Between two inputs of the scan; 0: all are sampled at once.
    enum calibration_activity activity;
    uint8_t channel;
    double seconds_left;
    struct calibration_truth truth;
    uint32_t points; ///< In the workspace.
    enum calibration_method method;
    struct wiring_question question;
    bool has_finding;
    struct wiring_finding finding;
};

/// Binds the session; all must outlive it, and `store` is loaded.
void calibration_session_init(struct calibration_session *session, const struct wiring *wiring,
                              double input_spacing_s, struct calibration_store *store,
                              struct calibration_workspace *workspace);

/// Whether it watches, or has points that were neither applied nor cancelled. Else its workspace
/// may serve others.
bool calibration_session_is_at_work(const struct calibration_session *session);

/// Looks at a window of `seconds`: `raw` are READING_CHANNEL_COUNT channels.
void calibration_session_observe(struct calibration_session *session, const struct raw_channel *raw,
                                 double seconds);

/// Looks at the transform of an input; its inputs of one window come one after another. What is
/// never called leaves calibrations without harmonics, which then follow a table or 1/f.
void calibration_session_take_bins(struct calibration_session *session,
                                   const struct spectrum_bins *bins);

/// The inputs whose transforms are wanted now (bit n: input n): of the channel whose load is
/// watched.
uint16_t calibration_session_wants(const struct calibration_session *session);

/// Carries out a request of METERING_CALIBRATE to METERING_CHECK_WIRING and answers it. May block
/// for as long as the disk does when it applies.
void calibration_session_answer(struct calibration_session *session,
                                const struct metering_request *request,
                                struct metering_answer *answer);

/// The curve of the points so far.
struct calibration_curve calibration_session_curve(const struct calibration_session *session);
