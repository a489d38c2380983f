// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "accounts.h"

enum { NEVER = -1, ROWS = 400 };
static const int64_t START_MS = 1763690000000;

/// A store in arrays that can be told to fail at its n-th call.
struct fake_store {
    struct account accounts[4];
    size_t account_count;
    struct session_record sessions[ROWS];
    size_t session_count;
    int fail_after;
};

/// Cryptography that is none, but keeps the properties: unequal inputs give unequal digests, and
/// it counts how many slow hashes a sign-in cost.
struct fake_crypto {
    uint32_t next_random;
    unsigned slow_hashes;
    bool outdated;
};

struct fixture {
    struct fake_store rows;
    struct fake_crypto machine;
    struct account_store store;
    struct account_crypto crypto;
    struct accounts *accounts;
    char password[ACCOUNTS_PASSWORD_SIZE];
};

static bool fails(struct fake_store *rows)
{
    if (rows->fail_after > 0) {
        rows->fail_after--;
    }
    return rows->fail_after == 0;
}

static enum status find_account(void *ctx, const char *username, struct account *out)
{
    struct fake_store *rows = ctx;
    if (fails(rows)) {
        return STATUS_IO;
    }
    for (size_t i = 0; i < rows->account_count; i++) {
        if (strcmp(rows->accounts[i].username, username) == 0) {
            *out = rows->accounts[i];
            return STATUS_OK;
        }
    }
    return STATUS_MISSING;
}

static enum status put_account(void *ctx, const struct account *account)
{
    struct fake_store *rows = ctx;
    if (fails(rows)) {
        return STATUS_IO;
    }
    for (size_t i = 0; i < rows->account_count; i++) {
        if (strcmp(rows->accounts[i].username, account->username) == 0) {
            rows->accounts[i] = *account;
            return STATUS_OK;
        }
    }
    rows->accounts[rows->account_count++] = *account;
    return STATUS_OK;
}

