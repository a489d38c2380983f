// SPDX-License-Identifier: MIT

/// What is written down although nobody asked for anything.

#include <string.h>

#include "identity_test_bed.h"

static void count_kind(void *ctx, const struct audit_record *record)
{
    unsigned *counts = ctx;
    counts[record->kind]++;
}

static unsigned records_of(enum audit_kind kind)
{
    unsigned counts[AUDIT_RENEWAL_OVERDUE + 1] = { 0 };
    assert_int_equal(bed.store.list_audit(bed.store.ctx, 1000, count_kind, counts), STATUS_OK);
    return counts[kind];
}

static void tick_at_s(int64_t second)
{
    bed.now_ms = INT64_C(1000) * second;
    assert_int_equal(identities_tick(bed.identities), STATUS_OK);
}

static void warns_once_of_a_certificate_that_nobody_renews(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct device device = enrol_device("meter-1", &peer);
    const struct certificate *certificate = &peer.record.certificate;
    const int64_t since_s =
        certificate->not_after_s - (certificate->not_after_s - certificate->not_before_s) / 6;
    tick_at_s(identities_renew_after_s(certificate) + DAY_S);
    tick_at_s(since_s - 1);
    assert_false(identities_is_overdue(bed.identities, &peer.record));
    assert_int_equal(records_of(AUDIT_RENEWAL_OVERDUE), 0);
    tick_at_s(since_s);
    assert_true(identities_is_overdue(bed.identities, &peer.record));
    assert_last_audit(AUDIT_RENEWAL_OVERDUE, "ends in 15 days");
    tick_at_s(since_s + 60);
    tick_at_s(since_s + DAY_S);
    assert_int_equal(records_of(AUDIT_RENEWAL_OVERDUE), 1);
    tick_at_s(certificate->not_after_s + 1);
    assert_last_audit(AUDIT_EXPIRED, "");
    assert_false(identities_is_overdue(bed.identities, &peer.record));
    drop_device(&device);
}

static void warns_again_in_the_next_life(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct identity_peer newer;
    struct certificate_record record;
    struct device device = enrol_device("meter-1", &peer);
    struct device next = make_device("meter-1");
    tick_at_s(peer.record.certificate.not_after_s - DAY_S);
    assert_int_equal(records_of(AUDIT_RENEWAL_OVERDUE), 1);
    assert_int_equal(renew(&peer, &next, &record), IDENTITY_DONE);
    // The old one is over soon, but it has a successor.
    tick_at_s(peer.record.certificate.not_after_s - 60);
    assert_int_equal(records_of(AUDIT_RENEWAL_OVERDUE), 1);
    assert_int_equal(look(&record, &newer), IDENTITY_DONE);
    assert_int_equal(identities_confirm(bed.identities, &newer, "a"), IDENTITY_DONE);
    tick_at_s(record.certificate.not_after_s - DAY_S);
    assert_int_equal(records_of(AUDIT_RENEWAL_OVERDUE), 2);
    drop_device(&device);
    drop_device(&next);
}

static void does_not_warn_of_what_is_withdrawn(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct device device = enrol_device("meter-1", &peer);
    unsigned count = 0;
    assert_int_equal(identities_revoke(bed.identities, "meter-1", "admin", "a", "", &count),
                     IDENTITY_DONE);
    tick_at_s(peer.record.certificate.not_after_s - DAY_S);
    assert_int_equal(records_of(AUDIT_RENEWAL_OVERDUE), 0);
    drop_device(&device);
}

static void an_opened_case_is_written_down_once_however_often_it_is_said(void **state)
{
    (void)state;
    const struct identity_parts parts = make_parts();
    identities_case_opened(bed.identities, "meter-1", 1);
    identities_case_opened(bed.identities, "meter-1", 1);
    assert_last_audit(AUDIT_CASE_OPENED, "openings so far: 1");
    identities_close(bed.identities);
    assert_int_equal(identities_open(&parts, &bed.identities), STATUS_OK);
    identities_case_opened(bed.identities, "meter-1", 1);
    assert_int_equal(records_of(AUDIT_CASE_OPENED), 1);
    identities_case_opened(bed.identities, "meter-2", 1);
    identities_case_opened(bed.identities, "meter-1", 2);
    assert_int_equal(records_of(AUDIT_CASE_OPENED), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(warns_once_of_a_certificate_that_nobody_renews),
        BED_TEST(warns_again_in_the_next_life),
        BED_TEST(does_not_warn_of_what_is_withdrawn),
        BED_TEST(an_opened_case_is_written_down_once_however_often_it_is_said),
    };
    return cmocka_run_group_tests_name("identity_notices", tests, open_authority, close_authority);
}
