// SPDX-License-Identifier: MIT
#pragma once

/// How a radio's station comes to a network and leaves it, for ports whose radio tells of a link
/// that came or went and forgets why it went.
///
/// A link that goes because the station left it is neither a failure nor a loss, and a new attempt
/// begins only when the old link is gone: else the end of the old one would be taken for the
/// failure of the new.

enum station_state {
    STATION_IDLE,
    STATION_LEAVING,
    STATION_CHANGING, ///< Leaving, for another network.
    STATION_JOINING,  ///< Up to the link.
    STATION_ASKING,   ///< For an address.
    STATION_CONNECTED,
};

enum station_event {
    STATION_TOLD_TO_JOIN,
    STATION_TOLD_TO_LEAVE,
    STATION_LINK_UP,
    STATION_LINK_DOWN,
    STATION_HAS_ADDRESS,
    STATION_TIMED_OUT, ///< Nothing has happened in this state for too long.
};

/// What the port has to do now.
enum station_action {
    STATION_DO_NOTHING,
    STATION_DO_JOIN,
    STATION_DO_LEAVE,
};

/// What the port has to tell.
enum station_news {
    STATION_TELL_NOTHING,
    STATION_TELL_CONNECTED,
    STATION_TELL_FAILED,
    STATION_TELL_LOST,
};

struct station_step {
    enum station_state state;
    enum station_action action;
    enum station_news news;
};

/// The whole behaviour: where `event` leads from `state`, and what comes of it.
struct station_step station_next(enum station_state state, enum station_event event);
