// SPDX-License-Identifier: MIT
#include "certificate_keeper.h"

#include <string.h>

#include "constant_time.h"
#include "keeper_evidence.h"

enum { WHOLE_PARTS = 100000, JITTER_PARTS = 20000, MS_PER_S = 1000 };

void certificate_keeper_init(struct certificate_keeper *keeper,
                             const struct certificate_keeper_parts *parts)
{
    *keeper = (struct certificate_keeper){ .parts = *parts };
    back_off_init(&keeper->back_off, parts->entropy, CERTIFICATE_KEEPER_FIRST_MS,
                  CERTIFICATE_KEEPER_LIMIT_MS);
}

static bool knows_time(const struct certificate_keeper *keeper, int64_t *now_s)
{
    const struct clock *clock = keeper->parts.clock;
    uint32_t uncertainty_ms = 0;
    int64_t utc_ms = 0;

    const bool known = clock->utc_ms(clock->ctx, &utc_ms, &uncertainty_ms);
    *now_s = utc_ms / MS_PER_S;
    return known;
}

bool certificate_keeper_is_certified(const struct certificate_keeper *keeper)
{
    const struct provisioning_identity *identity = &keeper->parts.facts->identity;
    int64_t now_s = 0;

    return identity->is_certified &&
           (!knows_time(keeper, &now_s) || now_s <= identity->validity.until_s);
}

/// Two thirds of the life, a tenth of that sooner or later.
static int64_t draw_renewal(const struct certificate_keeper *keeper, int64_t from_s,
                            int64_t until_s)
{
    const struct entropy *entropy = keeper->parts.entropy;
    uint32_t random = 0;

    // Without randomness two thirds are still a correct time.
    if (entropy->fill(entropy->ctx, &random, sizeof random) != STATUS_OK) {
        random = JITTER_PARTS / 2;
    }
    const int64_t parts = WHOLE_PARTS - JITTER_PARTS / 2 + (int64_t)(random % JITTER_PARTS);
    // Seconds of a life times parts stay far below 2^63 for lives of up to a million years.
    return from_s + (until_s - from_s) * 2 / 3 * parts / WHOLE_PARTS;
}

static enum certificate_keeper_news fail(struct certificate_keeper *keeper, const char *reason,
                                         uint64_t now_ms)
{
    keeper->errand = CERTIFICATE_KEEPER_IDLE;
    keeper->reason = reason;
    keeper->next_ms = now_ms + back_off_fail(&keeper->back_off);
    return CERTIFICATE_KEEPER_FAILED;
}

static enum certificate_keeper_news succeed(struct certificate_keeper *keeper,
                                            enum certificate_keeper_news news, uint64_t now_ms)
{
    keeper->errand = CERTIFICATE_KEEPER_IDLE;
    keeper->reason = NULL;
    keeper->next_ms = now_ms;
    back_off_succeed(&keeper->back_off);
    return news;
}

/// Commits how far the next certificate is.
static enum status advance(struct certificate_keeper *keeper, enum provisioning_next_stage stage)
{
    struct provisioning_identity identity = keeper->parts.facts->identity;
    identity.next = stage;
    return provisioning_facts_set_identity(keeper->parts.facts, &identity);
}

/// The name that the next certificate must have.
static const char *name_of(const struct certificate_keeper *keeper, const char *device_id)
{
    const struct provisioning_identity *identity = &keeper->parts.facts->identity;
    return identity->is_certified ? identity->device_id : device_id;
}

/// Makes the next key unless one is waiting for its certificate.
static enum status need_key(struct certificate_keeper *keeper, const char *device_id)
{
    const struct keystore *keystore = keeper->parts.keystore;
    struct provisioning_identity identity = keeper->parts.facts->identity;
    const enum keystore_slot slot = provisioning_identity_next_slot(&identity);
    const char *name = name_of(keeper, device_id);
    uint8_t public_key[KEYSTORE_PUBLIC_SIZE];

