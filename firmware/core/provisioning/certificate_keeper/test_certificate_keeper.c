// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certificate_keeper.h"
#include "fleet_fake.h"

enum {
    HOUR_S = 3600,
    STEP_MS = 100,
    STEPS_AN_HOUR = 8, ///< Enough for a renewal and its confirmation.
    RENEWALS = 3,
    LONG_S = 400 * FLEET_FAKE_DAY_S
};

static struct fleet_fake fake;
static struct provisioning_facts facts;
static struct certificate_keeper keeper;
static uint64_t now_ms;
static enum enrolment_protocol protocol;
static bool is_silent; ///< The device reports nothing on itself.

static void restart(void)
{
    assert_int_equal(provisioning_facts_load(&facts, &fake.key_value), STATUS_OK);
    const struct certificate_keeper_parts parts = {
        .facts = &facts,
        .keystore = &fake.keystore,
        .http = &fake.http,
        .csr = &fake.csr,
        .clock = &fake.clock,
        .entropy = &fake.entropy,
        .crypto = &fake.crypto,
        .attester = is_silent ? NULL : &fake.attester,
        .protocol = protocol,
    };
    certificate_keeper_init(&keeper, &parts);
    now_ms = 0;
}

static void give(const char *token)
{
    struct provisioning_submission given = { .wifi = { .ssid = "x", .ssid_size = 1 },
                                             .device_id = "meter-1" };
    memcpy(given.token, token, strlen(token));
    assert_int_equal(provisioning_facts_submit(&facts, &given), STATUS_OK);
    assert_int_equal(provisioning_facts_prove(&facts), STATUS_OK);
}

static int start(void **state)
{
    (void)state;
    fleet_fake_init(&fake, "token-1");
    protocol = ENROLMENT_V2;
    is_silent = false;
    restart();
    give("token-1");
    return 0;
}

static enum certificate_keeper_news step(bool wanted)
{
    now_ms += STEP_MS;
    return certificate_keeper_step(&keeper, wanted, "meter-1", now_ms);
}

/// Steps until there is news.
static enum certificate_keeper_news wait_for_news(bool wanted)
{
    enum certificate_keeper_news news = CERTIFICATE_KEEPER_QUIET;
    for (unsigned i = 0; i < 1000 && news == CERTIFICATE_KEEPER_QUIET; i++) {
        news = step(wanted);
    }
    return news;
}

/// Lets hours pass as a device would that is on line: it steps, and asks for a certificate when it
/// has none in force.
static void live(int64_t seconds)
{
    for (int64_t passed = 0; passed < seconds && !fake.is_dead; passed += HOUR_S) {
        fake.utc_s += HOUR_S;
        now_ms += HOUR_S * 1000;
        for (unsigned i = 0; i < STEPS_AN_HOUR && !fake.is_dead; i++) {
            (void)step(!certificate_keeper_is_certified(&keeper));
        }
    }
}

static void enrols_with_the_token_and_forgets_it(void **state)
{
    (void)state;
    for (unsigned nested = 0; nested < 2; nested++) {
        assert_int_equal(start(state), 0);
        fake.is_nested = nested == 1;
        assert_false(certificate_keeper_is_certified(&keeper));
        assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
        assert_string_equal(fake.seen_bearer, "token-1");
        for (unsigned i = 0; i < 2; i++) {
            assert_true(certificate_keeper_is_certified(&keeper));
            assert_true(fleet_fake_is_welcome(&fake, facts.identity.slot));
            assert_string_equal(facts.identity.device_id, "meter-1");
            assert_string_equal(facts.submission.token, "");
            restart();
        }
    }
}

