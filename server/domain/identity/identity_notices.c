// SPDX-License-Identifier: MIT

/// What is written down although nobody asked for anything.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identities_inside.h"

enum { DAY_S = 86400, LAST_PART = 6 };

static int64_t overdue_since_s(const struct certificate *certificate)
{
    const int64_t life_s = certificate->not_after_s - certificate->not_before_s;
    return certificate->not_after_s - life_s / LAST_PART;
}

bool identities_is_overdue(const struct identities *identities,
                           const struct certificate_record *record)
{
    return certificate_state_is_live(identities_state_of(identities, record)) &&
           identities_now_ms(identities) / 1000 >= overdue_since_s(&record->certificate);
}

struct late {
    char device_id[DEVICE_ID_SIZE];
    int64_t since_s;
    int64_t end_s;
};

struct late_list {
    const struct identities *identities;
    struct late *late;
    size_t count;
    size_t capacity;
    char done[DEVICE_ID_SIZE]; ///< The device whose newest live certificate has been seen.
    bool failed;
};

static void find_late(void *ctx, const struct certificate_record *record)
{
    struct late_list *list = ctx;
    if (list->failed || strcmp(list->done, record->device_id) == 0 ||
        !certificate_state_is_live(identities_state_of(list->identities, record))) {
        return;
    }
    memcpy(list->done, record->device_id, sizeof list->done);
    if (!identities_is_overdue(list->identities, record)) {
        return;
    }
    if (list->count == list->capacity) {
        const size_t wanted = list->capacity * 2 + 16;
        void *more = realloc(list->late, wanted * sizeof *list->late);
        list->failed = more == NULL;
        if (list->failed) {
            return;
        }
        list->late = more;
        list->capacity = wanted;
    }
    struct late *late = &list->late[list->count++];
    memcpy(late->device_id, record->device_id, sizeof late->device_id);
    late->since_s = overdue_since_s(&record->certificate);
    late->end_s = record->certificate.not_after_s;
}

/// Whether it was noted since this certificate came into its last part.
static bool was_noted(const struct identity_store *store, const struct late *late)
{
    struct audit_record last;
    return store->find_audit(store->ctx, AUDIT_RENEWAL_OVERDUE, late->device_id, &last) ==
               STATUS_OK &&
           last.time_ms / 1000 >= late->since_s;
}

enum status identities_note_overdue(struct identities *identities)
{
    const struct identity_store *store = identities->parts.store;
    struct late_list list = { .identities = identities };
    enum status status = store->list_certificates(store->ctx, NULL, find_late, &list);
    if (list.failed) {
        status = STATUS_IO;
    }
    for (size_t i = 0; status == STATUS_OK && i < list.count; i++) {
        const struct late *late = &list.late[i];
        const int64_t left_s = late->end_s - identities_now_ms(identities) / 1000;
        struct audit_record audit;
        char detail[IDENTITY_DETAIL_SIZE];
        if (was_noted(store, late)) {
            continue;
        }
        (void)snprintf(detail, sizeof detail, "ends in %" PRId64 " days", left_s / DAY_S);
        identities_audit(identities, &audit, AUDIT_RENEWAL_OVERDUE, late->device_id, "", detail);
        const struct identity_change change = { .audit = &audit };
        status = store->commit(store->ctx, &change);
    }
    free(list.late);
    return status;
}

void identities_record(struct identities *identities, enum audit_kind kind, const char *device_id,
                       const char *account, const char *address, const char *detail)
{
    struct audit_record audit;
    identities_audit(identities, &audit, kind, device_id, address, detail);
    (void)snprintf(audit.actor, sizeof audit.actor, "%s", account);
    identities_note(identities, &audit);
}

void identities_case_opened(struct identities *identities, const char *device_id, uint32_t count)
{
    const struct identity_store *store = identities->parts.store;
    struct audit_record last;
    char detail[IDENTITY_DETAIL_SIZE];
    (void)snprintf(detail, sizeof detail, "openings so far: %" PRIu32, count);
    // A device says so again whenever it connects, and when this server was started again.
    if (store->find_audit(store->ctx, AUDIT_CASE_OPENED, device_id, &last) != STATUS_OK ||
        strcmp(last.detail, detail) != 0) {
        identities_record(identities, AUDIT_CASE_OPENED, device_id, "", "", detail);
    }
}