    // A key that was made for another name could be certified under that name already.
    if (identity.next != PROVISIONING_NEXT_NONE && strcmp(identity.device_id, name) == 0) {
        const enum status found = keystore->public_key(keystore->ctx, slot, public_key);
        if (found != STATUS_MISSING) {
            return found;
        }
    }
    if (strlen(name) > PROVISIONING_NAME_LIMIT) {
        return STATUS_INVALID;
    }
    const enum status status = keystore->generate(keystore->ctx, slot, public_key);
    if (status != STATUS_OK) {
        return status;
    }
    memset(identity.device_id, 0, sizeof identity.device_id);
    memcpy(identity.device_id, name, strlen(name));
    identity.next = PROVISIONING_NEXT_KEY;
    return provisioning_facts_set_identity(keeper->parts.facts, &identity);
}

static enum certificate_keeper_news send(struct certificate_keeper *keeper,
                                         const struct http_client_request *request,
                                         enum certificate_keeper_errand errand, uint64_t now_ms)
{
    const struct http_client *http = keeper->parts.http;

    if (http->begin(http->ctx, request) != STATUS_OK) {
        return fail(keeper, "server_unreachable", now_ms);
    }
    keeper->errand = errand;
    keeper->deadline_ms = now_ms + CERTIFICATE_KEEPER_ANSWER_MS;
    return CERTIFICATE_KEEPER_QUIET;
}

/// Writes the body of a request for a certificate.
static enum status write_body(struct certificate_keeper *keeper,
                              enum certificate_keeper_errand errand, size_t *size)
{
    const struct csr_encoder *csr = keeper->parts.csr;
    const struct provisioning_facts *facts = keeper->parts.facts;
    const enum keystore_slot slot = provisioning_identity_next_slot(&facts->identity);
    struct keeper_evidence evidence;
    struct enrolment_request request = {
        .device_id = facts->identity.device_id,
        .csr = keeper->der,
        .token = errand == CERTIFICATE_KEEPER_ENROL ? facts->submission.token : "",
    };

    enum status status = csr->encode(csr->ctx, slot, facts->identity.device_id, keeper->der,
                                     ENROLMENT_CSR_LIMIT, &request.csr_size);
    if (status == STATUS_OK && keeper->parts.protocol == ENROLMENT_V2) {
        const struct crypto_part der = { keeper->der, request.csr_size };
        status = keeper_evidence_make(keeper, errand, der, &evidence);
        request.challenge = keeper->challenge;
        request.proof = evidence.has_proof ? evidence.proof : NULL;
        request.report = evidence.report_size > 0 ? evidence.report : NULL;
        request.report_size = evidence.report_size;
    }
    return status == STATUS_OK
               ? enrolment_write_request(&request, keeper->body, sizeof keeper->body, size)
               : status;
}

/// Sends the request for a certificate: by token, or by the certificate in force.
static enum certificate_keeper_news begin_request(struct certificate_keeper *keeper,
                                                  enum certificate_keeper_errand errand,
                                                  const char *device_id, uint64_t now_ms)
{
    const struct provisioning_facts *facts = keeper->parts.facts;
    const bool by_token = errand == CERTIFICATE_KEEPER_ENROL;
    char path[ENROLMENT_PATH_SIZE];
    size_t body_size = 0;

    if (need_key(keeper, device_id) != STATUS_OK) {
        return fail(keeper, "keystore_failed", now_ms);
    }
    enum status status = write_body(keeper, errand, &body_size);
    if (status == STATUS_OK) {
        status = enrolment_path(keeper->parts.protocol, by_token ? ENROLMENT_SIGN : ENROLMENT_RENEW,
                                facts->identity.device_id, path);
    }
    if (status != STATUS_OK) {
        return fail(keeper, "request_failed", now_ms);
    }
    const struct http_client_request request = {
        .method = "POST",
        .path = path,
        .bearer = by_token ? facts->submission.token : NULL,
        .content_type = "application/json",
        .body = keeper->body,
        .body_size = body_size,
        .with_certificate = !by_token,
        .slot = facts->identity.slot,
    };
    const enum certificate_keeper_news news = send(keeper, &request, errand, now_ms);
    constant_time_wipe(keeper->body, sizeof keeper->body);
    return news;
}