static void proves_its_key_and_reports_on_itself(void **state)
{
    (void)state;
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
    assert_int_equal(fake.proofs, 1);
    assert_int_equal(fake.reports, 1);
    fake.utc_s = facts.identity.validity.renew_s;
    assert_int_equal(wait_for_news(false), CERTIFICATE_KEEPER_RENEWED);
    assert_int_equal(fake.proofs, 1); // The old certificate is what entitles to the next.
    assert_int_equal(fake.reports, 2);
    assert_int_equal(fake.first_calls, 0);
}

static void says_less_only_where_it_is_told_to(void **state)
{
    (void)state;
    protocol = ENROLMENT_FIRST;
    restart();
    fake.mood = FLEET_FAKE_OLD;
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
    assert_int_equal(fake.challenge_count, 0);
    assert_int_equal(fake.first_calls, 1);
}

/// A server that gives no challenge gets no token either.
static void never_falls_back_to_the_first_protocol(void **state)
{
    (void)state;
    fake.mood = FLEET_FAKE_OLD;
    for (unsigned tries = 1; tries <= 3; tries++) {
        assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_FAILED);
        assert_string_equal(certificate_keeper_reason(&keeper), "challenge_refused");
        assert_string_equal(fake.seen_bearer, "");
        assert_string_equal(facts.submission.token, "token-1");
    }
    assert_int_equal(fake.first_calls, 0);
    fake.mood = FLEET_FAKE_WELL;
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
}

static void a_challenge_that_is_over_is_replaced_by_another(void **state)
{
    (void)state;
    assert_int_equal(step(true), CERTIFICATE_KEEPER_QUIET);
    assert_int_equal(fake.challenge_count, 1);
    fake.utc_s += FLEET_FAKE_CHALLENGE_S + 1;
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_FAILED);
    assert_string_equal(certificate_keeper_reason(&keeper), "challenge_refused");
    assert_string_equal(facts.submission.token, "token-1");
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
    assert_int_equal(fake.challenge_count, 2);
    assert_int_equal(fake.keys_made, 1);
}

static void a_key_that_signs_wrongly_gets_no_certificate(void **state)
{
    (void)state;
    fake.wrong_slot = KEYSTORE_IDENTITY_A;
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_DENIED);
    assert_string_equal(certificate_keeper_reason(&keeper), "proof_refused");
    assert_int_equal(fake.certificate_count, 0);
}

static void without_a_report_an_expired_device_stays_out(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(start(state), 0);
        assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
        fake.utc_s = facts.identity.validity.until_s + HOUR_S;
        is_silent = i == 0;
        protocol = i == 1 ? ENROLMENT_FIRST : ENROLMENT_V2;
        fake.wrong_slot = i == 2 ? facts.identity.slot : KEYSTORE_SLOT_COUNT;
        restart();
        assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_FAILED);
        assert_string_equal(certificate_keeper_reason(&keeper), "report_refused");
        assert_int_equal(fake.certificate_count, 1);
        is_silent = false;
        protocol = ENROLMENT_V2;
        fake.wrong_slot = KEYSTORE_SLOT_COUNT;
        restart();
        live(HOUR_S);
        assert_true(certificate_keeper_is_certified(&keeper));
    }
}

static void asks_for_nothing_unless_a_certificate_is_wanted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(step(false), CERTIFICATE_KEEPER_QUIET);
    }
    assert_int_equal(fleet_fake_errands(&fake), 0);
    assert_int_equal(fake.keys_made, 0);
}

static void says_why_a_token_is_refused_and_drops_it(void **state)
{
    (void)state;
    give("token-2");
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_DENIED);
    assert_string_equal(certificate_keeper_reason(&keeper), "token_not_found");
    restart();
    assert_string_equal(facts.submission.token, "");
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_DENIED);
    assert_string_equal(certificate_keeper_reason(&keeper), "token_missing");
    assert_int_equal(fleet_fake_errands(&fake), 1);
}

