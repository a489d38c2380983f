// SPDX-License-Identifier: MIT

/// The life of a certificate after its first day: confirmed, renewed, over, withdrawn.

#include <string.h>

#include <openssl/evp.h>

#include "authority.h"
#include "identity_test_bed.h"

static void renews_and_keeps_the_old_until_the_new_is_confirmed(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct identity_peer newer;
    struct device device = enrol_device("meter-1", &peer);
    struct device next = make_device("meter-1");
    struct device wrong = make_device("meter-2");
    struct certificate_record record;
    struct certificate_record again;
    assert_int_equal(renew(&peer, &wrong, &record), IDENTITY_BAD_REQUEST_NAME);
    assert_int_equal(renew(&peer, &next, &record), IDENTITY_DONE);
    assert_int_equal(renew(&peer, &next, &again), IDENTITY_DONE);
    assert_memory_equal(record.certificate.fingerprint, again.certificate.fingerprint, 32);
    assert_int_equal(look(&peer.record, &newer), IDENTITY_DONE);
    assert_int_equal(look(&record, &newer), IDENTITY_DONE);
    assert_int_equal(identities_confirm(bed.identities, &newer, "a"), IDENTITY_DONE);
    assert_int_equal(identities_confirm(bed.identities, &newer, "a"), IDENTITY_DONE);
    assert_int_equal(look(&peer.record, &newer), IDENTITY_SUPERSEDED_PEER);
    assert_int_equal(renew(&peer, &next, &again), IDENTITY_REVOKED_PEER);
    assert_int_equal(identities_find(bed.identities, "meter-1", &again), IDENTITY_DONE);
    assert_int_equal(again.state, CERTIFICATE_ACTIVE);
    assert_memory_equal(record.certificate.fingerprint, again.certificate.fingerprint, 32);
    drop_device(&device);
    drop_device(&next);
    drop_device(&wrong);
}

static void renewing_with_a_pending_certificate_confirms_it(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct device next = make_device("meter-1");
    struct certificate_record record;
    struct certificate_record newer;
    struct identity_peer peer;
    char token[IDENTITY_TOKEN_SIZE];
    make_token("meter-1", false, token);
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_DONE);
    assert_int_equal(look(&record, &peer), IDENTITY_DONE);
    assert_int_equal(renew(&peer, &next, &newer), IDENTITY_DONE);
    assert_int_equal(look(&record, &peer), IDENTITY_DONE);
    assert_int_equal(peer.record.state, CERTIFICATE_ACTIVE);
    assert_int_equal(look(&newer, &peer), IDENTITY_DONE);
    assert_int_equal(peer.record.state, CERTIFICATE_PENDING);
    drop_device(&device);
    drop_device(&next);
}

static void three_lives_pass_by_renewal(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct device device = enrol_device("meter-1", &peer);
    for (unsigned life = 0; life < 3; life++) {
        struct certificate_record record;
        struct device next = make_device("meter-1");
        bed.now_ms = identities_renew_after_s(&peer.record.certificate) * 1000;
        assert_int_equal(look(&peer.record, &peer), IDENTITY_DONE);
        assert_int_equal(renew(&peer, &next, &record), IDENTITY_DONE);
        assert_int_equal(look(&record, &peer), IDENTITY_DONE);
        assert_int_equal(identities_confirm(bed.identities, &peer, "a"), IDENTITY_DONE);
        drop_device(&device);
        device = next;
    }
    assert_true(bed.now_ms > INT64_C(1000) * (NOW_S + 2 * LIFE_S - 3 * DAY_S));
    drop_device(&device);
}

static void what_is_over_for_longer_is_refused(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct device device = enrol_device("meter-1", &peer);
    bed.now_ms += INT64_C(1000) * (LIFE_S + GRACE_S);
    assert_int_equal(look(&peer.record, &peer), IDENTITY_DONE);
    bed.now_ms += 1000;
    assert_int_equal(look(&peer.record, &peer), IDENTITY_EXPIRED_PEER);
    assert_false(peer.grace);
    drop_device(&device);
}

static void a_certificate_that_is_used_at_the_broker_is_confirmed(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct device next = make_device("meter-1");
    struct certificate_record record;
    struct certificate_record newer;
    struct identity_peer peer;
    char token[IDENTITY_TOKEN_SIZE];
    const uint8_t unknown[CRYPTO_SHA256_SIZE] = { 1 };
    make_token("meter-1", false, token);
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_DONE);
    assert_int_equal(identities_heard(bed.identities, record.certificate.fingerprint),
                     IDENTITY_DONE);
    assert_last_audit(AUDIT_CONFIRMED, "seen at the broker");
    assert_int_equal(look(&record, &peer), IDENTITY_DONE);
    assert_int_equal(peer.record.state, CERTIFICATE_ACTIVE);
    assert_int_equal(renew(&peer, &next, &newer), IDENTITY_DONE);
    // The old one, used again, changes nothing; the new one takes its place.
    assert_int_equal(identities_heard(bed.identities, record.certificate.fingerprint),
                     IDENTITY_DONE);
    assert_int_equal(look(&record, &peer), IDENTITY_DONE);
    assert_int_equal(identities_heard(bed.identities, newer.certificate.fingerprint),
                     IDENTITY_DONE);
    assert_int_equal(look(&record, &peer), IDENTITY_SUPERSEDED_PEER);
    assert_int_equal(identities_heard(bed.identities, unknown), IDENTITY_UNKNOWN);
    drop_device(&device);
    drop_device(&next);
}