/// Begins what ends in `wish`: with a question for a challenge, where the protocol has one.
static enum certificate_keeper_news begin_wish(struct certificate_keeper *keeper,
                                               enum certificate_keeper_errand wish,
                                               const char *device_id, uint64_t now_ms)
{
    char path[ENROLMENT_PATH_SIZE];

    if (keeper->parts.protocol == ENROLMENT_FIRST) {
        return begin_request(keeper, wish, device_id, now_ms);
    }
    if (enrolment_path(ENROLMENT_V2, ENROLMENT_CHALLENGE, name_of(keeper, device_id), path) !=
        STATUS_OK) {
        return fail(keeper, "request_failed", now_ms);
    }
    const struct http_client_request request = { .method = "GET", .path = path };
    keeper->wish = wish;
    return send(keeper, &request, CERTIFICATE_KEEPER_ASK, now_ms);
}

static enum certificate_keeper_news begin_confirmation(struct certificate_keeper *keeper,
                                                       uint64_t now_ms)
{
    char path[ENROLMENT_PATH_SIZE];
    const struct http_client_request request = {
        .method = "POST",
        .path = path,
        .content_type = "application/json",
        .body = "{}",
        .body_size = 2,
        .with_certificate = true,
        .slot = provisioning_identity_next_slot(&keeper->parts.facts->identity),
    };

    if (enrolment_path(keeper->parts.protocol, ENROLMENT_CONFIRM, "", path) != STATUS_OK) {
        return fail(keeper, "request_failed", now_ms);
    }
    return send(keeper, &request, CERTIFICATE_KEEPER_CONFIRM, now_ms);
}

static enum certificate_keeper_news deny(struct certificate_keeper *keeper, const char *reason,
                                         uint64_t now_ms)
{
    (void)fail(keeper, reason, now_ms);
    // A token that was refused is of no more use. If it cannot be erased, the next boot is told the
    // same again.
    if (provisioning_facts_drop_submission(keeper->parts.facts) != STATUS_OK) {
        keeper->reason = "storage_failed";
    }
    return CERTIFICATE_KEEPER_DENIED;
}

static enum certificate_keeper_news begin(struct certificate_keeper *keeper, bool wanted,
                                          const char *device_id, uint64_t now_ms)
{
    const struct provisioning_facts *facts = keeper->parts.facts;
    const struct provisioning_identity *identity = &facts->identity;
    int64_t now_s = 0;

    if (now_ms < keeper->next_ms) {
        return CERTIFICATE_KEEPER_QUIET;
    }
    if (identity->is_certified && identity->next == PROVISIONING_NEXT_CERTIFIED) {
        return begin_confirmation(keeper, now_ms);
    }
    if (wanted && facts->submission.token[0] != '\0') {
        return begin_wish(keeper, CERTIFICATE_KEEPER_ENROL, device_id, now_ms);
    }
    if (wanted && !identity->is_certified) {
        return deny(keeper, "token_missing", now_ms);
    }
    if (wanted || (identity->is_certified && knows_time(keeper, &now_s) &&
                   now_s >= identity->validity.renew_s)) {
        return begin_wish(keeper, CERTIFICATE_KEEPER_RENEW, device_id, now_ms);
    }
    return CERTIFICATE_KEEPER_QUIET;
}

/// Stores the certificate that came, and commits that it is there.
static enum status store(struct certificate_keeper *keeper, const struct http_client_reply *reply)
{
    const struct keystore *keystore = keeper->parts.keystore;
    struct provisioning_identity identity = keeper->parts.facts->identity;
    const enum keystore_slot slot = provisioning_identity_next_slot(&identity);
    uint8_t public_key[KEYSTORE_PUBLIC_SIZE];
    struct certificate_facts found;
    size_t size = 0;

