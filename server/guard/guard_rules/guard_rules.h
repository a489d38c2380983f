// SPDX-License-Identifier: MIT
#pragma once

/// Who may speak to the broker, and where: the guard's decisions, without a broker.
///
/// A session may live exactly while a new connection with its certificate would be let in, so one
/// function judges both. The topics are those of contracts/mqtt.md.

#include <stdbool.h>
#include <stdint.h>

#include "guard_verdict.h"
#include "identity_list.h"

enum { GUARD_LIST_AGE_LIMIT_S = 24 * 3600 };

/// What a certificate says of itself. The TLS layer has checked its signature already.
struct guard_certificate {
    char name[IDENTITY_NAME_SIZE]; ///< The only common name, if it is a good one; else empty.
    uint8_t sha256[CRYPTO_SHA256_SIZE];
    int64_t not_after_s; ///< UTC, seconds since 1970.
};

/// What the guard knows of the authority's mind.
struct guard_knowledge {
    enum guard_verdict problem;       ///< GUARD_ALLOWED: `list` is good.
    const struct identity_list *list; ///< Not looked at when there is a problem.
};

/// What a client claims in its CONNECT; NULL: nothing.
struct guard_claim {
    const char *client_id;
    const char *user_name;
};

/// Somebody who was let in.
struct guard_party {
    enum identity_role role;
    char name[IDENTITY_NAME_SIZE];
};

enum guard_access {
    GUARD_READ,        ///< A message goes to the client.
    GUARD_WRITE,       ///< A message or a last will comes from it.
    GUARD_SUBSCRIBE,   ///< It asks for a filter.
    GUARD_UNSUBSCRIBE, ///< It no longer wants one, which is never refused.
};

/// Judges a list by its age; one from the future is as old as one from the past.
enum guard_verdict guard_judge_age(uint64_t made_at_s, uint64_t now_s);

/// Judges whether a certificate may be used now. Fills in `*role` only for GUARD_ALLOWED.
///
/// @param certificate  NULL: none was shown, or it cannot be read.
enum guard_verdict guard_judge_certificate(const struct guard_certificate *certificate,
                                           const struct guard_knowledge *knowledge, uint64_t now_s,
                                           enum identity_role *role);

/// Judges a connection: certificate, client id and user name must name the same. A user name need
/// not be claimed, a client id must. Fills in `*party` only for GUARD_ALLOWED.
enum guard_verdict guard_judge_connection(const struct guard_certificate *certificate,
                                          const struct guard_claim *claim,
                                          const struct guard_knowledge *knowledge, uint64_t now_s,
                                          struct guard_party *party);

/// Says whether `party` may use `topic`, which for GUARD_SUBSCRIBE is a filter, in the way of
/// `access`.
///
/// A device writes its own topics and reads those meant for it; each filter is one of these,
/// without a wildcard. The server reads what devices write and writes what they read; its filters
/// may name
/// `+` for the device. An operator reads four topics of every device and writes nothing. Nobody has
/// a share, and nobody reads what the broker says of itself.
bool guard_may(const struct guard_party *party, enum guard_access access, const char *topic);