static void tries_again_while_the_server_cannot_and_with_the_same_key(void **state)
{
    (void)state;
    static const struct {
        enum fleet_fake_mood mood;
        const char *reason;
    } CASES[] = {
        { FLEET_FAKE_SILENT, "server_unreachable" },
        { FLEET_FAKE_BROKEN, "server_unreachable" },
        { FLEET_FAKE_STRANGER, "server_untrusted" },
        { FLEET_FAKE_BUSY, "server_busy" },
        { FLEET_FAKE_WRONG_NAME, "certificate_unusable" },
    };
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        assert_int_equal(start(state), 0);
        fake.mood = CASES[i].mood;
        for (unsigned tries = 1; tries <= 3; tries++) {
            assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_FAILED);
            assert_string_equal(certificate_keeper_reason(&keeper), CASES[i].reason);
            assert_int_equal(fleet_fake_errands(&fake), tries);
        }
        assert_false(certificate_keeper_is_certified(&keeper));
        fake.mood = FLEET_FAKE_WELL;
        assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
        assert_null(certificate_keeper_reason(&keeper));
        assert_int_equal(fake.keys_made, 1);
    }
}

static void waits_longer_after_each_failure_up_to_an_hour(void **state)
{
    (void)state;
    fake.mood = FLEET_FAKE_BROKEN;
    uint64_t last_ms = 0;
    uint64_t longest_ms = 0;
    for (unsigned tries = 0; tries < 30; tries++) {
        while (step(true) != CERTIFICATE_KEEPER_FAILED) {
            assert_true(now_ms - last_ms <= CERTIFICATE_KEEPER_LIMIT_MS + 2 * STEP_MS);
        }
        longest_ms = now_ms - last_ms > longest_ms ? now_ms - last_ms : longest_ms;
        last_ms = now_ms;
    }
    assert_true(longest_ms > CERTIFICATE_KEEPER_LIMIT_MS / 2);
    assert_int_equal(fleet_fake_errands(&fake), 30);
}

static void a_lost_network_ends_the_errand_and_its_return_tries_at_once(void **state)
{
    (void)state;
    fake.mood = FLEET_FAKE_SILENT;
    assert_int_equal(step(true), CERTIFICATE_KEEPER_QUIET);
    assert_true(fake.is_asked);
    certificate_keeper_pause(&keeper);
    assert_false(fake.is_asked);
    fake.mood = FLEET_FAKE_WELL;
    assert_int_equal(step(true), CERTIFICATE_KEEPER_QUIET);
    assert_int_equal(step(true), CERTIFICATE_KEEPER_QUIET);
    // Once more, with the challenge in hand: it is asked for again.
    certificate_keeper_pause(&keeper);
    assert_int_equal(step(true), CERTIFICATE_KEEPER_QUIET);
    assert_int_equal(step(true), CERTIFICATE_KEEPER_QUIET);
    assert_int_equal(step(true), CERTIFICATE_KEEPER_ENROLLED);
    assert_int_equal(fake.challenge_count, 2);
}

static void makes_a_new_key_for_another_name(void **state)
{
    (void)state;
    fake.mood = FLEET_FAKE_WRONG_NAME;
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_FAILED);
    assert_int_equal(fake.keys_made, 1);
    now_ms += CERTIFICATE_KEEPER_LIMIT_MS;
    (void)certificate_keeper_step(&keeper, true, "meter-9", now_ms);
    (void)certificate_keeper_step(&keeper, true, "meter-9", now_ms);
    assert_int_equal(fake.keys_made, 2);
    assert_string_equal(facts.identity.device_id, "meter-9");
}

static void draws_the_renewal_between_six_and_seven_tenths_of_a_life(void **state)
{
    (void)state;
    int64_t least = INT64_MAX;
    int64_t most = 0;
    for (unsigned i = 0; i < 300; i++) {
        assert_int_equal(start(state), 0);
        fake.random = i * 7919u + 1;
        assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
        const int64_t after_s = facts.identity.validity.renew_s - facts.identity.validity.from_s;
        least = after_s < least ? after_s : least;
        most = after_s > most ? after_s : most;
    }
    // Two thirds of 90 days are 60; a tenth of that is 6.
    assert_in_range(least, 54 * FLEET_FAKE_DAY_S, 55 * FLEET_FAKE_DAY_S);
    assert_in_range(most, 65 * FLEET_FAKE_DAY_S, 66 * FLEET_FAKE_DAY_S);
}

