// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard_sessions.h"

enum { MANY = 40000 };

static const int connection[3];

static void enter(struct guard_sessions *sessions, const void *client, const char *name,
                  uint8_t digest)
{
    struct guard_certificate certificate = { .sha256 = { digest } };
    struct guard_party party = { .role = IDENTITY_DEVICE };
    (void)snprintf(certificate.name, sizeof certificate.name, "%s", name);
    (void)snprintf(party.name, sizeof party.name, "%s", name);
    assert_int_equal(guard_sessions_enter(sessions, client, &certificate, &party), STATUS_OK);
}

static void know_everybody_by_name(void **state)
{
    struct guard_sessions *sessions = guard_sessions_open();
    char name[IDENTITY_NAME_SIZE];
    (void)state;
    assert_non_null(sessions);
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "meter-%u", i);
        enter(sessions, &connection[i % 3], name, (uint8_t)i);
    }
    assert_int_equal(guard_sessions_count(sessions), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "meter-%u", i);
        const struct guard_session *session = guard_sessions_find(sessions, name);
        assert_non_null(session);
        assert_string_equal(session->party.name, name);
        assert_int_equal(session->certificate.sha256[0], (uint8_t)i);
    }
    assert_null(guard_sessions_find(sessions, "meter-"));
    guard_sessions_close(sessions);
    guard_sessions_close(NULL);
}

static void outlive_the_connection_and_not_the_name(void **state)
{
    struct guard_sessions *sessions = guard_sessions_open();
    (void)state;
    assert_non_null(sessions);
    enter(sessions, &connection[0], "meter-1", 1);
    assert_non_null(guard_sessions_leave(sessions, "meter-1", &connection[0]));
    assert_null(guard_sessions_find(sessions, "meter-1")->client);
    assert_null(guard_sessions_leave(sessions, "meter-1", &connection[0]));

    // The new connection is let in before the broker tells that the old one has gone.
    enter(sessions, &connection[0], "meter-1", 1);
    enter(sessions, &connection[1], "meter-1", 2);
    assert_int_equal(guard_sessions_count(sessions), 1);
    assert_null(guard_sessions_leave(sessions, "meter-1", &connection[0]));
    assert_ptr_equal(guard_sessions_find(sessions, "meter-1")->client, &connection[1]);
    assert_int_equal(guard_sessions_find(sessions, "meter-1")->certificate.sha256[0], 2);
    assert_null(guard_sessions_leave(sessions, "meter-2", &connection[1]));
    guard_sessions_close(sessions);
}

static bool keep_even(void *ctx, struct guard_session *session)
{
    unsigned *seen = ctx;
    (*seen)++;
    return session->certificate.sha256[0] % 2 == 0;
}

static void forget_whom_a_review_drops(void **state)
{
    struct guard_sessions *sessions = guard_sessions_open();
    char name[IDENTITY_NAME_SIZE];
    unsigned seen = 0;
    (void)state;
    assert_non_null(sessions);
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "meter-%u", i);
        enter(sessions, &connection[0], name, (uint8_t)i);
    }
    guard_sessions_review(sessions, keep_even, &seen);
    assert_int_equal(seen, MANY);
    assert_int_equal(guard_sessions_count(sessions), MANY / 2);
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "meter-%u", i);
        assert_int_equal(guard_sessions_find(sessions, name) != NULL, i % 2 == 0);
    }
    guard_sessions_close(sessions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(know_everybody_by_name),
        cmocka_unit_test(outlive_the_connection_and_not_the_name),
        cmocka_unit_test(forget_whom_a_review_drops),
    };
    return cmocka_run_group_tests_name("guard_sessions", tests, NULL, NULL);
}
