// SPDX-License-Identifier: MIT
#pragma once

/// Where the connection to the broker stands.

enum link_state {
    LINK_WAITING,    ///< Until the next try.
    LINK_CONNECTING, ///< Begun; no session yet.
    LINK_ONLINE,     ///< A session is up.
    LINK_LEAVING,    ///< Online, saying what is left to say.
    LINK_OFF,        ///< Left for good.
};

enum link_event {
    LINK_EVENT_DUE,    ///< The wait is over.
    LINK_EVENT_UP,     ///< A session has come up.
    LINK_EVENT_LOST,   ///< No session, or the end of one.
    LINK_EVENT_LATE,   ///< What was begun takes too long.
    LINK_EVENT_LEAVE,  ///< The device is to leave.
    LINK_EVENT_SPOKEN, ///< All has been said.
};

/// The whole behaviour: where `event` leads from `state`.
enum link_state link_next(enum link_state state, enum link_event event);
