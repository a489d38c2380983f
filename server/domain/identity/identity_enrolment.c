// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "identities_inside.h"

static enum identity_verdict of_request(enum request_verdict verdict)
{
    switch (verdict) {
    case REQUEST_SOUND:
        return IDENTITY_DONE;
    case REQUEST_KEY_TYPE:
        return IDENTITY_BAD_KEY_TYPE;
    case REQUEST_KEY_KNOWN:
        return IDENTITY_KEY_KNOWN;
    case REQUEST_MALFORMED:
    case REQUEST_KEY_POINT:
    case REQUEST_SIGNATURE:
    case REQUEST_AUTHORITY:
        break;
    }
    return IDENTITY_BAD_REQUEST;
}

/// Whether the name that is asked for is the device's own. Some firmware puts a word before it.
static bool is_own_name(const char *name, const char *device_id)
{
    static const char *const prefixes[] = { "", "PROOF-", "urn:em:device:" };
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const size_t size = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], size) == 0 && strcmp(name + size, device_id) == 0) {
            return true;
        }
    }
    return false;
}

/// Reads a request for a device. The certificate will say what we want it to; still, a request for
/// somebody else's name is a mistake or an attack, and people should hear of it.
static enum identity_verdict read_request(const struct identities *identities,
                                          enum request_form form, const char *text, size_t size,
                                          const char *device_id, struct certificate_request *out)
{
    const struct certificate_authority *authority = identities->parts.authority;
    const enum identity_verdict verdict =
        of_request(authority->read_request(authority->ctx, form, text, size, out));
    if (verdict != IDENTITY_DONE) {
        return verdict;
    }
    const bool own_subject =
        out->common_name[0] == '\0' || is_own_name(out->common_name, device_id);
    const bool own_names =
        out->name_count == 0 || (out->name_count == 1 && is_own_name(out->name, device_id));
    return own_subject && own_names ? IDENTITY_DONE : IDENTITY_BAD_REQUEST_NAME;
}

