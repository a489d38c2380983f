// SPDX-License-Identifier: MIT
#pragma once

/// Where accounts and sessions are kept. The domain owns this interface. Sessions are kept under
/// the digest of their id, so a stolen database opens no session.
///
/// Times are Unix UTC milliseconds.

#include <stddef.h>
#include <stdint.h>

#include "account_crypto.h"
#include "status.h"

enum { ACCOUNT_NAME_SIZE = 65 }; ///< 1 to 64 of [A-Za-z0-9._@-], and a terminator.

enum account_role {
    ACCOUNT_ROLE_ADMIN = 1,
};

struct account {
    char username[ACCOUNT_NAME_SIZE];
    enum account_role role;
    char password_hash[PASSWORD_HASH_SIZE];
    int64_t created_ms;
};

struct session_record {
    uint8_t digest[ACCOUNT_DIGEST_SIZE];
    char username[ACCOUNT_NAME_SIZE];
    int64_t created_ms;
    int64_t used_ms;
};

struct account_store {
    /// @return STATUS_MISSING  there is no such account; `*out` is untouched.
    MUST_CHECK enum status (*find_account)(void *ctx, const char *username, struct account *out);

    /// Adds the account or replaces the one of the same name.
    MUST_CHECK enum status (*put_account)(void *ctx, const struct account *account);

    /// Adds the session or replaces the one of the same digest.
    MUST_CHECK enum status (*put_session)(void *ctx, const struct session_record *session);

    /// Copies up to `capacity` sessions, latest used first, and their number to `*count`.
    MUST_CHECK enum status (*list_sessions)(void *ctx, struct session_record *out, size_t capacity,
                                            size_t *count);

    /// Removes one session; one that is not there is no error.
    MUST_CHECK enum status (*delete_session)(void *ctx, const uint8_t digest[ACCOUNT_DIGEST_SIZE]);

    /// Removes every session of one account.
    MUST_CHECK enum status (*delete_sessions_of)(void *ctx, const char *username);

    /// Releases everything the store holds, including `ctx`.
    void (*close)(void *ctx);

    void *ctx;
};
