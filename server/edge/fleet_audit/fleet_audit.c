// SPDX-License-Identifier: MIT
#include "fleet_audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct rate_limit_rule CASE_RULE = { .burst = 5, .refill_ms = 600000 };

static uint64_t now_ms(const struct fleet_audit *audit)
{
    return audit->host->monotonic_ms(audit->host->ctx);
}

void fleet_audit_init(struct fleet_audit *audit, struct identities *identities,
                      const struct fleet_host *host)
{
    memset(audit, 0, sizeof *audit);
    audit->identities = identities;
    audit->host = host;
    (void)pthread_mutex_init(&audit->lock, NULL);
    host->fill_random(host->ctx, (uint8_t *)&audit->secret, sizeof audit->secret);
    rate_limit_init(&audit->limit, CASE_RULE);
}

void fleet_audit_report(struct fleet_audit *audit, const struct guard_report *report)
{
    const bool ended = report->event == GUARD_EVENT_DISCONNECTED;
    char cause[REFUSAL_TEXT_SIZE];
    if ((report->event != GUARD_EVENT_REFUSED && !ended) || report->verdict == GUARD_ALLOWED) {
        return;
    }
    (void)snprintf(cause, sizeof cause, "%s%s", ended ? "session ended: " : "",
                   guard_verdict_name(report->verdict));
    (void)pthread_mutex_lock(&audit->lock);
    const bool is_first =
        refusal_digest_take(&audit->refusals, report->name, report->address, cause, now_ms(audit));
    (void)pthread_mutex_unlock(&audit->lock);
    if (is_first) {
        identities_record(audit->identities, AUDIT_BROKER_REFUSED, report->name, "broker",
                          report->address, cause);
    }
}

static void write_rest(struct fleet_audit *audit, enum audit_kind kind, const char *actor,
                       const struct refusal *refusal)
{
    char detail[IDENTITY_DETAIL_SIZE];
    (void)snprintf(detail, sizeof detail, "%s: %" PRIu64 " more within the hour",
                   refusal->cause[0] != '\0' ? refusal->cause : "various", refusal->count);
    identities_record(audit->identities, kind, refusal->name, actor, refusal->address, detail);
}

static void write_rest_of_broker(void *ctx, const struct refusal *refusal)
{
    write_rest(ctx, AUDIT_BROKER_REFUSED, "broker", refusal);
}

static void write_rest_of_requests(void *ctx, const struct refusal *refusal)
{
    write_rest(ctx, AUDIT_INTAKE_REFUSED, "", refusal);
}

void fleet_audit_request(struct fleet_audit *audit, const char *device_id, const char *address,
                         const char *cause)
{
    (void)pthread_mutex_lock(&audit->lock);
    if (refusal_digest_take(&audit->requests, device_id, address, cause, now_ms(audit)) &&
        audit->fresh_count < FLEET_AUDIT_FRESH) {
        struct refusal *fresh = &audit->fresh[audit->fresh_count++];
        (void)snprintf(fresh->name, sizeof fresh->name, "%s", device_id);
        (void)snprintf(fresh->address, sizeof fresh->address, "%s", address);
        (void)snprintf(fresh->cause, sizeof fresh->cause, "%s", cause);
    }
    (void)pthread_mutex_unlock(&audit->lock);
}

static void write_fresh(struct fleet_audit *audit)
{
    struct refusal fresh[FLEET_AUDIT_FRESH];
    (void)pthread_mutex_lock(&audit->lock);
    const size_t count = audit->fresh_count;
    memcpy(fresh, audit->fresh, count * sizeof fresh[0]);
    audit->fresh_count = 0;
    (void)pthread_mutex_unlock(&audit->lock);
    for (size_t i = 0; i < count; i++) {
        identities_record(audit->identities, AUDIT_INTAKE_REFUSED, fresh[i].name, "",
                          fresh[i].address, fresh[i].cause);
    }
}

void fleet_audit_device(struct fleet_audit *audit, const struct device_view *device)
{
    struct fleet_audit_case *free_place = NULL;
    if (!device->tamper.known || !device->tamper.latched) {
        return;
    }
    (void)pthread_mutex_lock(&audit->lock);
    for (size_t i = 0; i < FLEET_AUDIT_CASES; i++) {
        struct fleet_audit_case *one = &audit->opened[i];
        if (strcmp(one->device_id, device->device_id) == 0) {
            free_place = one;
            break;
        }
        if (one->device_id[0] == '\0' && free_place == NULL) {
            free_place = one;
        }
    }
    // Without a place it is told at the device's next status.
    if (free_place != NULL) {
        memcpy(free_place->device_id, device->device_id, sizeof free_place->device_id);
        free_place->count = device->tamper.count;
    }
    (void)pthread_mutex_unlock(&audit->lock);
}

/// Takes one that is due. @return false  there is none.
static bool take_case(struct fleet_audit *audit, struct fleet_audit_case *out)
{
    int64_t wait_ms = 0;
    bool found = false;
    (void)pthread_mutex_lock(&audit->lock);
    for (size_t i = 0; i < FLEET_AUDIT_CASES && !found; i++) {
        struct fleet_audit_case *one = &audit->opened[i];
        if (one->device_id[0] != '\0') {
            const uint64_t key =
                rate_limit_key(audit->secret, one->device_id, strlen(one->device_id));
            found =
                rate_limit_take(&audit->limit, key, (int64_t)now_ms(audit), &wait_ms) == STATUS_OK;
        }
        if (found) {
            *out = *one;
            one->device_id[0] = '\0';
        }
    }
    (void)pthread_mutex_unlock(&audit->lock);
    return found;
}

static void settle(struct fleet_audit *audit, struct refusal_digest *digest, uint64_t at_ms,
                   void (*tell)(void *ctx, const struct refusal *refusal))
{
    // The digest is taken out, so that nobody who is refused waits for the disk.
    struct refusal_digest due;
    (void)pthread_mutex_lock(&audit->lock);
    due = *digest;
    const bool is_due =
        due.begun && (at_ms == UINT64_MAX || at_ms - due.begun_ms >= REFUSAL_DIGEST_HOUR_MS);
    if (is_due) {
        *digest = (struct refusal_digest){ .begun = false };
    }
    (void)pthread_mutex_unlock(&audit->lock);
    if (is_due) {
        refusal_digest_settle(&due, UINT64_MAX, tell, audit);
    }
}

static void settle_both(struct fleet_audit *audit, uint64_t at_ms)
{
    settle(audit, &audit->refusals, at_ms, write_rest_of_broker);
    settle(audit, &audit->requests, at_ms, write_rest_of_requests);
}

void fleet_audit_tick(struct fleet_audit *audit)
{
    struct fleet_audit_case one;
    while (take_case(audit, &one)) {
        identities_case_opened(audit->identities, one.device_id, one.count);
    }
    write_fresh(audit);
    settle_both(audit, now_ms(audit));
}

void fleet_audit_close(struct fleet_audit *audit)
{
    fleet_audit_tick(audit);
    settle_both(audit, UINT64_MAX);
    (void)pthread_mutex_destroy(&audit->lock);
}
