// SPDX-License-Identifier: MIT
#include "provisioning_facts.h"

#include <stddef.h>
#include <string.h>

#include "constant_time.h"
#include "facts_record.h"

static const char TRIAL_KEY[] = "wifi_new";
static const char TOKEN_KEY[] = "prov_token";
static const char NETWORK_KEY[] = "wifi";
static const char IDENTITY_KEY[] = "identity";
static const char FAILURES_KEY[] = "prov_bad";
static const char RESET_KEY[] = "prov_reset";

enum { FLAG_SIZE = 1 };

/// Reads one value. An empty one counts as none.
static enum status get(const struct key_value *values, const char *key, uint8_t *record,
                       size_t *size)
{
    *size = 0;
    const enum status status = values->get(values->ctx, key, record, KEY_VALUE_SIZE_LIMIT, size);
    if (status == STATUS_OK && *size == 0) {
        return STATUS_MISSING;
    }
    return status == STATUS_FULL ? STATUS_CORRUPT : status;
}

static enum status set(const struct provisioning_facts *facts, const char *key, const void *record,
                       size_t size)
{
    return facts->values->set(facts->values->ctx, key, record, size);
}

static enum status load_submission(struct provisioning_facts *facts, uint8_t *record)
{
    struct facts_trial trial = { .number = 0 };
    struct facts_token token = { .number = 0 };
    size_t size = 0;

    enum status status = get(facts->values, TRIAL_KEY, record, &size);
    if (status == STATUS_OK) {
        status = facts_record_decode_trial(&trial, record, size);
    }
    const bool has_trial = status == STATUS_OK;
    enum status token_status = get(facts->values, TOKEN_KEY, record, &size);
    if (token_status == STATUS_OK) {
        token_status = facts_record_decode_token(&token, record, size);
    }
    facts->number = trial.number > token.number ? trial.number : token.number;
    facts->has_trial = trial.has_wifi;
    facts->submission.wifi = trial.wifi;
    memcpy(facts->submission.device_id, trial.device_id, sizeof trial.device_id);
    // A token of another submission is what a power cut left; it was never accepted.
    if (has_trial && token_status == STATUS_OK && token.number == trial.number) {
        memcpy(facts->submission.token, token.token, sizeof token.token);
    }
    constant_time_wipe(&trial, sizeof trial);
    constant_time_wipe(&token, sizeof token);
    return status == STATUS_OK || status == STATUS_MISSING ? token_status : status;
}

static enum status load_network(struct provisioning_facts *facts, uint8_t *record)
{
    size_t size = 0;
    enum status status = get(facts->values, NETWORK_KEY, record, &size);

    if (status == STATUS_OK) {
        status = facts_record_decode_network(&facts->network, record, size);
    }
    facts->has_network = status == STATUS_OK;
    return status;
}

static enum status load_identity(struct provisioning_facts *facts, uint8_t *record)
{
    size_t size = 0;
    const enum status status = get(facts->values, IDENTITY_KEY, record, &size);

    facts->identity = (struct provisioning_identity){ .slot = KEYSTORE_IDENTITY_B };
    return status == STATUS_OK ? facts_record_decode_identity(&facts->identity, record, size)
                               : status;
}

static enum status load_flags(struct provisioning_facts *facts, uint8_t *record)
{
    size_t size = 0;
    enum status status = get(facts->values, FAILURES_KEY, record, &size);

    if (status == STATUS_OK) {
        facts->failures = record[0];
    } else if (status == STATUS_CORRUPT) {
        facts->failures = UINT8_MAX; // Whoever destroys the count gets no new tries by it.
    }
    const enum status reset = get(facts->values, RESET_KEY, record, &size);
    facts->is_resetting = reset == STATUS_OK || reset == STATUS_CORRUPT;
    return status == STATUS_OK || status == STATUS_MISSING ? reset : status;
}

enum status provisioning_facts_load(struct provisioning_facts *facts,
                                    const struct key_value *values)
{
    enum status (*const loads[])(struct provisioning_facts *,
                                 uint8_t *) = { load_submission, load_network, load_identity,
                                                load_flags };
    uint8_t record[KEY_VALUE_SIZE_LIMIT];
    enum status worst = STATUS_OK;

    *facts = (struct provisioning_facts){ .values = values };
    for (size_t i = 0; i < sizeof loads / sizeof loads[0] && worst != STATUS_IO; i++) {
        const enum status status = loads[i](facts, record);
        if (status != STATUS_OK && status != STATUS_MISSING) {
            worst = status == STATUS_CORRUPT ? STATUS_CORRUPT : STATUS_IO;
        }
    }
    constant_time_wipe(record, sizeof record);
    return worst;
}

enum provisioning_event provisioning_facts_outlook(const struct provisioning_facts *facts)
{
    const bool can_enrol = facts->identity.is_certified || facts->submission.token[0] != '\0';
    return facts->has_trial || (facts->has_network && can_enrol) ? PROVISIONING_FURNISHED
                                                                 : PROVISIONING_BARE;
}

enum keystore_slot provisioning_identity_next_slot(const struct provisioning_identity *identity)
{
    return identity->slot == KEYSTORE_IDENTITY_A ? KEYSTORE_IDENTITY_B : KEYSTORE_IDENTITY_A;
}

/// Keeps all of a submission but its token.
static enum status set_trial(const struct provisioning_facts *facts, uint32_t number, bool has_wifi,
                             const struct provisioning_submission *submission)
{
    struct facts_trial trial = { .number = number, .has_wifi = has_wifi };
    uint8_t record[KEY_VALUE_SIZE_LIMIT];

    trial.wifi = submission->wifi;
    memcpy(trial.device_id, submission->device_id, sizeof trial.device_id);
    const enum status status =
        set(facts, TRIAL_KEY, record, facts_record_encode_trial(&trial, record));
    constant_time_wipe(&trial, sizeof trial);
    constant_time_wipe(record, sizeof record);
    return status;
}

