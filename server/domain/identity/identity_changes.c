// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identities_inside.h"

/// Confirms one certificate and supersedes the others. The caller holds the lock.
static enum identity_verdict confirm(struct identities *identities,
                                     const struct device_certificates *device,
                                     const uint8_t *fingerprint, const struct audit_record *audit)
{
    struct certificate_move moves[IDENTITY_DEVICE_LIMIT];
    struct identity_change change = { .moves = moves, .audit = audit };
    for (size_t i = 0; i < device->count; i++) {
        const struct certificate_record *record = &device->record[i];
        const bool own =
            memcmp(record->certificate.fingerprint, fingerprint, CRYPTO_SHA256_SIZE) == 0;
        const enum certificate_state next = certificate_state_next(
            record->state, own ? CERTIFICATE_CONFIRMED : CERTIFICATE_REPLACED);
        if (next != record->state) {
            memcpy(moves[change.move_count].fingerprint, record->certificate.fingerprint,
                   CRYPTO_SHA256_SIZE);
            moves[change.move_count++].state = next;
        }
    }
    return change.move_count > 0 ? identities_commit(identities, &change) : IDENTITY_DONE;
}

enum identity_verdict identities_confirm(struct identities *identities,
                                         const struct identity_peer *peer, const char *address)
{
    const uint8_t *fingerprint = peer->record.certificate.fingerprint;
    struct device_certificates device;
    struct certificate_record now;
    struct audit_record audit;

    identities_audit(identities, &audit, AUDIT_CONFIRMED, peer->record.device_id, address, "");
    (void)pthread_mutex_lock(&identities->lock);
    enum identity_verdict verdict = identities_find_certificate(identities, fingerprint, &now);
    if (verdict == IDENTITY_DONE && !certificate_state_is_live(now.state)) {
        verdict = now.state == CERTIFICATE_EXPIRED ? IDENTITY_EXPIRED_PEER : IDENTITY_REVOKED_PEER;
    }
    if (verdict == IDENTITY_DONE &&
        identities_gather(identities, now.device_id, &device) != STATUS_OK) {
        verdict = IDENTITY_UNAVAILABLE;
    }
    if (verdict == IDENTITY_DONE) {
        verdict = confirm(identities, &device, fingerprint, &audit);
    }
    (void)pthread_mutex_unlock(&identities->lock);
    return verdict == IDENTITY_DONE ? identities_settle(identities) : verdict;
}

enum identity_verdict identities_heard(struct identities *identities,
                                       const uint8_t fingerprint[CRYPTO_SHA256_SIZE])
{
    struct device_certificates device;
    struct certificate_record used;
    struct audit_record audit;

    (void)pthread_mutex_lock(&identities->lock);
    enum identity_verdict verdict = identities_find_certificate(identities, fingerprint, &used);
    if (verdict == IDENTITY_DONE && used.state == CERTIFICATE_PENDING) {
        identities_audit(identities, &audit, AUDIT_CONFIRMED, used.device_id, "",
                         "seen at the broker");
        verdict = identities_gather(identities, used.device_id, &device) == STATUS_OK
                      ? confirm(identities, &device, fingerprint, &audit)
                      : IDENTITY_UNAVAILABLE;
    }
    (void)pthread_mutex_unlock(&identities->lock);
    return verdict == IDENTITY_DONE ? identities_settle(identities) : verdict;
}

struct withdrawal {
    struct certificate_move *moves;
    size_t count;
    size_t capacity;
};

static void withdraw(void *ctx, const struct certificate_record *record)
{
    struct withdrawal *withdrawal = ctx;
    if (record->state != CERTIFICATE_REVOKED && withdrawal->count < withdrawal->capacity) {
        struct certificate_move *move = &withdrawal->moves[withdrawal->count++];
        memcpy(move->fingerprint, record->certificate.fingerprint, CRYPTO_SHA256_SIZE);
        move->state = certificate_state_next(record->state, CERTIFICATE_WITHDRAWN);
    }
}