static void renews_in_time_with_a_new_key_and_confirms(void **state)
{
    (void)state;
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
    for (unsigned i = 0; i < RENEWALS; i++) {
        const struct provisioning_identity before = facts.identity;
        live(before.validity.renew_s - fake.utc_s - HOUR_S);
        assert_memory_equal(&facts.identity, &before, sizeof before);
        live(2 * HOUR_S);
        assert_int_not_equal(facts.identity.slot, before.slot);
        assert_int_equal(fake.keys_made, i + 2);
        assert_int_equal(fake.certificate_count, i + 2);
        assert_true(fleet_fake_is_welcome(&fake, facts.identity.slot));
        assert_false(fake.slots[before.slot].has_key);
    }
}

static void does_not_renew_while_the_time_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
    fake.time_unknown = true;
    live(100 * FLEET_FAKE_DAY_S);
    assert_int_equal(fleet_fake_errands(&fake), 1);
    assert_true(certificate_keeper_is_certified(&keeper));
}

static void an_expired_device_comes_back_within_the_grace_and_not_after(void **state)
{
    (void)state;
    for (unsigned late = 0; late < 2; late++) {
        assert_int_equal(start(state), 0);
        assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
        fake.utc_s += FLEET_FAKE_LIFE_S + FLEET_FAKE_GRACE_S + (late == 1 ? 1 : -3 * HOUR_S);
        restart();
        assert_false(certificate_keeper_is_certified(&keeper));
        live(2 * HOUR_S);
        assert_int_equal(certificate_keeper_is_certified(&keeper), late == 0);
        assert_int_equal(fleet_fake_is_welcome(&fake, facts.identity.slot), late == 0);
        if (late == 1) {
            assert_string_equal(certificate_keeper_reason(&keeper), "certificate_expired");
            fake.token_used = false;
            give("token-1"); // A person helps.
            now_ms += CERTIFICATE_KEEPER_LIMIT_MS;
            assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
            assert_true(fleet_fake_is_welcome(&fake, facts.identity.slot));
        }
    }
}

static void a_new_certificate_that_the_server_forgot_is_asked_for_again(void **state)
{
    (void)state;
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
    fake.utc_s = facts.identity.validity.renew_s;
    while (facts.identity.next != PROVISIONING_NEXT_CERTIFIED) {
        (void)step(false);
    }
    fake.certificate_count--;
    assert_int_equal(wait_for_news(false), CERTIFICATE_KEEPER_FAILED);
    assert_int_equal(facts.identity.next, PROVISIONING_NEXT_KEY);
    assert_int_equal(wait_for_news(false), CERTIFICATE_KEEPER_RENEWED);
    assert_true(fleet_fake_is_welcome(&fake, facts.identity.slot));
    assert_int_equal(fake.keys_made, 2);
}

static void a_key_that_the_server_refuses_is_replaced(void **state)
{
    (void)state;
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
    fake.utc_s = facts.identity.validity.renew_s;
    fake.refused_key = 2;
    assert_int_equal(wait_for_news(false), CERTIFICATE_KEEPER_FAILED);
    assert_string_equal(certificate_keeper_reason(&keeper), "key_refused");
    assert_int_equal(wait_for_news(false), CERTIFICATE_KEEPER_RENEWED);
    assert_int_equal(fake.keys_made, 3);

    assert_int_equal(start(state), 0);
    fake.refused_key = 1;
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_DENIED);
    fake.token_used = false;
    give("token-1");
    assert_int_equal(wait_for_news(true), CERTIFICATE_KEEPER_ENROLLED);
    assert_int_equal(fake.keys_made, 2);
}

