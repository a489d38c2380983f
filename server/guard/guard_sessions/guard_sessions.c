// SPDX-License-Identifier: MIT
#include "guard_sessions.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// A fixed number: with the largest list there are a dozen sessions to a bucket.
enum { BUCKET_COUNT = 16384 };

struct guard_sessions {
    size_t count;
    struct guard_session *buckets[BUCKET_COUNT];
};

struct guard_sessions *guard_sessions_open(void)
{
    return calloc(1, sizeof(struct guard_sessions));
}

void guard_sessions_close(struct guard_sessions *sessions)
{
    if (sessions == NULL) {
        return;
    }
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        while (sessions->buckets[i] != NULL) {
            struct guard_session *session = sessions->buckets[i];
            sessions->buckets[i] = session->next;
            free(session);
        }
    }
    free(sessions);
}

/// FNV-1a. Names come from the authority, so nobody chooses them to collide.
static size_t bucket_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    }
    return hash % BUCKET_COUNT;
}

struct guard_session *guard_sessions_find(const struct guard_sessions *sessions, const char *name)
{
    struct guard_session *session = sessions->buckets[bucket_of(name)];
    while (session != NULL && strcmp(session->party.name, name) != 0) {
        session = session->next;
    }
    return session;
}

enum status guard_sessions_enter(struct guard_sessions *sessions, const void *client,
                                 const struct guard_certificate *certificate,
                                 const struct guard_party *party)
{
    struct guard_session *session = guard_sessions_find(sessions, party->name);
    if (session == NULL) {
        session = calloc(1, sizeof *session);
        if (session == NULL) {
            return STATUS_FULL;
        }
        struct guard_session **bucket = &sessions->buckets[bucket_of(party->name)];
        session->next = *bucket;
        *bucket = session;
        sessions->count++;
    }
    session->client = client;
    session->certificate = *certificate;
    session->party = *party;
    return STATUS_OK;
}

struct guard_session *guard_sessions_leave(const struct guard_sessions *sessions, const char *name,
                                           const void *client)
{
    struct guard_session *session = guard_sessions_find(sessions, name);
    if (session == NULL || session->client != client) {
        return NULL;
    }
    session->client = NULL;
    return session;
}

void guard_sessions_review(struct guard_sessions *sessions,
                           bool (*keep)(void *ctx, struct guard_session *session), void *ctx)
{
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        struct guard_session **link = &sessions->buckets[i];
        while (*link != NULL) {
            struct guard_session *session = *link;
            if (keep(ctx, session)) {
                link = &session->next;
            } else {
                *link = session->next;
                free(session);
                sessions->count--;
            }
        }
    }
}

size_t guard_sessions_count(const struct guard_sessions *sessions)
{
    return sessions->count;
}
