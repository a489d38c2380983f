// SPDX-License-Identifier: MIT
#pragma once

/// What a linearity_session does, and what moves it on.

enum linearity_activity {
    LINEARITY_IDLE,
    LINEARITY_COUNTING, ///< The sampling task counts codes.
    LINEARITY_STOPPING, ///< It has been told to stop, and may still be counting.
    LINEARITY_ACTIVITY_COUNT
};

enum linearity_event {
    LINEARITY_BEGIN,
    LINEARITY_TIME_UP,
    LINEARITY_CANCEL,
    LINEARITY_LET_GO, ///< The sampling task counts no more.
    LINEARITY_EVENT_COUNT
};

/// The activity after `event`; the same where the event means nothing.
enum linearity_activity linearity_activity_next(enum linearity_activity activity,
                                                enum linearity_event event);

/// "idle" or "gathering", for JSON.
const char *linearity_activity_name(enum linearity_activity activity);
