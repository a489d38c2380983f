// SPDX-License-Identifier: MIT
#include "station_link.h"

static struct station_step step(enum station_state state, enum station_action action,
                                enum station_news news)
{
    return (struct station_step){ .state = state, .action = action, .news = news };
}

static struct station_step go(enum station_state state)
{
    return step(state, STATION_DO_NOTHING, STATION_TELL_NOTHING);
}

static struct station_step idle_next(enum station_event event)
{
    return event == STATION_TOLD_TO_JOIN
               ? step(STATION_JOINING, STATION_DO_JOIN, STATION_TELL_NOTHING)
               : go(STATION_IDLE);
}

static struct station_step leaving_next(enum station_event event)
{
    switch (event) {
    case STATION_TOLD_TO_JOIN:
        return go(STATION_CHANGING);
    case STATION_LINK_DOWN:
    case STATION_TIMED_OUT:
        return go(STATION_IDLE);
    case STATION_TOLD_TO_LEAVE:
    case STATION_LINK_UP:
    case STATION_HAS_ADDRESS:
        break;
    }
    return go(STATION_LEAVING);
}

static struct station_step changing_next(enum station_event event)
{
    switch (event) {
    case STATION_TOLD_TO_LEAVE:
        return go(STATION_LEAVING);
    case STATION_LINK_DOWN:
    case STATION_TIMED_OUT:
        return step(STATION_JOINING, STATION_DO_JOIN, STATION_TELL_NOTHING);
    case STATION_TOLD_TO_JOIN:
    case STATION_LINK_UP:
    case STATION_HAS_ADDRESS:
        break;
    }
    return go(STATION_CHANGING);
}

/// Joining, asking and connected: `end` is what the end of the link is.
static struct station_step linked_next(enum station_state state, enum station_event event,
                                       enum station_news end)
{
    switch (event) {
    case STATION_TOLD_TO_JOIN:
        return step(STATION_CHANGING, STATION_DO_LEAVE, STATION_TELL_NOTHING);
    case STATION_TOLD_TO_LEAVE:
        return step(STATION_LEAVING, STATION_DO_LEAVE, STATION_TELL_NOTHING);
    case STATION_LINK_UP:
        return go(state == STATION_JOINING ? STATION_ASKING : state);
    case STATION_LINK_DOWN:
        return step(STATION_IDLE, STATION_DO_NOTHING, end);
    case STATION_HAS_ADDRESS:
        return state == STATION_CONNECTED
                   ? go(state) // The lease was renewed.
                   : step(STATION_CONNECTED, STATION_DO_NOTHING, STATION_TELL_CONNECTED);
    case STATION_TIMED_OUT:
        break;
    }
    return state == STATION_CONNECTED
               ? go(state)
               : step(STATION_LEAVING, STATION_DO_LEAVE, STATION_TELL_FAILED);
}

struct station_step station_next(enum station_state state, enum station_event event)
{
    switch (state) {
    case STATION_IDLE:
        break;
    case STATION_LEAVING:
        return leaving_next(event);
    case STATION_CHANGING:
        return changing_next(event);
    case STATION_JOINING:
    case STATION_ASKING:
        return linked_next(state, event, STATION_TELL_FAILED);
    case STATION_CONNECTED:
        return linked_next(state, event, STATION_TELL_LOST);
    }
    return idle_next(event);
}