static void what_was_signed_elsewhere_is_a_stranger(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct certificate made;
    struct identity_peer peer;
    const struct certificate_authority *authority = authority_table(bed.authority);
    struct certificate_order order = { .device_id = "meter-1", .now_s = NOW_S, .life_s = DAY_S };
    size_t size = 0;
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(device.key, "pub", order.key, sizeof order.key, &size), 1);
    assert_int_equal(authority->issue(authority->ctx, &order, &made), STATUS_OK);
    assert_int_equal(identities_recognise(bed.identities, made.der, made.size, &peer),
                     IDENTITY_NO_CERTIFICATE);
    assert_int_equal(identities_recognise(bed.identities, "x", 1, &peer), IDENTITY_NO_CERTIFICATE);
    drop_device(&device);
}

static void revoking_ends_everything_of_a_device_at_once(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct identity_peer now;
    struct certificate_record record;
    struct device device = enrol_device("meter-1", &peer);
    struct device next = make_device("meter-1");
    char token[IDENTITY_TOKEN_SIZE];
    unsigned count = 0;
    make_token("meter-1", true, token);
    assert_int_equal(renew(&peer, &next, &record), IDENTITY_DONE);
    const unsigned before = bed.published;
    assert_int_equal(identities_revoke(bed.identities, "meter-1", "admin", "a", "stolen", &count),
                     IDENTITY_DONE);
    assert_int_equal(count, 2);
    assert_int_equal(bed.published, before + 1);
    assert_last_audit(AUDIT_REVOKED, "stolen");
    assert_int_equal(look(&peer.record, &now), IDENTITY_REVOKED_PEER);
    assert_int_equal(look(&record, &now), IDENTITY_REVOKED_PEER);
    assert_int_equal(renew(&peer, &next, &record), IDENTITY_REVOKED_PEER);
    assert_int_equal(enrol("meter-1", &next, token, &record), IDENTITY_TOKEN_UNKNOWN);
    // Neither key comes back, not even with a new token.
    make_token("meter-1", false, token);
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_KEY_IN_USE);
    assert_int_equal(identities_revoke(bed.identities, "nobody", "admin", "a", "", &count),
                     IDENTITY_UNKNOWN);
    drop_device(&device);
    drop_device(&next);
}

static void a_token_of_a_device_that_never_came_is_withdrawn_too(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct certificate_record record;
    char token[IDENTITY_TOKEN_SIZE];
    unsigned count = 1;
    make_token("meter-1", false, token);
    assert_int_equal(identities_revoke(bed.identities, "meter-2", "admin", "a", "", &count),
                     IDENTITY_UNKNOWN);
    assert_int_equal(identities_revoke(bed.identities, "meter-1", "admin", "a", "lost", &count),
                     IDENTITY_DONE);
    assert_int_equal(count, 0);
    assert_last_audit(AUDIT_REVOKED, "lost");
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_TOKEN_UNKNOWN);
    assert_int_equal(identities_revoke(bed.identities, "meter-1", "admin", "a", "", &count),
                     IDENTITY_UNKNOWN);
    drop_device(&device);
}

static void an_answer_waits_for_the_broker_to_know(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct certificate_record record;
    char token[IDENTITY_TOKEN_SIZE];
    make_token("meter-1", false, token);
    bed.herald_fails = true;
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_UNAVAILABLE);
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_UNAVAILABLE);
    bed.herald_fails = false;
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_DONE);
    const unsigned before = bed.published;
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_DONE);
    assert_int_equal(bed.published, before);
    drop_device(&device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(renews_and_keeps_the_old_until_the_new_is_confirmed),
        BED_TEST(renewing_with_a_pending_certificate_confirms_it),
        BED_TEST(three_lives_pass_by_renewal),
        BED_TEST(what_is_over_for_longer_is_refused),
        BED_TEST(a_certificate_that_is_used_at_the_broker_is_confirmed),
        BED_TEST(what_was_signed_elsewhere_is_a_stranger),
        BED_TEST(revoking_ends_everything_of_a_device_at_once),
        BED_TEST(a_token_of_a_device_that_never_came_is_withdrawn_too),
        BED_TEST(an_answer_waits_for_the_broker_to_know),
    };
    return cmocka_run_group_tests_name("identity_renewal", tests, open_authority, close_authority);
}
