// SPDX-License-Identifier: MIT
#pragma once

/// What a device knows for good about its way into the fleet. The state machine's state is derived
/// from it and never stored.
///
/// Each fact is one value of the key-value store, so each change is one power-safe commit. A change
/// that needs two is ordered so that a power cut between them reads as one that has not happened,
/// or as one that has. No fact holds a private key; those live in the keystore.
///
///     wifi_new    what a person gave last: credentials never tried yet, the device's name
///     prov_token  the right to enrol that came with it; counts only with its number
///     wifi        credentials that have worked
///     identity    which slot's certificate is in force, and how far the next one is
///     prov_bad    how often somebody failed to prove himself since the window last opened
///     prov_reset  a factory reset has begun
///
/// Not thread-safe: one task owns the facts.

#include <stdbool.h>
#include <stdint.h>

#include "key_value.h"
#include "keystore.h"
#include "provisioning_state.h"
#include "status.h"
#include "wifi.h"

enum {
    PROVISIONING_NAME_LIMIT = 32,  ///< Characters of a device's name: [A-Za-z0-9_-].
    PROVISIONING_TOKEN_LIMIT = 432 ///< Characters of a token for enrolment.
};

/// What a person gives. Whoever keeps one wipes it.
struct provisioning_submission {
    struct wifi_credentials wifi;
    char device_id[PROVISIONING_NAME_LIMIT + 1]; ///< Empty: not said.
    char token[PROVISIONING_TOKEN_LIMIT + 1];    ///< Empty: none.
};

/// How far the certificate that follows the one in force is.
enum provisioning_next_stage {
    PROVISIONING_NEXT_NONE,
    PROVISIONING_NEXT_KEY,       ///< The slot's key was made; its CSR may have been sent.
    PROVISIONING_NEXT_CERTIFIED, ///< Its certificate is stored, and not yet confirmed.
    PROVISIONING_NEXT_STAGE_COUNT
};

/// The life of a certificate, Unix time in seconds.
struct provisioning_validity {
    int64_t from_s;
    int64_t until_s;
    int64_t renew_s; ///< When to ask for the next one.
};

struct provisioning_identity {
    char device_id[PROVISIONING_NAME_LIMIT + 1]; ///< As certified; empty before.
    bool is_certified;                           ///< A certificate is in force, in `slot`.
    enum keystore_slot slot; ///< KEYSTORE_IDENTITY_A or _B; without a certificate the one before A.
    struct provisioning_validity validity;
    enum provisioning_next_stage next; ///< Of the other slot, provisioning_identity_next_slot().
    struct provisioning_validity next_validity; ///< With PROVISIONING_NEXT_CERTIFIED.
};

/// The facts in memory. Read the fields; change them only through the functions below.
struct provisioning_facts {
    const struct key_value *values;
    uint32_t number; ///< Of the newest submission.
    bool has_trial;  ///< submission.wifi was not tried yet, or not to an end.
    struct provisioning_submission submission;
    bool has_network;
    struct wifi_credentials network;
    struct provisioning_identity identity;
    uint8_t failures;
    bool is_resetting; ///< A factory reset was cut short: finish it before anything else.
};

/// Reads all facts from `values`, which must outlive them.
///
/// @return STATUS_OK       what was there is loaded;
///         STATUS_CORRUPT  something failed its check and counts as not there;
///         STATUS_IO       storage failed: nothing is known.
MUST_CHECK enum status provisioning_facts_load(struct provisioning_facts *facts,
                                               const struct key_value *values);

/// PROVISIONING_FURNISHED if the device can go on by itself, PROVISIONING_BARE otherwise.
enum provisioning_event provisioning_facts_outlook(const struct provisioning_facts *facts);

/// The slot of the next key.
enum keystore_slot provisioning_identity_next_slot(const struct provisioning_identity *identity);

/// Keeps what a person gave, in place of what was given before. A power cut in the middle may cost
/// the token that was given before, and never mixes the two.
///
/// Here and below: @return what key_value.set() returned; the fields change on STATUS_OK alone, and
/// after a failure either may be stored. Here also STATUS_INVALID: the network has no name.
MUST_CHECK enum status provisioning_facts_submit(struct provisioning_facts *facts,
                                                 const struct provisioning_submission *submission);

/// The credentials on trial have worked.
MUST_CHECK enum status provisioning_facts_prove(struct provisioning_facts *facts);

/// Forgets what was given last, tried or not, and its token: it did not work, or is used up.
MUST_CHECK enum status provisioning_facts_drop_submission(struct provisioning_facts *facts);

/// Forgets the credentials that have worked and those that have not. The identity stays.
MUST_CHECK enum status provisioning_facts_forget_network(struct provisioning_facts *facts);

MUST_CHECK enum status
provisioning_facts_set_identity(struct provisioning_facts *facts,
                                const struct provisioning_identity *identity);

/// Counts somebody's failure to prove himself, up to 255; survives a power cut.
MUST_CHECK enum status provisioning_facts_count_failure(struct provisioning_facts *facts);

MUST_CHECK enum status provisioning_facts_clear_failures(struct provisioning_facts *facts);

/// Decides for a factory reset. From here on nothing but provisioning_facts_finish_reset() makes
/// sense, after whatever else the device erases; a boot that finds `is_resetting` goes on with it.
MUST_CHECK enum status provisioning_facts_begin_reset(struct provisioning_facts *facts);

/// Erases both identity keys with their certificates and then every value in the store, at once.
/// The secret behind the pairing code stays.
MUST_CHECK enum status provisioning_facts_finish_reset(struct provisioning_facts *facts,
                                                       const struct keystore *keystore);

/// Wipes the secrets from memory; what is stored stays.
void provisioning_facts_wipe(struct provisioning_facts *facts);
