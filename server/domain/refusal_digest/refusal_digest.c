// SPDX-License-Identifier: MIT
#include "refusal_digest.h"

#include <stdio.h>
#include <string.h>

static void copy_text(char out[REFUSAL_TEXT_SIZE], const char *text)
{
    (void)snprintf(out, REFUSAL_TEXT_SIZE, "%s", text);
}

/// Strangers are told apart by address, others by name, from wherever they come.
static bool is_same(const struct refusal *one, const struct refusal *wanted)
{
    return strcmp(one->cause, wanted->cause) == 0 && strcmp(one->name, wanted->name) == 0 &&
           (wanted->name[0] != '\0' || strcmp(one->address, wanted->address) == 0);
}

bool refusal_digest_take(struct refusal_digest *digest, const char *name, const char *address,
                         const char *cause, uint64_t now_ms)
{
    const bool is_stranger = name[0] == '\0';
    struct refusal *place = is_stranger ? digest->strangers : digest->named;
    const size_t places = is_stranger ? REFUSAL_DIGEST_STRANGERS : REFUSAL_DIGEST_NAMED;
    struct refusal wanted = { .count = 1 };

    copy_text(wanted.name, name);
    copy_text(wanted.address, address);
    copy_text(wanted.cause, cause);
    if (!digest->begun) {
        digest->begun = true;
        digest->begun_ms = now_ms;
    }
    for (size_t i = 0; i < places; i++) {
        if (place[i].count == 0) {
            place[i] = wanted;
            return true;
        }
        if (is_same(&place[i], &wanted)) {
            place[i].count++;
            return false;
        }
    }
    *(is_stranger ? &digest->other_strangers : &digest->other_named) += 1;
    return false;
}

static void tell_rest(const struct refusal *place, size_t places,
                      void (*tell)(void *ctx, const struct refusal *refusal), void *ctx)
{
    for (size_t i = 0; i < places && place[i].count > 0; i++) {
        struct refusal rest = place[i];
        rest.count--; // The first has been told.
        if (rest.count > 0) {
            tell(ctx, &rest);
        }
    }
}

void refusal_digest_settle(struct refusal_digest *digest, uint64_t now_ms,
                           void (*tell)(void *ctx, const struct refusal *refusal), void *ctx)
{
    if (!digest->begun ||
        (now_ms != UINT64_MAX && now_ms - digest->begun_ms < REFUSAL_DIGEST_HOUR_MS)) {
        return;
    }
    tell_rest(digest->named, REFUSAL_DIGEST_NAMED, tell, ctx);
    tell_rest(digest->strangers, REFUSAL_DIGEST_STRANGERS, tell, ctx);
    const uint64_t others[] = { digest->other_named, digest->other_strangers };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const struct refusal many = { .name = "", .count = others[i] };
        if (many.count > 0) {
            tell(ctx, &many);
        }
    }
    *digest = (struct refusal_digest){ .begun = false };
}
