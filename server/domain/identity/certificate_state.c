// SPDX-License-Identifier: MIT
#include "certificate_state.h"

static enum certificate_state after_pending(enum certificate_event event)
{
    switch (event) {
    case CERTIFICATE_CONFIRMED:
        return CERTIFICATE_ACTIVE;
    case CERTIFICATE_REPLACED:
        return CERTIFICATE_SUPERSEDED;
    case CERTIFICATE_WITHDRAWN:
        return CERTIFICATE_REVOKED;
    case CERTIFICATE_OVER:
        return CERTIFICATE_EXPIRED;
    case CERTIFICATE_EVENT_COUNT:
        break;
    }
    return CERTIFICATE_PENDING;
}

static enum certificate_state after_active(enum certificate_event event)
{
    switch (event) {
    case CERTIFICATE_REPLACED:
        return CERTIFICATE_SUPERSEDED;
    case CERTIFICATE_WITHDRAWN:
        return CERTIFICATE_REVOKED;
    case CERTIFICATE_OVER:
        return CERTIFICATE_EXPIRED;
    case CERTIFICATE_CONFIRMED:
    case CERTIFICATE_EVENT_COUNT:
        break;
    }
    return CERTIFICATE_ACTIVE;
}

enum certificate_state certificate_state_next(enum certificate_state state,
                                              enum certificate_event event)
{
    switch (state) {
    case CERTIFICATE_PENDING:
        return after_pending(event);
    case CERTIFICATE_ACTIVE:
        return after_active(event);
    case CERTIFICATE_EXPIRED:
        if (event == CERTIFICATE_REPLACED) {
            return CERTIFICATE_SUPERSEDED;
        }
        return event == CERTIFICATE_WITHDRAWN ? CERTIFICATE_REVOKED : CERTIFICATE_EXPIRED;
    case CERTIFICATE_SUPERSEDED:
        // Its key may still be in wrong hands, so it can be revoked all the same.
        return event == CERTIFICATE_WITHDRAWN ? CERTIFICATE_REVOKED : CERTIFICATE_SUPERSEDED;
    case CERTIFICATE_REVOKED:
    case CERTIFICATE_STATE_COUNT:
        break;
    }
    return CERTIFICATE_REVOKED;
}

bool certificate_state_is_live(enum certificate_state state)
{
    return state == CERTIFICATE_PENDING || state == CERTIFICATE_ACTIVE;
}

const char *certificate_state_name(enum certificate_state state)
{
    switch (state) {
    case CERTIFICATE_PENDING:
        return "pending";
    case CERTIFICATE_ACTIVE:
        return "active";
    case CERTIFICATE_SUPERSEDED:
        return "superseded";
    case CERTIFICATE_EXPIRED:
        return "expired";
    case CERTIFICATE_REVOKED:
    case CERTIFICATE_STATE_COUNT:
        break;
    }
    return "revoked";
}
