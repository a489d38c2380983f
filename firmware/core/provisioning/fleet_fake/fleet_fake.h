// SPDX-License-Identifier: MIT
#pragma once

/// A device's storage and keystore and the fleet's server, made of memory, for tests: with a plug
/// that can be pulled at everything that lasts.
///
/// Whatever lasts (a value, a key, a certificate, a decision of the server) is one step. The plug
/// is pulled before or after a given step; from then on nothing more lasts until power_up().
///
/// The server keeps the rules of contracts/rest.md: a token is used once, and again by the same key
/// alone; a renewal needs a certificate in force, or one that expired less than the grace ago; a
/// new certificate is pending until it confirms itself, and then the old one is superseded. In the
/// second protocol an enrolment needs a challenge and its proof, and whatever is reported must be
/// signed with the right key over the challenge; what is over needs a report. The cryptography is
/// base/summing_crypto.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certificate_keeper.h"

enum {
    FLEET_FAKE_VALUE_COUNT = 16,
    FLEET_FAKE_CHALLENGE_COUNT = 8,
    FLEET_FAKE_CHALLENGE_S = 300,
    FLEET_FAKE_CERTIFICATE_LIMIT = 64,
    FLEET_FAKE_DAY_S = 86400,
    FLEET_FAKE_LIFE_S = 90 * FLEET_FAKE_DAY_S,
    FLEET_FAKE_GRACE_S = 30 * FLEET_FAKE_DAY_S
};

enum fleet_fake_state { FLEET_FAKE_PENDING, FLEET_FAKE_ACTIVE, FLEET_FAKE_SUPERSEDED };

struct fleet_fake_value {
    char key[KEY_VALUE_KEY_SIZE + 1];
    uint8_t bytes[KEY_VALUE_SIZE_LIMIT];
    size_t size;
    bool is_set;
};

struct fleet_fake_slot {
    bool has_key;
    uint8_t public_key[KEYSTORE_PUBLIC_SIZE];
    uint8_t certificate[KEYSTORE_CERTIFICATE_LIMIT];
    size_t certificate_size;
};

struct fleet_fake_certificate {
    uint8_t public_key[KEYSTORE_PUBLIC_SIZE];
    int64_t until_s;
    enum fleet_fake_state state;
};

struct fleet_fake_challenge {
    uint8_t bytes[ENROLMENT_CHALLENGE_SIZE];
    int64_t until_s;
    bool is_open; ///< It was not used yet.
};

/// How the network and the server behave.
enum fleet_fake_mood {
    FLEET_FAKE_WELL,
    FLEET_FAKE_SILENT,     ///< No answer ever comes.
    FLEET_FAKE_BROKEN,     ///< Connections fail.
    FLEET_FAKE_STRANGER,   ///< The server is not who it should be.
    FLEET_FAKE_BUSY,       ///< 503.
    FLEET_FAKE_WRONG_NAME, ///< Certificates come for another device.
    FLEET_FAKE_OLD         ///< The server is one of the first: it knows no challenges.
};

struct fleet_fake {
    // The device.
    struct fleet_fake_value values[FLEET_FAKE_VALUE_COUNT];
    struct fleet_fake_slot slots[KEYSTORE_SLOT_COUNT];
    unsigned keys_made;
    // The server.
    char token[64]; ///< Empty: none is valid.
    bool token_used;
    uint8_t token_key[KEYSTORE_PUBLIC_SIZE];
    struct fleet_fake_certificate certificates[FLEET_FAKE_CERTIFICATE_LIMIT];
    unsigned certificate_count;
    struct fleet_fake_challenge challenges[FLEET_FAKE_CHALLENGE_COUNT];
    unsigned challenge_count; ///< Given so far.
    unsigned proofs;          ///< Found right so far.
    unsigned reports;         ///< The same.
    unsigned first_calls;     ///< In the first protocol.
    unsigned requests;
    unsigned refused_key; ///< Counted from 1, for ever; 0: none.
    enum fleet_fake_mood mood;
    bool is_nested;
    // The exchange under way.
    bool is_asked;
    int code;
    char error_code[32];
    char body[8192];
    size_t body_size;
    char seen_bearer[512]; ///< Of the last request.
    // Time and power.
    int64_t utc_s;
    bool time_unknown;
    unsigned steps;      ///< Everything that lasted so far.
    unsigned steps_left; ///< Until the plug is pulled.
    bool is_cut_after;   ///< The last step still happens, and nobody hears of it.
    bool is_dead;
    // The seams.
    struct key_value key_value;
    struct keystore keystore;
    struct http_client http;
    struct csr_encoder csr;
    struct clock clock;
    struct entropy entropy;
    struct crypto crypto;
    struct attester attester;
    enum keystore_slot wrong_slot; ///< Its key signs wrongly; KEYSTORE_SLOT_COUNT: none does.
    uint64_t random;
};

/// How many errands the device has begun: a challenge and what it is for are one.
unsigned fleet_fake_errands(const struct fleet_fake *fake);

/// A new device and a server that takes `token`. Pointers of the seams lead to `fake`.
void fleet_fake_init(struct fleet_fake *fake, const char *token);

/// Pulls the plug at the step after `steps` more.
void fleet_fake_cut_after(struct fleet_fake *fake, unsigned steps, bool is_cut_after);

void fleet_fake_power_up(struct fleet_fake *fake);

/// What the broker says to the key and certificate in `slot`.
bool fleet_fake_is_welcome(const struct fleet_fake *fake, enum keystore_slot slot);

/// Writes a certificate without a real signature, which nothing here looks at. @return its size.
size_t fake_certificate_write(const char *name, const uint8_t public_key[KEYSTORE_PUBLIC_SIZE],
                              int64_t from_s, int64_t until_s, uint8_t *der);
