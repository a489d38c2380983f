// SPDX-License-Identifier: MIT
#include <string.h>

#include "guard_rules.h"

enum guard_verdict guard_judge_age(uint64_t made_at_s, uint64_t now_s)
{
    const uint64_t age_s = now_s > made_at_s ? now_s - made_at_s : made_at_s - now_s;
    return age_s > GUARD_LIST_AGE_LIMIT_S ? GUARD_LIST_STALE : GUARD_ALLOWED;
}

static enum guard_verdict judge_state(enum identity_state state)
{
    switch (state) {
    case IDENTITY_PENDING:
    case IDENTITY_ACTIVE:
        return GUARD_ALLOWED;
    case IDENTITY_SUPERSEDED:
        return GUARD_SUPERSEDED;
    case IDENTITY_REVOKED:
        return GUARD_REVOKED;
    }
    return GUARD_UNKNOWN;
}

enum guard_verdict guard_judge_certificate(const struct guard_certificate *certificate,
                                           const struct guard_knowledge *knowledge, uint64_t now_s,
                                           enum identity_role *role)
{
    struct identity_entry entry;

    if (certificate == NULL) {
        return GUARD_NO_CERTIFICATE;
    }
    if (!identity_name_is_good(certificate->name, strlen(certificate->name))) {
        return GUARD_BAD_NAME;
    }
    if (certificate->not_after_s < 0 || (uint64_t)certificate->not_after_s < now_s) {
        return GUARD_EXPIRED;
    }
    if (knowledge->problem != GUARD_ALLOWED) {
        return knowledge->problem;
    }
    const enum guard_verdict age = guard_judge_age(knowledge->list->made_at_s, now_s);
    if (age != GUARD_ALLOWED) {
        return age;
    }
    if (identity_list_find(knowledge->list, certificate->sha256, &entry) != STATUS_OK ||
        strcmp(entry.name, certificate->name) != 0) {
        return GUARD_UNKNOWN;
    }
    const enum guard_verdict verdict = judge_state(entry.state);
    if (verdict == GUARD_ALLOWED) {
        *role = entry.role;
    }
    return verdict;
}

enum guard_verdict guard_judge_connection(const struct guard_certificate *certificate,
                                          const struct guard_claim *claim,
                                          const struct guard_knowledge *knowledge, uint64_t now_s,
                                          struct guard_party *party)
{
    enum identity_role role = IDENTITY_DEVICE;

    const enum guard_verdict verdict =
        guard_judge_certificate(certificate, knowledge, now_s, &role);
    if (verdict != GUARD_ALLOWED) {
        return verdict;
    }
    if (claim->client_id == NULL || strcmp(claim->client_id, certificate->name) != 0) {
        return GUARD_OTHER_CLIENT;
    }
    if (claim->user_name != NULL && strcmp(claim->user_name, certificate->name) != 0) {
        return GUARD_OTHER_USER;
    }
    *party = (struct guard_party){ .role = role };
    memcpy(party->name, certificate->name, sizeof party->name);
    return GUARD_ALLOWED;
}
