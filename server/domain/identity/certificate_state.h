// SPDX-License-Identifier: MIT
#pragma once

/// The life of a certificate, as a pure table of states and events.
///
///   PENDING ──confirmed──► ACTIVE ──replaced──► SUPERSEDED
///      │                     │
///      └──── over ───► EXPIRED ◄──── over ──┘          any ──revoked──► REVOKED
///
/// A certificate may speak while it is PENDING or ACTIVE. EXPIRED is not the end: within the grace
/// period it may fetch its successor, and nothing else.

#include <stdbool.h>

enum certificate_state {
    CERTIFICATE_PENDING, ///< Signed; nobody has used it yet.
    CERTIFICATE_ACTIVE,
    CERTIFICATE_SUPERSEDED, ///< Another certificate of the device has taken its place.
    CERTIFICATE_REVOKED,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_STATE_COUNT,
};

enum certificate_event {
    CERTIFICATE_CONFIRMED, ///< The device has shown that it holds it.
    CERTIFICATE_REPLACED,  ///< Another certificate of the device was confirmed, or ordered anew.
    CERTIFICATE_WITHDRAWN, ///< A person revoked it.
    CERTIFICATE_OVER,      ///< Its time has passed.
    CERTIFICATE_EVENT_COUNT,
};

/// The state after the event; the same state where the event means nothing.
enum certificate_state certificate_state_next(enum certificate_state state,
                                              enum certificate_event event);

/// Whether a certificate in this state may speak.
bool certificate_state_is_live(enum certificate_state state);

/// The state as a word of the interface, such as "pending".
const char *certificate_state_name(enum certificate_state state);
