// SPDX-License-Identifier: MIT
#include "linearity_activity.h"

enum linearity_activity linearity_activity_next(enum linearity_activity activity,
                                                enum linearity_event event)
{
    switch (activity) {
    case LINEARITY_IDLE:
        return event == LINEARITY_BEGIN ? LINEARITY_COUNTING : activity;
    case LINEARITY_COUNTING:
        return event == LINEARITY_TIME_UP || event == LINEARITY_CANCEL ? LINEARITY_STOPPING
                                                                       : activity;
    case LINEARITY_STOPPING:
        return event == LINEARITY_LET_GO ? LINEARITY_IDLE : activity;
    case LINEARITY_ACTIVITY_COUNT:
        break;
    }
    return activity;
}

const char *linearity_activity_name(enum linearity_activity activity)
{
    return activity == LINEARITY_IDLE ? "idle" : "gathering";
}
