// SPDX-License-Identifier: MIT

/// Cuts the power at every write of an enrolment, a confirmation and a revocation: what was
/// answered is there afterwards, and what was not is there as a whole or not at all.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "identity_store_sqlite.h"
#include "identity_store_suite.h"
#include "power_cut_vfs.h"

enum { STEPS = 4 };

static char folder[64] = "/tmp/identity_power_XXXXXX";
static char path[96];

static void remove_files(void)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        char file[128];
        (void)snprintf(file, sizeof file, "%s%s", path, endings[i]);
        (void)unlink(file);
    }
}

/// Token, enrolment with the first certificate, renewal, confirmation of the second.
static enum status take_step(struct identity_store *store, unsigned step)
{
    const struct token_record token = identity_suite_token(1, "meter-1");
    const struct certificate_record first = identity_suite_certificate(1, "meter-1");
    const struct certificate_record second = identity_suite_certificate(2, "meter-1");
    const struct audit_record audit = identity_suite_audit("meter-1", "step");
    struct certificate_move moves[2] = { { .state = CERTIFICATE_SUPERSEDED },
                                         { .state = CERTIFICATE_ACTIVE } };
    memcpy(moves[0].fingerprint, first.certificate.fingerprint, sizeof moves[0].fingerprint);
    memcpy(moves[1].fingerprint, second.certificate.fingerprint, sizeof moves[1].fingerprint);
    const struct identity_change changes[STEPS] = {
        { .audit = &audit },
        { .added = &first, .token_digest = token.digest, .audit = &audit },
        { .added = &second, .audit = &audit },
        { .moves = moves, .move_count = 2, .audit = &audit },
    };
    return step == 0 ? store->put_token(store->ctx, &token, &audit)
                     : store->commit(store->ctx, &changes[step]);
}

/// Takes steps until the power is cut. @return how many were answered.
static unsigned live(void)
{
    struct identity_store store;
    unsigned step = 0;
    if (identity_store_sqlite_open(path, POWER_CUT_VFS_NAME, &store) != STATUS_OK) {
        return 0;
    }
    while (step < STEPS && take_step(&store, step) == STATUS_OK) {
        step++;
    }
    store.close(store.ctx);
    return step;
}

static void count_audit(void *ctx, const struct audit_record *record)
{
    (void)record;
    (*(unsigned *)ctx)++;
}

/// How many steps the file has seen: the audit has one record for each, and the rest must agree.
static unsigned steps_seen(void)
{
    struct identity_store store;
    struct token_record token;
    struct certificate_record found;
    unsigned seen = 0;
    const struct token_record made = identity_suite_token(1, "meter-1");
    const struct certificate_record first = identity_suite_certificate(1, "meter-1");
    const struct certificate_record second = identity_suite_certificate(2, "meter-1");
    assert_int_equal(identity_store_sqlite_open(path, POWER_CUT_VFS_NAME, &store), STATUS_OK);
    assert_int_equal(store.list_audit(store.ctx, 100, count_audit, &seen), STATUS_OK);
    assert_int_equal(store.find_token(store.ctx, made.digest, &token),
                     seen > 0 ? STATUS_OK : STATUS_MISSING);
    assert_int_equal(seen > 0 && token.used, seen > 1);
    assert_int_equal(store.find_certificate(store.ctx, first.certificate.fingerprint, &found),
                     seen > 1 ? STATUS_OK : STATUS_MISSING);
    assert_true(seen < 2 ||
                found.state == (seen > 3 ? CERTIFICATE_SUPERSEDED : CERTIFICATE_PENDING));
    assert_int_equal(store.find_certificate(store.ctx, second.certificate.fingerprint, &found),
                     seen > 2 ? STATUS_OK : STATUS_MISSING);
    assert_true(seen < 3 || found.state == (seen > 3 ? CERTIFICATE_ACTIVE : CERTIFICATE_PENDING));
    store.close(store.ctx);
    return seen;
}

static void keeps_what_was_answered_at_any_cut(void **state)
{
    unsigned cuts = 0;
    (void)state;
    remove_files();
    const uint64_t before = power_cut_vfs_writes();
    assert_int_equal(live(), STEPS);
    const uint64_t writes = power_cut_vfs_writes() - before;
    assert_true(writes > 2 * STEPS);
    for (uint64_t n = 0; n < writes; n++) {
        power_cut_vfs_restore();
        remove_files();
        power_cut_vfs_cut_after(n, (uint32_t)(n % 4)); // A seed of 0 loses everything.
        const unsigned answered = live();
        power_cut_vfs_cut((uint32_t)(n % 4));
        power_cut_vfs_restore();
        const unsigned seen = steps_seen();
        assert_true(seen == answered || seen == answered + 1);
        cuts++;
    }
    print_message("%u cuts\n", cuts);
    remove_files();
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(keeps_what_was_answered_at_any_cut) };
    if (mkdtemp(folder) == NULL || power_cut_vfs_register() != STATUS_OK) {
        return 1;
    }
    (void)snprintf(path, sizeof path, "%s/identity.db", folder);
    const int failed = cmocka_run_group_tests_name("identity_power_cut", tests, NULL, NULL);
    (void)rmdir(folder);
    return failed;
}
