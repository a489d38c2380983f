// SPDX-License-Identifier: MIT
#pragma once

/// Gets a certificate for the device, renews it in time, and keeps the old one until the new one
/// has been used.
///
///     no key ──generate──► key ──token or old certificate──► certificate ──confirm──► in force
///
/// Two slots take turns. What has been reached is a fact (provisioning_facts.h), committed before
/// the next step, so that a power cut repeats a step and never skips one: the server gives the same
/// certificate for the same key, and a confirmation that it knows already is granted again.
///
/// A renewal is due at two thirds of a certificate's life, a tenth of that sooner or later by
/// chance, drawn once for each certificate. One that has expired is renewed by the same request:
/// the server decides for how long it takes the old certificate.
///
/// Before each request of the second protocol the keeper asks for a challenge, and answers it with
/// what the device proves: that it has the new key, and a report on itself, signed with the new key
/// when it enrols and with the old one when it renews. A challenge is never kept, so that a power
/// cut costs one. A server that gives none gets no request: the keeper tries again later.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attester.h"
#include "back_off.h"
#include "clock.h"
#include "crypto.h"
#include "enrolment.h"
#include "entropy.h"
#include "http_client.h"
#include "keystore.h"
#include "provisioning_facts.h"
#include "status.h"

enum {
    CERTIFICATE_KEEPER_ANSWER_MS = 30000, ///< Longest wait for an answer.
    CERTIFICATE_KEEPER_FIRST_MS = 2000,   ///< Wait after the first failure.
    CERTIFICATE_KEEPER_LIMIT_MS = 3600000 ///< Longest wait between two tries.
};

/// Makes the request for a certificate.
struct csr_encoder {
    /// Writes a PKCS#10 request in DER for the key in `slot`, signed with it.
    MUST_CHECK enum status (*encode)(void *ctx, enum keystore_slot slot, const char *device_id,
                                     uint8_t *der, size_t capacity, size_t *size);
    void *ctx;
};

/// What the keeper works with. All of it outlives the keeper.
struct certificate_keeper_parts {
    struct provisioning_facts *facts;
    const struct keystore *keystore;
    const struct http_client *http;
    const struct csr_encoder *csr;
    const struct clock *clock; ///< For the calendar; without it nothing is renewed.
    const struct entropy *entropy;
    const struct crypto *crypto;     ///< For the digests of what is proven.
    const struct attester *attester; ///< NULL: the device reports nothing on itself.
    enum enrolment_protocol protocol;
};

enum certificate_keeper_news {
    CERTIFICATE_KEEPER_QUIET,
    CERTIFICATE_KEEPER_ENROLLED, ///< The first certificate, or one by token, is in force.
    CERTIFICATE_KEEPER_RENEWED,  ///< The next one is in force.
    CERTIFICATE_KEEPER_DENIED,   ///< Only a person can help; the token is gone.
    CERTIFICATE_KEEPER_FAILED,   ///< It will be tried again.
};

enum certificate_keeper_errand {
    CERTIFICATE_KEEPER_IDLE,
    CERTIFICATE_KEEPER_ASK,    ///< For a challenge.
    CERTIFICATE_KEEPER_ENROL,  ///< By token.
    CERTIFICATE_KEEPER_RENEW,  ///< By the certificate in force.
    CERTIFICATE_KEEPER_CONFIRM ///< By the new certificate.
};

/// Owned by the caller. Use it only through the functions below.
struct certificate_keeper {
    struct certificate_keeper_parts parts;
    struct back_off back_off;
    enum certificate_keeper_errand errand; ///< Under way.
    enum certificate_keeper_errand wish;   ///< What the challenge is for.
    uint8_t challenge[ENROLMENT_CHALLENGE_SIZE];
    uint64_t deadline_ms; ///< Of the answer.
    uint64_t next_ms;     ///< No new errand before.
    const char *reason;   ///< Why the last errand failed; NULL: it did not.
    uint8_t der[ENROLMENT_CERTIFICATE_LIMIT];
    char body[ENROLMENT_REQUEST_LIMIT];
};

void certificate_keeper_init(struct certificate_keeper *keeper,
                             const struct certificate_keeper_parts *parts);

/// A certificate is in force that has not expired, as far as the device knows the time.
bool certificate_keeper_is_certified(const struct certificate_keeper *keeper);

/// Does what is due; the network must be up. With `wanted` the device needs a certificate now;
/// otherwise the keeper only renews and confirms. `device_id` is the name to be certified, unless
/// the device is certified already. Never waits for the network; times are monotonic.
enum certificate_keeper_news certificate_keeper_step(struct certificate_keeper *keeper, bool wanted,
                                                     const char *device_id, uint64_t now_ms);

/// The network is gone: gives up what is under way, and tries again as soon as it is back.
void certificate_keeper_pause(struct certificate_keeper *keeper);

/// Why the last errand failed, a word of [a-z_], static; NULL: it did not.
const char *certificate_keeper_reason(const struct certificate_keeper *keeper);