/// The old certificate works, or the new one is about to be confirmed; never neither.
static void assert_is_never_locked_out(void)
{
    const struct provisioning_identity *identity = &facts.identity;
    if (!identity->is_certified) {
        return;
    }
    const bool is_confirming =
        identity->next == PROVISIONING_NEXT_CERTIFIED &&
        fleet_fake_is_welcome(&fake, provisioning_identity_next_slot(identity));
    assert_true(fleet_fake_is_welcome(&fake, identity->slot) || is_confirming);
}

/// From the factory through three renewals, with the plug pulled once at each thing that lasts.
static void survives_a_power_cut_at_every_step_of_three_renewals(void **state)
{
    (void)state;
    unsigned cuts = 0;

    for (unsigned after = 0; after < 2; after++) {
        bool was_cut = true;
        for (unsigned steps = 0; was_cut; steps++) {
            assert_int_equal(start(state), 0);
            fleet_fake_cut_after(&fake, steps, after == 1);
            live(LONG_S / 2);
            was_cut = fake.is_dead;
            cuts += was_cut ? 1 : 0;
            fleet_fake_power_up(&fake);
            restart();
            assert_is_never_locked_out();
            assert_false(facts.identity.is_certified && facts.identity.device_id[0] == '\0');
            live(LONG_S / 2);
            assert_is_never_locked_out();
            assert_true(certificate_keeper_is_certified(&keeper));
            // One key for the enrolment and one for each renewal; the cut may cost one more.
            assert_in_range(fake.certificate_count, 1 + RENEWALS, 8);
            assert_in_range(fake.keys_made, fake.certificate_count, fake.certificate_count + 1);
        }
    }
    assert_true(cuts > 2 * (4 + RENEWALS * 7));
    print_message("%u power cuts\n", cuts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(enrols_with_the_token_and_forgets_it, start),
        cmocka_unit_test_setup(proves_its_key_and_reports_on_itself, start),
        cmocka_unit_test_setup(says_less_only_where_it_is_told_to, start),
        cmocka_unit_test_setup(never_falls_back_to_the_first_protocol, start),
        cmocka_unit_test_setup(a_challenge_that_is_over_is_replaced_by_another, start),
        cmocka_unit_test_setup(a_key_that_signs_wrongly_gets_no_certificate, start),
        cmocka_unit_test_setup(without_a_report_an_expired_device_stays_out, start),
        cmocka_unit_test_setup(asks_for_nothing_unless_a_certificate_is_wanted, start),
        cmocka_unit_test_setup(says_why_a_token_is_refused_and_drops_it, start),
        cmocka_unit_test_setup(tries_again_while_the_server_cannot_and_with_the_same_key, start),
        cmocka_unit_test_setup(waits_longer_after_each_failure_up_to_an_hour, start),
        cmocka_unit_test_setup(a_lost_network_ends_the_errand_and_its_return_tries_at_once, start),
        cmocka_unit_test_setup(makes_a_new_key_for_another_name, start),
        cmocka_unit_test_setup(draws_the_renewal_between_six_and_seven_tenths_of_a_life, start),
        cmocka_unit_test_setup(renews_in_time_with_a_new_key_and_confirms, start),
        cmocka_unit_test_setup(does_not_renew_while_the_time_is_unknown, start),
        cmocka_unit_test_setup(an_expired_device_comes_back_within_the_grace_and_not_after, start),
        cmocka_unit_test_setup(a_new_certificate_that_the_server_forgot_is_asked_for_again, start),
        cmocka_unit_test_setup(a_key_that_the_server_refuses_is_replaced, start),
        cmocka_unit_test_setup(survives_a_power_cut_at_every_step_of_three_renewals, start),
    };
    return cmocka_run_group_tests_name("certificate_keeper", tests, NULL, NULL);
}