/// Looks for the key among all certificates ever made. `*again` tells that the device itself has a
/// live certificate of this key, which is `*out`.
static enum identity_verdict check_key(struct identities *identities, const char *device_id,
                                       const struct certificate_request *request, bool *again,
                                       struct certificate_record *out)
{
    const struct identity_store *store = identities->parts.store;
    struct certificate_record found;
    const enum status status = store->find_key(store->ctx, request->key_digest, &found);
    *again = false;
    if (status == STATUS_MISSING) {
        return IDENTITY_DONE;
    }
    if (status != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    if (strcmp(found.device_id, device_id) != 0 || found.state == CERTIFICATE_REVOKED) {
        return IDENTITY_KEY_IN_USE;
    }
    *again = certificate_state_is_live(identities_state_of(identities, &found));
    if (*again) {
        *out = found;
    }
    return IDENTITY_DONE;
}

static enum identity_verdict sign(struct identities *identities, const char *device_id,
                                  const struct certificate_request *request,
                                  struct certificate_record *out)
{
    const struct certificate_authority *authority = identities->parts.authority;
    const int64_t now_ms = identities_now_ms(identities);
    struct certificate_order order = { .device_id = device_id,
                                       .now_s = now_ms / 1000,
                                       .life_s = identities->parts.rules.life_s };
    memcpy(order.key, request->key, sizeof order.key);
    *out = (struct certificate_record){ .state = CERTIFICATE_PENDING,
                                        .issued_ms = now_ms,
                                        .changed_ms = now_ms };
    memcpy(out->key_digest, request->key_digest, sizeof out->key_digest);
    memcpy(out->device_id, device_id, strlen(device_id) + 1);
    const bool good = identities->parts.random(identities->parts.random_ctx, order.serial,
                                               sizeof order.serial) == STATUS_OK &&
                      authority->issue(authority->ctx, &order, &out->certificate) == STATUS_OK;
    return good ? IDENTITY_DONE : IDENTITY_UNAVAILABLE;
}

/// What a new certificate is signed for.
struct grant {
    const char *device_id;
    const struct certificate_request *request;
    const uint8_t *token_digest; ///< NULL: no token is used up.
    const uint8_t *used;         ///< Fingerprint of what the device uses now; NULL: nothing.
    struct attestation_note attestation;
    const struct audit_record *audit;
};

/// Signs, and supersedes what was pending before: only the newest order counts. But what is in use
/// has thereby been confirmed.
static enum identity_verdict add_certificate(struct identities *identities,
                                             const struct grant *grant,
                                             struct certificate_record *out)
{
    struct device_certificates device;
    struct certificate_move moves[IDENTITY_DEVICE_LIMIT];
    struct identity_change change = {
        .added = out, .token_digest = grant->token_digest, .moves = moves, .audit = grant->audit
    };
    if (identities_gather(identities, grant->device_id, &device) != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    for (size_t i = 0; i < device.count; i++) {
        const struct certificate_record *record = &device.record[i];
        if (record->state == CERTIFICATE_PENDING) {
            const uint8_t *fingerprint = record->certificate.fingerprint;
            const bool is_used =
                grant->used != NULL && memcmp(fingerprint, grant->used, CRYPTO_SHA256_SIZE) == 0;
            memcpy(moves[change.move_count].fingerprint, fingerprint, CRYPTO_SHA256_SIZE);
            moves[change.move_count++].state = certificate_state_next(
                record->state, is_used ? CERTIFICATE_CONFIRMED : CERTIFICATE_REPLACED);
        }
    }
    const enum identity_verdict verdict = sign(identities, grant->device_id, grant->request, out);
    out->attestation = grant->attestation;
    return verdict == IDENTITY_DONE ? identities_commit(identities, &change) : verdict;
}

static enum identity_verdict check_token(const struct identities *identities,
                                         const struct enrolment *enrolment,
                                         const uint8_t digest[CRYPTO_SHA256_SIZE],
                                         struct token_record *token)
{
    const struct identity_store *store = identities->parts.store;
    char device_id[DEVICE_ID_SIZE];
    if (enrolment->device_id != NULL &&
        !device_id_parse(enrolment->device_id, enrolment->device_id_size, device_id)) {
        return IDENTITY_BAD_DEVICE_ID;
    }
    const enum status status = store->find_token(store->ctx, digest, token);
    if (status == STATUS_MISSING) {
        return IDENTITY_TOKEN_UNKNOWN;
    }
    if (status != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    if (enrolment->device_id != NULL && strcmp(device_id, token->device_id) != 0) {
        return IDENTITY_TOKEN_DEVICE;
    }
    return identities_now_ms(identities) < token->expires_ms ? IDENTITY_DONE
                                                             : IDENTITY_TOKEN_EXPIRED;
}

/// A token that was used: for the same key it gives what it gave, if that is still good.
static enum identity_verdict answer_again(struct identities *identities,
                                          const struct token_record *token,
                                          const struct certificate_request *request,
                                          struct certificate_record *out)
{
    const struct identity_store *store = identities->parts.store;
    if (store->find_certificate(store->ctx, token->fingerprint, out) != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    const bool same = memcmp(out->key_digest, request->key_digest, sizeof out->key_digest) == 0;
    return same && certificate_state_is_live(identities_state_of(identities, out))
               ? IDENTITY_DONE
               : IDENTITY_TOKEN_USED;
}

/// What people read: how it came about, and what the device said of itself.
static const char *describe(const char *how, const struct attestation_note *note,
                            char detail[IDENTITY_DETAIL_SIZE])
{
    if (note->time_ms == 0) {
        return how;
    }
    (void)snprintf(detail, IDENTITY_DETAIL_SIZE, "%s%sattestation %s at level %s", how,
                   how[0] != '\0' ? ", " : "", attestation_verdict_name(note->verdict),
                   attestation_level_name(note->level));
    return detail;
}

static enum identity_verdict enrol_with(struct identities *identities,
                                        const struct enrolment *enrolment,
                                        const uint8_t digest[CRYPTO_SHA256_SIZE],
                                        const struct token_record *token,
                                        struct certificate_record *out)
{
    struct certificate_request request;
    struct certificate_record active;
    struct attestation_note note;
    struct audit_record audit;
    char detail[IDENTITY_DETAIL_SIZE];
    bool again = false;

    enum identity_verdict verdict =
        read_request(identities, enrolment->form, enrolment->request, enrolment->request_size,
                     token->device_id, &request);
    if (verdict == IDENTITY_DONE) {
        verdict = identities_check_proof(identities, enrolment, token->device_id, &request, digest,
                                         &note);
    }
    if (verdict != IDENTITY_DONE) {
        return verdict;
    }
    if (token->used) {
        return answer_again(identities, token, &request, out);
    }
    verdict = check_key(identities, token->device_id, &request, &again, out);
    if (verdict == IDENTITY_DONE && !token->replaces &&
        identities_find(identities, token->device_id, &active) == IDENTITY_DONE &&
        active.state == CERTIFICATE_ACTIVE) {
        verdict = IDENTITY_HAS_ACTIVE;
    }
    if (verdict != IDENTITY_DONE) {
        return verdict;
    }
    identities_audit(identities, &audit, AUDIT_ENROLLED, token->device_id, enrolment->address,
                     describe(enrolment->proof != NULL ? "with proof" : "", &note, detail));
    const struct grant grant = { .device_id = token->device_id,
                                 .request = &request,
                                 .token_digest = digest,
                                 .attestation = note,
                                 .audit = &audit };
    return add_certificate(identities, &grant, out);
}

enum identity_verdict identities_enrol(struct identities *identities,
                                       const struct enrolment *enrolment,
                                       struct certificate_record *out)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    struct token_record token;