static enum status delete_session(void *ctx, const uint8_t digest[ACCOUNT_DIGEST_SIZE])
{
    struct fake_store *rows = ctx;
    if (fails(rows)) {
        return STATUS_IO;
    }
    for (size_t i = 0; i < rows->session_count; i++) {
        if (memcmp(rows->sessions[i].digest, digest, ACCOUNT_DIGEST_SIZE) == 0) {
            rows->sessions[i] = rows->sessions[--rows->session_count];
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

static enum status put_session(void *ctx, const struct session_record *session)
{
    struct fake_store *rows = ctx;
    const enum status status = delete_session(ctx, session->digest);
    if (status != STATUS_OK) {
        return status;
    }
    assert_true(rows->session_count < ROWS);
    rows->sessions[rows->session_count++] = *session;
    return STATUS_OK;
}

static enum status list_sessions(void *ctx, struct session_record *out, size_t capacity,
                                 size_t *count)
{
    struct fake_store *rows = ctx;
    if (fails(rows)) {
        return STATUS_IO;
    }
    *count = rows->session_count < capacity ? rows->session_count : capacity;
    memcpy(out, rows->sessions, *count * sizeof *out);
    return STATUS_OK;
}

static enum status delete_sessions_of(void *ctx, const char *username)
{
    struct fake_store *rows = ctx;
    if (fails(rows)) {
        return STATUS_IO;
    }
    for (size_t i = rows->session_count; i > 0; i--) {
        if (strcmp(rows->sessions[i - 1].username, username) == 0) {
            rows->sessions[i - 1] = rows->sessions[--rows->session_count];
        }
    }
    return STATUS_OK;
}

static enum status fake_random(void *ctx, uint8_t *out, size_t size)
{
    struct fake_crypto *machine = ctx;
    for (size_t i = 0; i < size; i++) {
        machine->next_random = machine->next_random * 1664525u + 1013904223u;
        out[i] = (uint8_t)(machine->next_random >> 24);
    }
    return STATUS_OK;
}

static enum status fake_digest(void *ctx, const void *data, size_t size,
                               uint8_t out[ACCOUNT_DIGEST_SIZE])
{
    (void)ctx;
    const uint8_t *bytes = data;
    for (unsigned lane = 0; lane < 4; lane++) {
        uint64_t hash = 14695981039346656037u + lane;
        for (size_t i = 0; i < size; i++) {
            hash = (hash ^ bytes[i]) * 1099511628211u;
        }
        memcpy(out + 8 * lane, &hash, sizeof hash);
    }
    return STATUS_OK;
}

static enum status fake_hash(void *ctx, const char *password, char out[PASSWORD_HASH_SIZE])
{
    struct fake_crypto *machine = ctx;
    machine->slow_hashes++;
    (void)snprintf(out, PASSWORD_HASH_SIZE, "%s:%.100s", machine->outdated ? "new" : "fake",
                   password);
    return STATUS_OK;
}

static enum status fake_verify(void *ctx, const char *password, const char *hash)
{
    struct fake_crypto *machine = ctx;
    machine->slow_hashes++;
    const char *colon = strchr(hash, ':');
    if (colon == NULL) {
        return STATUS_CORRUPT;
    }
    return strcmp(colon + 1, password) == 0 ? STATUS_OK : STATUS_INVALID;
}

static bool fake_is_outdated(void *ctx, const char *hash)
{
    const struct fake_crypto *machine = ctx;
    return machine->outdated && strncmp(hash, "fake", 4) == 0;
}

static int first_start(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .rows.fail_after = NEVER, .machine.next_random = 1 };
    f.store = (struct account_store){
        .find_account = find_account,
        .put_account = put_account,
        .put_session = put_session,
        .list_sessions = list_sessions,
        .delete_session = delete_session,
        .delete_sessions_of = delete_sessions_of,
        .ctx = &f.rows,
    };
    f.crypto = (struct account_crypto){
        .random = fake_random,
        .digest = fake_digest,
        .hash_password = fake_hash,
        .verify_password = fake_verify,
        .is_outdated = fake_is_outdated,
        .ctx = &f.machine,
    };
    *state = &f;
    return accounts_open(&f.accounts, &f.store, &f.crypto, START_MS) == STATUS_OK &&
                   accounts_create_administrator(f.accounts, START_MS, f.password) == STATUS_OK
               ? 0
               : -1;
}

static int stop(void **state)
{
    struct fixture *f = *state;
    accounts_close(f->accounts);
    return 0;
}

static enum status sign_in(struct fixture *f, const char *password, int64_t now_ms,
                           struct session *out)
{
    int64_t wait_ms = 0;
    return accounts_sign_in(f->accounts, "10.0.0.1", "admin", password, now_ms, out, &wait_ms);
}

static enum status find(struct fixture *f, const char *id, int64_t now_ms)
{
    struct session found;
    return accounts_find_session(f->accounts, id, strlen(id), now_ms, &found);
}

static void shows_the_first_password_once(void **state)
{
    struct fixture *f = *state;
    char again[ACCOUNTS_PASSWORD_SIZE] = "x";
    assert_int_equal(strlen(f->password), 23);
    assert_int_equal(accounts_create_administrator(f->accounts, START_MS, again), STATUS_BUSY);
    assert_string_equal(again, "");
}

static void keeps_neither_session_ids_nor_csrf_tokens(void **state)
{
    struct fixture *f = *state;
    struct session session;
    assert_int_equal(sign_in(f, f->password, START_MS, &session), STATUS_OK);
    assert_int_equal(f->rows.session_count, 1);
    const char *row = (const char *)&f->rows.sessions[0];
    for (size_t i = 0; i + 16 < sizeof f->rows.sessions[0]; i++) {
        assert_memory_not_equal(row + i, session.id, 16);
        assert_memory_not_equal(row + i, session.csrf_token, 16);
    }
    assert_string_not_equal(session.id, session.csrf_token);
}

static void tells_neither_by_answer_nor_by_work_whether_a_name_exists(void **state)
{
    struct fixture *f = *state;
    struct session session;
    int64_t wait_ms = 0;
    assert_int_equal(sign_in(f, "wrong", START_MS, &session), STATUS_INVALID);
    const unsigned before = f->machine.slow_hashes;
    assert_int_equal(sign_in(f, "wrong", START_MS, &session), STATUS_INVALID);
    const unsigned known = f->machine.slow_hashes - before;
    assert_int_equal(
        accounts_sign_in(f->accounts, "10.0.0.1", "nobody", "wrong", START_MS, &session, &wait_ms),
        STATUS_INVALID);
    assert_int_equal(f->machine.slow_hashes - before - known, known);
}

static void refuses_empty_prefix_and_longer_passwords(void **state)
{
    struct fixture *f = *state;
    struct session session;
    char other[64];
    assert_int_equal(sign_in(f, "", START_MS, &session), STATUS_INVALID);
    (void)snprintf(other, sizeof other, "%.10s", f->password);
    assert_int_equal(sign_in(f, other, START_MS, &session), STATUS_INVALID);
    (void)snprintf(other, sizeof other, "%sx", f->password);
    assert_int_equal(sign_in(f, other, START_MS, &session), STATUS_INVALID);
}

static void ends_a_session_after_half_an_hour_of_silence(void **state)
{
    struct fixture *f = *state;
    struct session session;
    assert_int_equal(sign_in(f, f->password, START_MS, &session), STATUS_OK);
    const int64_t used_ms = START_MS + ACCOUNTS_IDLE_MS - 1;
    assert_int_equal(find(f, session.id, used_ms), STATUS_OK);
    assert_int_equal(find(f, session.id, used_ms + ACCOUNTS_IDLE_MS - 1), STATUS_OK);
    assert_int_equal(find(f, session.id, used_ms + 2 * ACCOUNTS_IDLE_MS), STATUS_MISSING);
}

static void ends_a_session_after_twelve_hours_of_use(void **state)
{
    struct fixture *f = *state;
    struct session session;
    assert_int_equal(sign_in(f, f->password, START_MS, &session), STATUS_OK);
    int64_t now_ms = START_MS;
    while (find(f, session.id, now_ms) == STATUS_OK) {
        now_ms += 60000;
    }
    assert_int_equal(now_ms - START_MS, ACCOUNTS_ABSOLUTE_MS);
}

static void a_signed_out_session_is_dead_here_and_in_the_store(void **state)
{
    struct fixture *f = *state;
    struct session session;
    assert_int_equal(sign_in(f, f->password, START_MS, &session), STATUS_OK);
    assert_int_equal(accounts_sign_out(f->accounts, session.id, strlen(session.id)), STATUS_OK);
    assert_int_equal(find(f, session.id, START_MS), STATUS_MISSING);
    assert_int_equal(accounts_tick(f->accounts, START_MS + 120000), STATUS_OK);
    assert_int_equal(f->rows.session_count, 0);
}

static void sessions_survive_a_restart(void **state)
{
    struct fixture *f = *state;
    struct session session;
    assert_int_equal(sign_in(f, f->password, START_MS, &session), STATUS_OK);
    assert_int_equal(find(f, session.id, START_MS + 60000), STATUS_OK);
    accounts_close(f->accounts);
    assert_int_equal(accounts_open(&f->accounts, &f->store, &f->crypto, START_MS + 61000),
                     STATUS_OK);
    assert_int_equal(find(f, session.id, START_MS + 60000 + ACCOUNTS_IDLE_MS - 1), STATUS_OK);
}

static void a_new_password_ends_every_session(void **state)
{
    struct fixture *f = *state;
    struct session session;
    char fresh[ACCOUNTS_PASSWORD_SIZE];
    assert_int_equal(sign_in(f, f->password, START_MS, &session), STATUS_OK);
    assert_int_equal(accounts_reset_administrator(f->accounts, START_MS, fresh), STATUS_OK);
    assert_int_equal(find(f, session.id, START_MS), STATUS_MISSING);
    assert_int_equal(f->rows.session_count, 0);
    assert_int_equal(sign_in(f, f->password, START_MS, &session), STATUS_INVALID);
    assert_int_equal(sign_in(f, fresh, START_MS, &session), STATUS_OK);
}

static void one_session_too_many_closes_the_longest_unused(void **state)
{
    struct fixture *f = *state;
    static struct session sessions[ACCOUNTS_SESSION_LIMIT + 1];
    for (size_t i = 0; i <= ACCOUNTS_SESSION_LIMIT; i++) {
        const int64_t now_ms = START_MS + (int64_t)i * 6000;
        assert_int_equal(sign_in(f, f->password, now_ms, &sessions[i]), STATUS_OK);
        assert_int_equal(find(f, sessions[0].id, now_ms), STATUS_OK);
    }
    const int64_t last_ms = START_MS + (int64_t)ACCOUNTS_SESSION_LIMIT * 6000;
    assert_int_equal(find(f, sessions[1].id, last_ms), STATUS_MISSING);
    assert_int_equal(find(f, sessions[2].id, last_ms), STATUS_OK);
    assert_int_equal(f->rows.session_count, ACCOUNTS_SESSION_LIMIT);
}

static void rehashes_an_outdated_password_at_sign_in(void **state)
{
    struct fixture *f = *state;
    struct session session;
    f->machine.outdated = true;
    assert_int_equal(sign_in(f, f->password, START_MS, &session), STATUS_OK);
    assert_memory_equal(f->rows.accounts[0].password_hash, "new:", 4);
    assert_int_equal(sign_in(f, f->password, START_MS, &session), STATUS_OK);
}

static void matches_csrf_tokens_whole_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    struct session session;
    assert_int_equal(sign_in(f, f->password, START_MS, &session), STATUS_OK);
    const char *token = session.csrf_token;
    assert_true(accounts_csrf_matches(&session, token, 64));
    assert_false(accounts_csrf_matches(&session, token, 63));
    assert_false(accounts_csrf_matches(&session, token, 65));
    assert_false(accounts_csrf_matches(&session, "", 0));
    assert_false(accounts_csrf_matches(&session, session.id, 64));
}

static void a_failing_store_signs_nobody_in(void **state)
{
    struct fixture *f = *state;
    struct session session;
    for (int step = 1; step <= 3; step++) {
        f->rows.fail_after = step;
        const enum status status = sign_in(f, f->password, START_MS, &session);
        if (f->rows.fail_after != 0) {
            return; // Every call of a sign-in has failed once.
        }
        assert_int_equal(status, STATUS_IO);
        f->rows.fail_after = NEVER;
    }
}

static void grants_nothing_to_strangers_but_what_is_public(void **state)
{
    (void)state;
    const struct identity admin = { .username = "admin", .role = ACCOUNT_ROLE_ADMIN };
    const struct identity unknown = { .username = "x", .role = (enum account_role)7 };
    for (enum permission p = PERMISSION_PUBLIC; p <= PERMISSION_SYSTEM_READ; p++) {
        assert_int_equal(account_may(NULL, p), p == PERMISSION_PUBLIC || p == PERMISSION_ENROLMENT);
        assert_int_equal(account_may(&unknown, p),
                         p == PERMISSION_PUBLIC || p == PERMISSION_ENROLMENT);
        assert_true(account_may(&admin, p));
    }
}

int main(void)
{
#define PROMISE(name) cmocka_unit_test_setup_teardown(name, first_start, stop)
    const struct CMUnitTest tests[] = {
        PROMISE(shows_the_first_password_once),
        PROMISE(keeps_neither_session_ids_nor_csrf_tokens),
        PROMISE(tells_neither_by_answer_nor_by_work_whether_a_name_exists),
        PROMISE(refuses_empty_prefix_and_longer_passwords),
        PROMISE(ends_a_session_after_half_an_hour_of_silence),
        PROMISE(ends_a_session_after_twelve_hours_of_use),
        PROMISE(a_signed_out_session_is_dead_here_and_in_the_store),
        PROMISE(sessions_survive_a_restart),
        PROMISE(a_new_password_ends_every_session),
        PROMISE(one_session_too_many_closes_the_longest_unused),
        PROMISE(rehashes_an_outdated_password_at_sign_in),
        PROMISE(matches_csrf_tokens_whole_or_not_at_all),
        PROMISE(a_failing_store_signs_nobody_in),
        PROMISE(grants_nothing_to_strangers_but_what_is_public),
    };
    return cmocka_run_group_tests_name("accounts", tests, NULL, NULL);
}
