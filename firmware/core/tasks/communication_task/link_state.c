// SPDX-License-Identifier: MIT
#include "link_state.h"

static enum link_state from_waiting(enum link_event event)
{
    switch (event) {
    case LINK_EVENT_DUE:
        return LINK_CONNECTING;
    case LINK_EVENT_LEAVE:
        return LINK_OFF;
    case LINK_EVENT_UP:
    case LINK_EVENT_LOST:
    case LINK_EVENT_LATE:
    case LINK_EVENT_SPOKEN:
        break;
    }
    return LINK_WAITING;
}

static enum link_state from_connecting(enum link_event event)
{
    switch (event) {
    case LINK_EVENT_UP:
        return LINK_ONLINE;
    case LINK_EVENT_LOST:
    case LINK_EVENT_LATE:
        return LINK_WAITING;
    case LINK_EVENT_LEAVE:
        return LINK_OFF;
    case LINK_EVENT_DUE:
    case LINK_EVENT_SPOKEN:
        break;
    }
    return LINK_CONNECTING;
}

static enum link_state from_online(enum link_event event)
{
    switch (event) {
    case LINK_EVENT_LOST:
        return LINK_WAITING;
    case LINK_EVENT_LEAVE:
        return LINK_LEAVING;
    case LINK_EVENT_UP:
    case LINK_EVENT_DUE:
    case LINK_EVENT_LATE:
    case LINK_EVENT_SPOKEN:
        break;
    }
    return LINK_ONLINE;
}

static enum link_state from_leaving(enum link_event event)
{
    switch (event) {
    case LINK_EVENT_LOST:
    case LINK_EVENT_LATE:
    case LINK_EVENT_SPOKEN:
        return LINK_OFF;
    case LINK_EVENT_UP:
    case LINK_EVENT_DUE:
    case LINK_EVENT_LEAVE:
        break;
    }
    return LINK_LEAVING;
}

enum link_state link_next(enum link_state state, enum link_event event)
{
    switch (state) {
    case LINK_WAITING:
        return from_waiting(event);
    case LINK_CONNECTING:
        return from_connecting(event);
    case LINK_ONLINE:
        return from_online(event);
    case LINK_LEAVING:
        return from_leaving(event);
    case LINK_OFF:
        break;
    }
    return LINK_OFF;
}