    enum identity_verdict verdict = identities_limit_address(identities, enrolment->address);
    if (verdict == IDENTITY_DONE) {
        verdict =
            identities_read_token(identities, enrolment->token, enrolment->token_size, digest);
    }
    if (verdict != IDENTITY_DONE) {
        return verdict;
    }
    (void)pthread_mutex_lock(&identities->lock);
    verdict = check_token(identities, enrolment, digest, &token);
    // From here on somebody holds a real token, so what goes wrong is worth a record.
    const bool known = verdict == IDENTITY_DONE || verdict == IDENTITY_TOKEN_DEVICE ||
                       verdict == IDENTITY_TOKEN_EXPIRED;
    if (verdict == IDENTITY_DONE) {
        verdict = enrol_with(identities, enrolment, digest, &token, out);
    }
    if (known && verdict != IDENTITY_DONE && verdict != IDENTITY_UNAVAILABLE) {
        struct audit_record audit;
        identities_audit(identities, &audit, AUDIT_ENROLMENT_REFUSED, token.device_id,
                         enrolment->address, identity_verdict_name(verdict));
        identities_note(identities, &audit);
    }
    (void)pthread_mutex_unlock(&identities->lock);
    return verdict == IDENTITY_DONE ? identities_settle(identities) : verdict;
}

static enum identity_verdict renew_with(struct identities *identities,
                                        const struct identity_peer *peer,
                                        const struct certificate_request *request,
                                        const struct renewal *renewal,
                                        struct certificate_record *out)
{
    const char *device_id = peer->record.device_id;
    struct attestation_note note;
    struct audit_record audit;
    char detail[IDENTITY_DETAIL_SIZE];
    bool again = false;

    enum identity_verdict verdict = check_key(identities, device_id, request, &again, out);
    if (verdict == IDENTITY_DONE) {
        verdict = identities_check_renewal(identities, peer, renewal, &note);
    }
    if (verdict != IDENTITY_DONE) {
        return verdict;
    }
    if (again && out->state == CERTIFICATE_PENDING) {
        return IDENTITY_DONE; // The answer was lost on its way.
    }
    identities_audit(identities, &audit, AUDIT_RENEWED, device_id, renewal->address,
                     describe(peer->grace ? "within the grace period" : "", &note, detail));
    const struct grant grant = { .device_id = device_id,
                                 .request = request,
                                 .used = peer->record.certificate.fingerprint,
                                 .attestation = note,
                                 .audit = &audit };
    return add_certificate(identities, &grant, out);
}

enum identity_verdict identities_renew(struct identities *identities,
                                       const struct identity_peer *peer,
                                       const struct renewal *renewal,
                                       struct certificate_record *out)
{
    const char *device_id = peer->record.device_id;
    struct certificate_record now;
    struct certificate_request read;

    enum identity_verdict verdict = identities_limit_device(identities, device_id);
    if (verdict == IDENTITY_DONE) {
        verdict = read_request(identities, renewal->form, renewal->request, renewal->request_size,
                               device_id, &read);
    }
    (void)pthread_mutex_lock(&identities->lock);
    if (verdict == IDENTITY_DONE) {
        // Looked at again: it may have been revoked since the connection was made.
        verdict =
            identities_find_certificate(identities, peer->record.certificate.fingerprint, &now);
    }
    if (verdict == IDENTITY_DONE && !certificate_state_is_live(now.state) &&
        !(peer->grace && now.state == CERTIFICATE_EXPIRED)) {
        verdict = IDENTITY_REVOKED_PEER;
    }
    if (verdict == IDENTITY_DONE) {
        verdict = renew_with(identities, peer, &read, renewal, out);
    }
    if (verdict != IDENTITY_DONE && verdict != IDENTITY_UNAVAILABLE &&
        verdict != IDENTITY_LIMITED) {
        struct audit_record audit;
        identities_audit(identities, &audit, AUDIT_RENEWAL_REFUSED, device_id, renewal->address,
                         identity_verdict_name(verdict));
        identities_note(identities, &audit);
    }
    (void)pthread_mutex_unlock(&identities->lock);
    return verdict == IDENTITY_DONE ? identities_settle(identities) : verdict;
}
