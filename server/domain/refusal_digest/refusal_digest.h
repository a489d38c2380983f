// SPDX-License-Identifier: MIT
#pragma once

/// Refusals, for a record that whoever is refused must not be able to fill.
///
/// Of each party and cause the first refusal of an hour is told at once; how many followed is told
/// when the hour is over. Only so many of them have a line of their own; all beyond are told as one
/// number. Parties with a certificate of ours, who have a name, and strangers, who have only an
/// address, have separate places, so strangers cannot hide what a device does. In an hour that
/// makes at most twice REFUSAL_DIGEST_NAMED + REFUSAL_DIGEST_STRANGERS lines, and two.
///
/// Storage is the caller's; not for two threads at once. Times are monotonic milliseconds.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REFUSAL_DIGEST_NAMED = 24,
    REFUSAL_DIGEST_STRANGERS = 8,
    REFUSAL_DIGEST_HOUR_MS = 3600000,
    REFUSAL_TEXT_SIZE = 64, ///< Of each text; a longer one is cut.
};

/// One party and cause.
struct refusal {
    char name[REFUSAL_TEXT_SIZE];    ///< Empty: a stranger.
    char address[REFUSAL_TEXT_SIZE]; ///< Of the first; empty: unknown, or many.
    char cause[REFUSAL_TEXT_SIZE];   ///< Empty: various.
    uint64_t count;
};

/// Use it only through the functions below; all zero is an empty one.
struct refusal_digest {
    struct refusal named[REFUSAL_DIGEST_NAMED];
    struct refusal strangers[REFUSAL_DIGEST_STRANGERS];
    uint64_t other_named; ///< For which there was no place.
    uint64_t other_strangers;
    uint64_t begun_ms;
    bool begun; ///< The hour has begun: there was something.
};

/// Takes one refusal. `name` is empty for a stranger.
///
/// @return true  it is the first of its kind, to be told now.
bool refusal_digest_take(struct refusal_digest *digest, const char *name, const char *address,
                         const char *cause, uint64_t now_ms);

/// When the hour is over, or at the end (`now_ms` UINT64_MAX), tells what has not been told: how
/// many followed each first one, and how many had no line. Then begins anew.
void refusal_digest_settle(struct refusal_digest *digest, uint64_t now_ms,
                           void (*tell)(void *ctx, const struct refusal *refusal), void *ctx);