    enum status status = keystore->public_key(keystore->ctx, slot, public_key);
    if (status != STATUS_OK) {
        return status;
    }
    const struct enrolment_expectation expected = { identity.device_id, public_key };
    status = enrolment_read_answer(reply->body, reply->body_size, &expected, keeper->der,
                                   sizeof keeper->der, &size, &found);
    if (status == STATUS_OK) {
        status = keystore->set_certificate(keystore->ctx, slot, keeper->der, size);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct provisioning_validity validity = {
        .from_s = found.from_s,
        .until_s = found.until_s,
        .renew_s = draw_renewal(keeper, found.from_s, found.until_s),
    };
    if (keeper->errand == CERTIFICATE_KEEPER_RENEW) {
        identity.next = PROVISIONING_NEXT_CERTIFIED;
        identity.next_validity = validity;
    } else {
        identity.is_certified = true;
        identity.slot = slot;
        identity.validity = validity;
        identity.next = PROVISIONING_NEXT_NONE;
    }
    return provisioning_facts_set_identity(keeper->parts.facts, &identity);
}

static enum certificate_keeper_news take_certificate(struct certificate_keeper *keeper,
                                                     const struct http_client_reply *reply,
                                                     uint64_t now_ms)
{
    const bool by_token = keeper->errand == CERTIFICATE_KEEPER_ENROL;
    const enum status status = store(keeper, reply);

    if (status != STATUS_OK) {
        const bool is_storage = status == STATUS_IO || status == STATUS_MISSING;
        return fail(keeper, is_storage ? "storage_failed" : "certificate_unusable", now_ms);
    }
    if (!by_token) {
        return succeed(keeper, CERTIFICATE_KEEPER_QUIET, now_ms);
    }
    // The token is used up. Should it stay, it does no harm: the certificate goes before it.
    const enum status dropped = provisioning_facts_drop_submission(keeper->parts.facts);
    (void)succeed(keeper, CERTIFICATE_KEEPER_ENROLLED, now_ms);
    keeper->reason = dropped == STATUS_OK ? NULL : "storage_failed";
    return CERTIFICATE_KEEPER_ENROLLED;
}

/// The new certificate has been used: from here on it is the one in force.
static enum certificate_keeper_news take_confirmation(struct certificate_keeper *keeper,
                                                      uint64_t now_ms)
{
    const struct keystore *keystore = keeper->parts.keystore;
    struct provisioning_identity identity = keeper->parts.facts->identity;
    const enum keystore_slot old = identity.slot;

    identity.slot = provisioning_identity_next_slot(&identity);
    identity.validity = identity.next_validity;
    identity.next = PROVISIONING_NEXT_NONE;
    if (provisioning_facts_set_identity(keeper->parts.facts, &identity) != STATUS_OK) {
        return fail(keeper, "storage_failed", now_ms);
    }
    // The old key is of no more use. What cannot be erased is overwritten by the next renewal.
    const enum status erased = keystore->erase(keystore->ctx, old);
    (void)succeed(keeper, CERTIFICATE_KEEPER_RENEWED, now_ms);
    keeper->reason = erased == STATUS_OK ? NULL : "keystore_failed";
    return CERTIFICATE_KEEPER_RENEWED;
}

static enum certificate_keeper_news take_denial(struct certificate_keeper *keeper,
                                                const char *reason, uint64_t now_ms)
{
    const bool by_token = keeper->errand == CERTIFICATE_KEEPER_ENROL;

    // Without its token, or refused itself, a key is of no more use: the next try makes another.
    if ((by_token || strcmp(reason, ENROLMENT_KEY_REFUSED) == 0) &&
        advance(keeper, PROVISIONING_NEXT_NONE) != STATUS_OK) {
        return fail(keeper, "storage_failed", now_ms);
    }
    if (by_token) {
        return deny(keeper, reason, now_ms);
    }
    // The server does not know the new certificate any more: ask again for one of the same key.
    if (keeper->errand == CERTIFICATE_KEEPER_CONFIRM &&
        advance(keeper, PROVISIONING_NEXT_KEY) != STATUS_OK) {
        return fail(keeper, "storage_failed", now_ms);
    }
    return fail(keeper, reason, now_ms);
}

static enum certificate_keeper_news take_challenge(struct certificate_keeper *keeper,
                                                   const struct http_client_reply *reply,
                                                   const char *device_id, uint64_t now_ms)
{
    if (enrolment_read_challenge(reply->body, reply->body_size, keeper->challenge) != STATUS_OK) {
        return fail(keeper, "challenge_unusable", now_ms);
    }
    return begin_request(keeper, keeper->wish, device_id, now_ms);
}

static enum certificate_keeper_news take_reply(struct certificate_keeper *keeper,
                                               const struct http_client_reply *reply,
                                               const char *device_id, uint64_t now_ms)
{
    const struct enrolment_outcome outcome = enrolment_judge(reply->code, reply->error_code);

    switch (outcome.verdict) {
    case ENROLMENT_GRANTED:
        if (keeper->errand == CERTIFICATE_KEEPER_ASK) {
            return take_challenge(keeper, reply, device_id, now_ms);
        }
        return keeper->errand == CERTIFICATE_KEEPER_CONFIRM
                   ? take_confirmation(keeper, now_ms)
                   : take_certificate(keeper, reply, now_ms);
    case ENROLMENT_LATER:
        return fail(keeper, outcome.reason, now_ms);
    case ENROLMENT_DENIED:
        break;
    }
    // The server knows no challenges, or not now: that is no reason to ask with less.
    return keeper->errand == CERTIFICATE_KEEPER_ASK ? fail(keeper, "challenge_refused", now_ms)
                                                    : take_denial(keeper, outcome.reason, now_ms);
}

static enum certificate_keeper_news poll(struct certificate_keeper *keeper, const char *device_id,
                                         uint64_t now_ms)
{
    const struct http_client *http = keeper->parts.http;
    struct http_client_reply reply = { .error_code = "" };
    const char *sentence = "";

    switch (http->poll(http->ctx, &reply, &sentence)) {
    case STATUS_OK:
        return take_reply(keeper, &reply, device_id, now_ms);
    case STATUS_BUSY:
        if (now_ms < keeper->deadline_ms) {
            return CERTIFICATE_KEEPER_QUIET;
        }
        http->cancel(http->ctx);
        break;
    case STATUS_CORRUPT:
        return fail(keeper, "server_untrusted", now_ms);
    case STATUS_FULL:
        return fail(keeper, "certificate_unusable", now_ms);
    case STATUS_INVALID:
    case STATUS_MISSING:
    case STATUS_IO:
        break;
    }
    return fail(keeper, "server_unreachable", now_ms);
}

enum certificate_keeper_news certificate_keeper_step(struct certificate_keeper *keeper, bool wanted,
                                                     const char *device_id, uint64_t now_ms)
{
    return keeper->errand == CERTIFICATE_KEEPER_IDLE ? begin(keeper, wanted, device_id, now_ms)
                                                     : poll(keeper, device_id, now_ms);
}

void certificate_keeper_pause(struct certificate_keeper *keeper)
{
    const struct http_client *http = keeper->parts.http;

    if (keeper->errand != CERTIFICATE_KEEPER_IDLE) {
        http->cancel(http->ctx);
        keeper->errand = CERTIFICATE_KEEPER_IDLE;
    }
    keeper->next_ms = 0;
    back_off_succeed(&keeper->back_off);
}

const char *certificate_keeper_reason(const struct certificate_keeper *keeper)
{
    return keeper->reason;
}
