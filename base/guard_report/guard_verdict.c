// SPDX-License-Identifier: MIT
#include "guard_verdict.h"

#include <string.h>

const char *guard_verdict_name(enum guard_verdict verdict)
{
    switch (verdict) {
    case GUARD_ALLOWED:
        return "allowed";
    case GUARD_NO_CERTIFICATE:
        return "no_certificate";
    case GUARD_BAD_NAME:
        return "bad_name";
    case GUARD_OTHER_CLIENT:
        return "other_client";
    case GUARD_OTHER_USER:
        return "other_user";
    case GUARD_EXPIRED:
        return "expired";
    case GUARD_LIST_MISSING:
        return "list_missing";
    case GUARD_LIST_CORRUPT:
        return "list_corrupt";
    case GUARD_LIST_STALE:
        return "list_stale";
    case GUARD_UNKNOWN:
        return "unknown";
    case GUARD_SUPERSEDED:
        return "superseded";
    case GUARD_REVOKED:
        return "revoked";
    case GUARD_VERDICT_COUNT:
        break;
    }
    return "";
}

bool guard_verdict_parse(const char *name, enum guard_verdict *verdict)
{
    for (int i = 0; i < GUARD_VERDICT_COUNT; i++) {
        if (strcmp(name, guard_verdict_name((enum guard_verdict)i)) == 0) {
            *verdict = (enum guard_verdict)i;
            return true;
        }
    }
    return false;
}
