// SPDX-License-Identifier: MIT
#pragma once

/// Who may use the server: accounts, sessions and what each role may do.
///
///   - A session id is 256 random bits; only its digest is kept, in memory and in the store.
///   - A session ends 30 minutes after its last use and 12 hours after sign-in, whichever is first.
///     An open live stream is a use, so a wall display stays signed in for the 12 hours.
///   - Every sign-in makes a new session; an id from before the sign-in is never taken over.
///   - The token that guards against cross-site requests follows from the session id, so it needs
///     no storage, and a page that cannot read the cookie cannot make it.
///   - An unknown user name costs the same time as a wrong password.
///
/// Thread-safe. Times are Unix UTC milliseconds. At most ACCOUNTS_SESSION_LIMIT sessions are open
/// at once; one more closes that which was used longest ago.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account_store.h"
#include "status.h"

enum {
    ACCOUNTS_SESSION_LIMIT = 256,
    ACCOUNTS_IDLE_MS = 30 * 60 * 1000,
    ACCOUNTS_ABSOLUTE_MS = 12 * 60 * 60 * 1000,
    ACCOUNTS_TOKEN_SIZE = 65,     ///< 64 hexadecimal digits and a terminator.
    ACCOUNTS_PASSWORD_SIZE = 24,  ///< A generated password and its terminator.
    ACCOUNTS_PASSWORD_LIMIT = 512 ///< Longest password in bytes.
};

#define ACCOUNTS_ADMINISTRATOR "admin"

enum permission {
    PERMISSION_PUBLIC,         ///< Anybody, signed in or not.
    PERMISSION_ENROLMENT,      ///< Devices, by a token or a certificate that the handler looks at.
    PERMISSION_SESSION,        ///< Anybody who is signed in.
    PERMISSION_FLEET_READ,     ///< See devices, readings and the stream.
    PERMISSION_DEVICE_COMMAND, ///< Switch relays.
    PERMISSION_DEVICE_CONFIG,  ///< Rename devices.
    PERMISSION_SYSTEM_READ,    ///< See version and counters.
};

struct identity {
    char username[ACCOUNT_NAME_SIZE];
    enum account_role role;
};

/// What a browser holds: the id in its cookie, the token in its memory.
struct session {
    struct identity identity;
    char id[ACCOUNTS_TOKEN_SIZE];
    char csrf_token[ACCOUNTS_TOKEN_SIZE];
};

struct accounts;

/// Reads the sessions of `store`. Store and crypto must outlive the accounts.
///
/// @return STATUS_IO  the store or the randomness failed.
MUST_CHECK enum status accounts_open(struct accounts **out, const struct account_store *store,
                                     const struct account_crypto *crypto, int64_t now_ms);

/// Writes the last use of each session to the store and frees everything. NULL is fine.
void accounts_close(struct accounts *accounts);

/// Creates the administrator with a generated password, unless there is one.
///
/// @return STATUS_OK    created; `password` is the only copy in clear text, show it once;
///         STATUS_BUSY  there is an administrator already; `password` is empty.
MUST_CHECK enum status accounts_create_administrator(struct accounts *accounts, int64_t now_ms,
                                                     char password[ACCOUNTS_PASSWORD_SIZE]);

/// Gives the administrator a new generated password and ends all of his sessions.
MUST_CHECK enum status accounts_reset_administrator(struct accounts *accounts, int64_t now_ms,
                                                    char password[ACCOUNTS_PASSWORD_SIZE]);

/// Checks a password and opens a session. May take some hundred milliseconds.
///
/// `address` names where the attempt comes from, an IPv6 address by its /64.
///
/// @return STATUS_INVALID  unknown name or wrong password; which one is not told;
///         STATUS_BUSY     too many attempts; `*retry_after_ms` says when to return;
///         STATUS_IO       the store, the memory or the randomness failed.
MUST_CHECK enum status accounts_sign_in(struct accounts *accounts, const char *address,
                                        const char *username, const char *password, int64_t now_ms,
                                        struct session *out, int64_t *retry_after_ms);

/// Finds the session of a cookie and notes its use. `id` need not be terminated or well-formed.
///
/// @return STATUS_MISSING  there is no such session, or it has ended.
MUST_CHECK enum status accounts_find_session(struct accounts *accounts, const char *id, size_t size,
                                             int64_t now_ms, struct session *out);

/// Tells, in a time that does not depend on where they differ, whether `token` belongs to
/// `session`.
bool accounts_csrf_matches(const struct session *session, const char *token, size_t size);

/// Ends a session; one that is not there is no error.
MUST_CHECK enum status accounts_sign_out(struct accounts *accounts, const char *id, size_t size);

/// Forgets ended sessions and writes last uses to the store. Call about once a minute.
MUST_CHECK enum status accounts_tick(struct accounts *accounts, int64_t now_ms);

/// The one place that decides who may do what. `identity` is NULL for somebody not signed in.
/// Whatever is not granted is refused.
bool account_may(const struct identity *identity, enum permission permission);
