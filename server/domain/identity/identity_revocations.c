// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "identities_inside.h"

struct gathering {
    struct revoked_certificate *revoked;
    size_t count;
    size_t capacity;
    int64_t now_s;
    bool failed;
};

static void gather(void *ctx, const struct certificate_record *record)
{
    struct gathering *gathering = ctx;
    if (record->state != CERTIFICATE_REVOKED || gathering->failed ||
        record->certificate.not_after_s + IDENTITY_LIST_LIFE_S < gathering->now_s) {
        return;
    }
    if (gathering->count == gathering->capacity) {
        const size_t wanted = gathering->capacity * 2 + 16;
        void *more = realloc(gathering->revoked, wanted * sizeof *gathering->revoked);
        gathering->failed = more == NULL;
        if (gathering->failed) {
            return;
        }
        gathering->revoked = more;
        gathering->capacity = wanted;
    }
    struct revoked_certificate *one = &gathering->revoked[gathering->count++];
    memcpy(one->serial, record->certificate.serial, sizeof one->serial);
    one->revoked_s = record->changed_ms / 1000;
}

/// Makes the list. The caller holds the list's lock.
static enum identity_verdict make_list(struct identities *identities, int64_t now_ms)
{
    const struct identity_store *store = identities->parts.store;
    const struct certificate_authority *authority = identities->parts.authority;
    struct gathering gathering = { .now_s = now_ms / 1000 };
    // Before the store is read: what comes later is in the next list, at worst in this one too.
    const uint64_t withdrawals = atomic_load(&identities->withdrawals);
    struct revocation_list list = { .number = (uint64_t)now_ms,
                                    .made_s = gathering.now_s,
                                    .next_s = gathering.now_s + IDENTITY_LIST_LIFE_S };

    if (list.number <= identities->list.number) {
        list.number = identities->list.number + 1;
    }
    enum status status = store->list_certificates(store->ctx, NULL, gather, &gathering);
    if (status == STATUS_OK && gathering.failed) {
        status = STATUS_IO;
    }
    if (status == STATUS_OK) {
        status = authority->write_revocations(authority->ctx, gathering.revoked, gathering.count,
                                              list.number, list.made_s, list.next_s, &list.der,
                                              &list.size);
    }
    free(gathering.revoked);
    if (status != STATUS_OK) {
        return IDENTITY_UNAVAILABLE;
    }
    free(identities->list.der);
    identities->list = list;
    identities->listed = withdrawals;
    return IDENTITY_DONE;
}

/// Whether the list says all there is to say. An old one does, too, but not for long.
static bool is_complete(const struct identities *identities, int64_t now_s)
{
    const struct revocation_list *list = &identities->list;
    return list->der != NULL && identities->listed == atomic_load(&identities->withdrawals) &&
           now_s >= list->made_s && now_s < list->next_s;
}

enum identity_verdict identities_revocations(struct identities *identities,
                                             struct revocation_list *out)
{
    const int64_t now_ms = identities_now_ms(identities);
    const int64_t now_s = now_ms / 1000;

    (void)pthread_mutex_lock(&identities->list_lock);
    enum identity_verdict verdict = IDENTITY_DONE;
    if (!is_complete(identities, now_s) ||
        now_s - identities->list.made_s >= IDENTITY_LIST_EVERY_S) {
        verdict = make_list(identities, now_ms);
        if (verdict != IDENTITY_DONE && is_complete(identities, now_s)) {
            verdict = IDENTITY_DONE; // The last one is old, and still true.
        }
    }
    if (verdict == IDENTITY_DONE) {
        *out = identities->list;
        out->der = malloc(out->size);
        if (out->der != NULL) {
            memcpy(out->der, identities->list.der, out->size);
        } else {
            verdict = IDENTITY_UNAVAILABLE;
        }
    }
    (void)pthread_mutex_unlock(&identities->list_lock);
    return verdict;
}
