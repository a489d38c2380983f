// SPDX-License-Identifier: MIT
#include "identities.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identities_inside.h"

// A site may have hundreds of devices behind one address; a device renews once in weeks.
static const struct rate_limit_rule ADDRESS_RULE = { .burst = 300, .refill_ms = 100 };
static const struct rate_limit_rule DEVICE_RULE = { .burst = 10, .refill_ms = 600000 };

int64_t identities_now_ms(const struct identities *identities)
{
    return identities->parts.host->utc_ms(identities->parts.host->ctx);
}

bool identities_is_reserved(const char *device_id)
{
    static const char *const names[] = { "ohmd", "broker", "https", "devices_api" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(device_id, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum identity_verdict take(struct identities *identities, struct rate_limit *limit,
                                  const char *name)
{
    const struct fleet_host *host = identities->parts.host;
    int64_t wait_ms = 0;
    (void)pthread_mutex_lock(&identities->limit_lock);
    const enum status status =
        rate_limit_take(limit, rate_limit_key(identities->limit_secret, name, strlen(name)),
                        (int64_t)host->monotonic_ms(host->ctx), &wait_ms);
    (void)pthread_mutex_unlock(&identities->limit_lock);
    return status == STATUS_OK ? IDENTITY_DONE : IDENTITY_LIMITED;
}

enum identity_verdict identities_limit_address(struct identities *identities, const char *address)
{
    return take(identities, &identities->by_address, address);
}

enum identity_verdict identities_limit_device(struct identities *identities, const char *device_id)
{
    return take(identities, &identities->by_device, device_id);
}

static bool are_good(const struct identity_rules *rules)
{
    return rules->life_s >= IDENTITY_LIFE_LEAST_S && rules->life_s <= IDENTITY_LIFE_MOST_S &&
           rules->token_s > 0 && rules->token_s <= IDENTITY_TOKEN_MOST_S && rules->grace_s >= 0;
}

enum identity_verdict identities_settle(struct identities *identities)
{
    const struct identity_herald *herald = identities->parts.herald;
    const uint64_t changes = atomic_load(&identities->changes);
    uint64_t published = atomic_load(&identities->published);
    if (published >= changes) {
        return IDENTITY_DONE;
    }
    if (herald->publish(herald->ctx) != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    while (published < changes &&
           !atomic_compare_exchange_weak(&identities->published, &published, changes)) {
    }
    return IDENTITY_DONE;
}

enum status identities_open(const struct identity_parts *parts, struct identities **out)
{
    if (!are_good(&parts->rules)) {
        return STATUS_INVALID;
    }
    struct identities *identities = calloc(1, sizeof *identities);
    if (identities == NULL) {
        return STATUS_IO;
    }
    identities->parts = *parts;
    struct rate_limit_rule by_address = ADDRESS_RULE;
    if (parts->rules.address_burst != 0 && parts->rules.address_refill_ms != 0) {
        by_address.burst = parts->rules.address_burst;
        by_address.refill_ms = parts->rules.address_refill_ms;
    }
    rate_limit_init(&identities->by_address, by_address);
    rate_limit_init(&identities->by_device, DEVICE_RULE);
    (void)pthread_mutex_init(&identities->lock, NULL);
    (void)pthread_mutex_init(&identities->limit_lock, NULL);
    (void)pthread_mutex_init(&identities->list_lock, NULL);
    enum status status = parts->random(parts->random_ctx, identities->challenge_key,
                                       sizeof identities->challenge_key);
    if (status == STATUS_OK) {
        status = parts->random(parts->random_ctx, (uint8_t *)&identities->limit_secret,
                               sizeof identities->limit_secret);
    }
    // What was written before a crash may not have been told.
    atomic_store(&identities->changes, 1);
    if (status == STATUS_OK && identities_settle(identities) != IDENTITY_DONE) {
        status = STATUS_IO;
    }
    if (status != STATUS_OK) {
        identities_close(identities);
        return status;
    }
    *out = identities;
    return STATUS_OK;
}

void identities_close(struct identities *identities)
{
    if (identities == NULL) {
        return;
    }
    free(identities->list.der);
    (void)pthread_mutex_destroy(&identities->list_lock);
    (void)pthread_mutex_destroy(&identities->limit_lock);
    (void)pthread_mutex_destroy(&identities->lock);
    free(identities);
}

void identities_audit(const struct identities *identities, struct audit_record *audit,
                      enum audit_kind kind, const char *device_id, const char *address,
                      const char *detail)
{
    *audit = (struct audit_record){ .time_ms = identities_now_ms(identities), .kind = kind };
    (void)snprintf(audit->device_id, sizeof audit->device_id, "%s", device_id);
    (void)snprintf(audit->address, sizeof audit->address, "%s", address);
    (void)snprintf(audit->detail, sizeof audit->detail, "%s", detail);
}

void identities_note(struct identities *identities, const struct audit_record *audit)
{
    const struct identity_store *store = identities->parts.store;
    const struct identity_change change = { .audit = audit };
    const enum status lost = store->commit(store->ctx, &change);
    (void)lost; // What was refused stays refused.
}

enum identity_verdict identities_commit(struct identities *identities,
                                        const struct identity_change *change)
{
    const struct identity_store *store = identities->parts.store;
    if (store->commit(store->ctx, change) != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    atomic_fetch_add(&identities->changes, 1);
    for (size_t i = 0; i < change->move_count; i++) {
        if (change->moves[i].state == CERTIFICATE_REVOKED) {
            atomic_fetch_add(&identities->withdrawals, 1);
            break;
        }
    }
    return IDENTITY_DONE;
}

enum certificate_state identities_state_of(const struct identities *identities,
                                           const struct certificate_record *record)
{
    return identities_now_ms(identities) / 1000 <= record->certificate.not_after_s
               ? record->state
               : certificate_state_next(record->state, CERTIFICATE_OVER);
}

int64_t identities_renew_after_s(const struct certificate *certificate)
{
    const int64_t life_s = certificate->not_after_s - certificate->not_before_s;
    return certificate->not_before_s + life_s / 3 * 2;
}

const struct identity_parts *identities_parts(const struct identities *identities)
{
    return &identities->parts;
}

static void gather(void *ctx, const struct certificate_record *record)
{
    struct device_certificates *device = ctx;
    if (record->state != CERTIFICATE_SUPERSEDED && record->state != CERTIFICATE_REVOKED &&
        device->count < IDENTITY_DEVICE_LIMIT) {
        device->record[device->count++] = *record;
    }
}

enum status identities_gather(struct identities *identities, const char *device_id,
                              struct device_certificates *out)
{
    const struct identity_store *store = identities->parts.store;
    out->count = 0;
    return store->list_certificates(store->ctx, device_id, gather, out);
}

struct search {
    const struct identities *identities;
    struct certificate_record *best;
    bool found;
};

/// The newest that is active, else the newest of all.
static void prefer(void *ctx, const struct certificate_record *record)
{
    struct search *search = ctx;
    const enum certificate_state state = identities_state_of(search->identities, record);
    if (!search->found ||
        (state == CERTIFICATE_ACTIVE && search->best->state != CERTIFICATE_ACTIVE)) {
        *search->best = *record;
        search->best->state = state;
        search->found = true;
    }
}

enum identity_verdict identities_find(struct identities *identities, const char *device_id,
                                      struct certificate_record *out)
{
    const struct identity_store *store = identities->parts.store;
    struct search search = { .identities = identities, .best = out };
    if (store->list_certificates(store->ctx, device_id, prefer, &search) != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    return search.found ? IDENTITY_DONE : IDENTITY_UNKNOWN;
}

enum identity_verdict identities_find_certificate(struct identities *identities,
                                                  const uint8_t fingerprint[CRYPTO_SHA256_SIZE],
                                                  struct certificate_record *out)
{
    const struct identity_store *store = identities->parts.store;
    const enum status status = store->find_certificate(store->ctx, fingerprint, out);
    if (status != STATUS_OK) {
        return status == STATUS_MISSING ? IDENTITY_UNKNOWN : IDENTITY_UNAVAILABLE;
    }
    out->state = identities_state_of(identities, out);
    return IDENTITY_DONE;
}

enum identity_verdict identities_recognise(struct identities *identities, const void *der,
                                           size_t size, struct identity_peer *out)
{
    const struct certificate_authority *authority = identities->parts.authority;
    struct certificate certificate;
    char name[CERTIFICATE_NAME_SIZE];

    out->grace = false;
    if (authority->recognise(authority->ctx, der, size, &certificate, name) != STATUS_OK) {
        return IDENTITY_NO_CERTIFICATE;
    }
    const enum identity_verdict verdict =
        identities_find_certificate(identities, certificate.fingerprint, &out->record);
    if (verdict == IDENTITY_UNKNOWN ||
        (verdict == IDENTITY_DONE && strcmp(name, out->record.device_id) != 0)) {
        return IDENTITY_NO_CERTIFICATE; // Signed by us, but not through here.
    }
    if (verdict != IDENTITY_DONE) {
        return verdict;
    }
    switch (out->record.state) {
    case CERTIFICATE_PENDING:
    case CERTIFICATE_ACTIVE:
        return IDENTITY_DONE;
    case CERTIFICATE_SUPERSEDED:
        return IDENTITY_SUPERSEDED_PEER;
    case CERTIFICATE_EXPIRED:
        out->grace = identities_now_ms(identities) / 1000 - certificate.not_after_s <=
                     identities->parts.rules.grace_s;
        return out->grace ? IDENTITY_DONE : IDENTITY_EXPIRED_PEER;
    case CERTIFICATE_REVOKED:
    case CERTIFICATE_STATE_COUNT:
        break;
    }
    return IDENTITY_REVOKED_PEER;
}