struct awaited {
    const char *device_id;
    bool found;
};

static void find_token(void *ctx, const struct token_record *token)
{
    struct awaited *awaited = ctx;
    awaited->found = awaited->found || strcmp(token->device_id, awaited->device_id) == 0;
}

static void count_one(void *ctx, const struct certificate_record *record)
{
    size_t *count = ctx;
    (void)record;
    (*count)++;
}

enum identity_verdict identities_revoke(struct identities *identities, const char *device_id,
                                        const char *account, const char *address,
                                        const char *reason, unsigned *count)
{
    const struct identity_store *store = identities->parts.store;
    struct withdrawal withdrawal = { .count = 0 };
    struct awaited awaited = { .device_id = device_id };
    struct audit_record audit;
    size_t known = 0;

    identities_audit(identities, &audit, AUDIT_REVOKED, device_id, address, reason);
    (void)snprintf(audit.actor, sizeof audit.actor, "%s", account);
    (void)pthread_mutex_lock(&identities->lock);
    enum status status = store->list_certificates(store->ctx, device_id, count_one, &known);
    withdrawal.moves = calloc(known + 1, sizeof *withdrawal.moves);
    withdrawal.capacity = known;
    if (status == STATUS_OK && withdrawal.moves != NULL) {
        status = store->list_certificates(store->ctx, device_id, withdraw, &withdrawal);
    }
    if (status == STATUS_OK) {
        status =
            store->list_tokens(store->ctx, identities_now_ms(identities), find_token, &awaited);
    }
    enum identity_verdict verdict = IDENTITY_UNAVAILABLE;
    if (status == STATUS_OK && withdrawal.moves != NULL) {
        const struct identity_change change = { .moves = withdrawal.moves,
                                                .move_count = withdrawal.count,
                                                .tokens_of = device_id,
                                                .audit = &audit };
        verdict =
            known > 0 || awaited.found ? identities_commit(identities, &change) : IDENTITY_UNKNOWN;
    }
    (void)pthread_mutex_unlock(&identities->lock);
    *count = (unsigned)withdrawal.count;
    free(withdrawal.moves);
    return verdict == IDENTITY_DONE ? identities_settle(identities) : verdict;
}

struct overdue {
    const struct identities *identities;
    struct certificate_record record[IDENTITY_DEVICE_LIMIT];
    size_t count;
};

static void find_overdue(void *ctx, const struct certificate_record *record)
{
    struct overdue *overdue = ctx;
    if (identities_state_of(overdue->identities, record) != record->state &&
        overdue->count < IDENTITY_DEVICE_LIMIT) {
        overdue->record[overdue->count++] = *record;
    }
}

enum status identities_tick(struct identities *identities)
{
    const struct identity_store *store = identities->parts.store;
    struct overdue *overdue = calloc(1, sizeof *overdue);
    if (overdue == NULL) {
        return STATUS_IO;
    }
    overdue->identities = identities;
    (void)pthread_mutex_lock(&identities->lock);
    enum status status = store->list_certificates(store->ctx, NULL, find_overdue, overdue);
    for (size_t i = 0; status == STATUS_OK && i < overdue->count; i++) {
        const struct certificate_record *record = &overdue->record[i];
        struct certificate_move move = { .state = CERTIFICATE_EXPIRED };
        struct audit_record audit;
        memcpy(move.fingerprint, record->certificate.fingerprint, CRYPTO_SHA256_SIZE);
        identities_audit(identities, &audit, AUDIT_EXPIRED, record->device_id, "", "");
        const struct identity_change change = { .moves = &move, .move_count = 1, .audit = &audit };
        status = identities_commit(identities, &change) == IDENTITY_DONE ? STATUS_OK : STATUS_IO;
    }
    if (status == STATUS_OK) {
        status = identities_note_overdue(identities);
    }
    (void)pthread_mutex_unlock(&identities->lock);
    free(overdue);
    if (identities_settle(identities) != IDENTITY_DONE && status == STATUS_OK) {
        status = STATUS_IO;
    }
    return status;
}
