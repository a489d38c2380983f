// SPDX-License-Identifier: MIT
#pragma once

/// The device's side of pairing (pairing.h): who proves that he holds the device's code gets a
/// session, and only what is sealed in it is opened.
///
/// At most one session lives, for PAIRING_SESSION_TTL_S from its start. A handshake that is under
/// way does not touch it, so whoever has no code cannot end the session of somebody who has. A
/// device that was sent five wrong confirms takes no more handshakes until somebody presses its
/// button; the count outlives power cuts, and is raised before a confirm is looked at.
///
/// Not thread-safe; keys are wiped as soon as they are of no more use.

#include <stdbool.h>
#include <stdint.h>

#include "crypto.h"
#include "entropy.h"
#include "key_value.h"
#include "keystore.h"
#include "pairing.h"

enum {
    PAIRING_SESSION_TTL_S = 120,
    PAIRING_SESSION_START_MS = 1000, ///< Between two handshakes.
    PAIRING_SESSION_FAILURE_LIMIT = 5
};

/// What a session needs. All of it must outlive it.
struct pairing_session_needs {
    const struct crypto *crypto;
    const struct keystore *keystore; ///< With KEYSTORE_SECRET_POSSESSION.
    const struct entropy *entropy;
    const struct key_value *key_value; ///< Key "pair_failures".
    const char *device_id;             ///< 1 to 32 characters.
};

/// A handshake, or the session that came of it.
struct pairing_exchange {
    bool is_alive;
    uint64_t started_ms;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    struct pairing_keys keys;
    struct pairing_place place; ///< `n` is the highest that was used.
};

/// Storage owned by the caller. Use it only through the functions below.
struct pairing_session {
    struct pairing_session_needs needs;
    uint8_t failures;
    bool has_started;
    uint64_t last_start_ms;
    struct pairing_exchange handshake;
    struct pairing_exchange session;
};

struct pairing_hello {
    uint8_t public_key[CRYPTO_X25519_SIZE];
    uint8_t nonce[PAIRING_NONCE_SIZE];
};

struct pairing_welcome {
    uint8_t public_key[CRYPTO_X25519_SIZE];
    uint8_t nonce[PAIRING_NONCE_SIZE];
    uint8_t confirm[PAIRING_CONFIRM_SIZE];
};

/// A count that cannot be read is taken as too many.
void pairing_session_init(struct pairing_session *session,
                          const struct pairing_session_needs *needs);

/// Times are in milliseconds on a monotonic clock, here and below.
///
/// @return STATUS_BUSY     locked, or the last handshake began less than a second ago;
///         STATUS_INVALID  the client's key is a point of small order;
///         STATUS_MISSING  the device has no possession secret;
///         STATUS_IO and others as the keystore and entropy say.
MUST_CHECK enum status pairing_session_start(struct pairing_session *session, uint64_t now_ms,
                                             const struct pairing_hello *hello,
                                             struct pairing_welcome *welcome);

/// Ends the handshake, well or not: a second try needs another start.
///
/// @return STATUS_MISSING  there is no handshake, or its time is over;
///         STATUS_CORRUPT  this is not the confirm of somebody with the code;
///         STATUS_BUSY     locked;
///         STATUS_IO       the count could not be kept; nothing was compared.
MUST_CHECK enum status pairing_session_finish(struct pairing_session *session, uint64_t now_ms,
                                              const uint8_t confirm[PAIRING_CONFIRM_SIZE],
                                              uint8_t session_id[PAIRING_SESSION_ID_SIZE]);

/// Opens message `place->n` into `text`, which has room for `sealed.size` bytes and may be where
/// `sealed` is.
///
/// @return STATUS_MISSING  there is no such session, or its time is over;
///         STATUS_INVALID  the number is even, or not above all before: a replay;
///         STATUS_CORRUPT  it was not sealed in this session. The number stays free.
MUST_CHECK enum status pairing_session_open(struct pairing_session *session, uint64_t now_ms,
                                            const struct pairing_place *place,
                                            struct crypto_part sealed, uint8_t *text);

/// Seals the answer to the message that was opened last, under `*n`, its number and one. Once: a
/// number is never used for a second text.
///
/// @return STATUS_MISSING  there is no message to answer;  STATUS_FULL  `capacity` is too small.
MUST_CHECK enum status pairing_session_seal(struct pairing_session *session,
                                            struct crypto_part text, uint64_t *n, uint8_t *sealed,
                                            size_t capacity);

bool pairing_session_is_locked(const struct pairing_session *session);

/// Forgets the failures, after somebody has touched the device.
MUST_CHECK enum status pairing_session_unlock(struct pairing_session *session);

/// Wipes the keys of a session or handshake whose time is over. Called now and then, so that they
/// do not stay because nobody asks any more.
void pairing_session_mind(struct pairing_session *session, uint64_t now_ms);