static enum status set_token(const struct provisioning_facts *facts, uint32_t number,
                             const char *token)
{
    struct facts_token kept = { .number = number };
    uint8_t record[KEY_VALUE_SIZE_LIMIT];

    memcpy(kept.token, token, strlen(token));
    const enum status status =
        set(facts, TOKEN_KEY, record, facts_record_encode_token(&kept, record));
    constant_time_wipe(&kept, sizeof kept);
    constant_time_wipe(record, sizeof record);
    return status;
}

enum status provisioning_facts_submit(struct provisioning_facts *facts,
                                      const struct provisioning_submission *submission)
{
    const uint32_t number = facts->number + 1;

    if (submission->wifi.ssid_size == 0 || submission->wifi.ssid_size > WIFI_SSID_LIMIT) {
        return STATUS_INVALID;
    }
    // The token first: it counts only once the credentials with the same number are there.
    enum status status = set_token(facts, number, submission->token);
    facts->number = number;
    if (status == STATUS_OK) {
        status = set_trial(facts, number, true, submission);
    }
    if (status == STATUS_OK) {
        facts->has_trial = true;
        facts->submission = *submission;
    }
    return status;
}

enum status provisioning_facts_prove(struct provisioning_facts *facts)
{
    uint8_t record[KEY_VALUE_SIZE_LIMIT];

    // A power cut between the two leaves credentials on trial that have worked already.
    enum status status = set(facts, NETWORK_KEY, record,
                             facts_record_encode_network(&facts->submission.wifi, record));
    constant_time_wipe(record, sizeof record);
    if (status != STATUS_OK) {
        return status;
    }
    facts->network = facts->submission.wifi;
    facts->has_network = true;
    status = set_trial(facts, facts->number, false, &facts->submission);
    if (status == STATUS_OK) {
        facts->has_trial = false;
        constant_time_wipe(&facts->submission.wifi, sizeof facts->submission.wifi);
    }
    return status;
}

enum status provisioning_facts_drop_submission(struct provisioning_facts *facts)
{
    struct provisioning_submission nothing = { .device_id = "" };

    // The credentials first: without them the token no longer counts. Its bytes go all the same.
    const uint32_t number = facts->number + 1;
    enum status status = set_trial(facts, number, false, &nothing);
    if (status != STATUS_OK) {
        return status;
    }
    facts->number = number;
    facts->has_trial = false;
    constant_time_wipe(&facts->submission, sizeof facts->submission);
    return set_token(facts, number, "");
}

enum status provisioning_facts_forget_network(struct provisioning_facts *facts)
{
    enum status status = provisioning_facts_drop_submission(facts);

    if (status == STATUS_OK) {
        status = set(facts, NETWORK_KEY, "", 0);
    }
    if (status == STATUS_OK) {
        facts->has_network = false;
        constant_time_wipe(&facts->network, sizeof facts->network);
    }
    return status;
}

enum status provisioning_facts_set_identity(struct provisioning_facts *facts,
                                            const struct provisioning_identity *identity)
{
    uint8_t record[KEY_VALUE_SIZE_LIMIT];

    const enum status status =
        set(facts, IDENTITY_KEY, record, facts_record_encode_identity(identity, record));
    if (status == STATUS_OK) {
        facts->identity = *identity;
    }
    return status;
}

static enum status set_failures(struct provisioning_facts *facts, uint8_t failures)
{
    const enum status status = set(facts, FAILURES_KEY, &failures, sizeof failures);
    if (status == STATUS_OK) {
        facts->failures = failures;
    }
    return status;
}

enum status provisioning_facts_count_failure(struct provisioning_facts *facts)
{
    return facts->failures == UINT8_MAX ? STATUS_OK
                                        : set_failures(facts, (uint8_t)(facts->failures + 1));
}

enum status provisioning_facts_clear_failures(struct provisioning_facts *facts)
{
    return facts->failures == 0 ? STATUS_OK : set_failures(facts, 0);
}

enum status provisioning_facts_begin_reset(struct provisioning_facts *facts)
{
    static const uint8_t BEGUN[FLAG_SIZE] = { 1 };

    const enum status status = set(facts, RESET_KEY, BEGUN, sizeof BEGUN);
    if (status == STATUS_OK) {
        facts->is_resetting = true;
    }
    return status;
}

enum status provisioning_facts_finish_reset(struct provisioning_facts *facts,
                                            const struct keystore *keystore)
{
    const struct key_value *values = facts->values;

    // The keys first and all values at once: as long as any value is there, so is the mark that
    // makes the next boot go on.
    for (int slot = KEYSTORE_IDENTITY_A; slot <= KEYSTORE_IDENTITY_B; slot++) {
        const enum status status = keystore->erase(keystore->ctx, (enum keystore_slot)slot);
        if (status != STATUS_OK && status != STATUS_MISSING) {
            return status;
        }
    }
    const enum status status = values->erase_all(values->ctx);
    if (status == STATUS_OK) {
        provisioning_facts_wipe(facts);
        *facts = (struct provisioning_facts){ .values = values,
                                              .identity = { .slot = KEYSTORE_IDENTITY_B } };
    }
    return status;
}

void provisioning_facts_wipe(struct provisioning_facts *facts)
{
    constant_time_wipe(&facts->submission, sizeof facts->submission);
    constant_time_wipe(&facts->network, sizeof facts->network);
}
