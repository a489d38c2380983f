// SPDX-License-Identifier: MIT
#pragma once

/// Who was let in, by name, and with which certificate.
///
/// The broker asks about topics by client id, which is the name, also after the connection has
/// gone: a last will is judged then, and messages that wait for a client that is away. So a session
/// stays known until its certificate is no longer good or another session takes its name.

#include <stdbool.h>
#include <stddef.h>

#include "guard_rules.h"
#include "status.h"

struct guard_session {
    const void *client; ///< The broker's own name for the connection; NULL: it has gone.
    struct guard_certificate certificate;
    struct guard_party party;
    struct guard_session *next; ///< Of the same bucket; for guard_sessions alone.
};

struct guard_sessions;

/// @return NULL  no memory.
struct guard_sessions *guard_sessions_open(void);

/// Frees all; NULL is fine.
void guard_sessions_close(struct guard_sessions *sessions);

/// Notes that `client` was let in, in the place of whoever had the name.
///
/// @return STATUS_FULL  no memory: the client must not be let in.
MUST_CHECK enum status guard_sessions_enter(struct guard_sessions *sessions, const void *client,
                                            const struct guard_certificate *certificate,
                                            const struct guard_party *party);

/// Finds the session of that name. @return NULL  nobody was let in under it.
struct guard_session *guard_sessions_find(const struct guard_sessions *sessions, const char *name);

/// Notes that `client` has gone. @return its session; NULL when it has none, or no longer: then
/// another connection has taken its name.
struct guard_session *guard_sessions_leave(const struct guard_sessions *sessions, const char *name,
                                           const void *client);

/// Calls `keep` for every session and forgets those for which it says no. `keep` may call
/// guard_sessions_find() and guard_sessions_leave(), and nothing else of this module.
void guard_sessions_review(struct guard_sessions *sessions,
                           bool (*keep)(void *ctx, struct guard_session *session), void *ctx);

/// How many sessions are known.
size_t guard_sessions_count(const struct guard_sessions *sessions);
