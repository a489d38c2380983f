// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_fake.h"
#include "provisioner.h"

enum { STEP_MS = 100, JOIN_MS = 3000, MINUTE_MS = 60000, EVENT_LIMIT = 8 };

/// A radio with one network, "home" with the password "password1".
struct fake_radio {
    bool is_there;
    bool never_answers;
    enum wifi_reason failure; ///< Of an attempt with the right password, or WIFI_REASON_NONE.
    bool hotspot;
    unsigned hotspot_opened;
    bool is_trying;
    bool is_up;
    struct wifi_credentials tried;
    uint64_t answer_ms;
    struct wifi_event events[EVENT_LIMIT];
    unsigned event_count;
    unsigned attempts;
};

static struct fleet_fake fake;
static struct fake_radio radio;
static struct provisioner provisioner;
static struct portal_host host;
static uint64_t now_ms;
static const char *device_name;
static char last_trouble[64];

static void happen(enum wifi_event_kind kind, enum wifi_reason reason)
{
    struct wifi_event *event = &radio.events[radio.event_count++];
    *event = (struct wifi_event){ .kind = kind, .reason = reason };
    if (kind == WIFI_EVENT_CONNECTED) {
        memcpy(event->address, "192.168.1.9", 12);
    }
}

static enum status open_hotspot(void *ctx, const char *ssid, const char *password)
{
    (void)ctx;
    assert_string_equal(ssid, "Ohm-000001");
    assert_string_equal(password, "of-this-device");
    assert_false(radio.hotspot);
    radio.hotspot = true;
    radio.hotspot_opened++;
    return STATUS_OK;
}

static void close_hotspot(void *ctx)
{
    (void)ctx;
    radio.hotspot = false;
}

static enum status scan(void *ctx)
{
    (void)ctx;
    happen(WIFI_EVENT_SCANNED, WIFI_REASON_NONE);
    return STATUS_OK;
}

static size_t networks(void *ctx, struct wifi_network *out, size_t capacity)
{
    (void)ctx;
    assert_true(capacity > 0);
    out[0] = (struct wifi_network){ .ssid = "home", .ssid_size = 4, .rssi_dbm = -50 };
    return 1;
}

static enum status connect(void *ctx, const struct wifi_credentials *credentials)
{
    (void)ctx;
    radio.attempts++;
    radio.is_up = false;
    radio.event_count = 0;
    radio.is_trying = true;
    radio.tried = *credentials;
    radio.answer_ms = now_ms + JOIN_MS;
    return STATUS_OK;
}

static void disconnect(void *ctx)
{
    (void)ctx;
    radio.is_trying = false;
    radio.is_up = false;
    radio.event_count = 0;
}

static void mind_radio(void)
{
    if (!radio.is_trying || radio.never_answers || now_ms < radio.answer_ms) {
        return;
    }
    const bool is_home =
        radio.is_there && radio.tried.ssid_size == 4 && memcmp(radio.tried.ssid, "home", 4) == 0;
    radio.is_trying = false;
    if (!is_home) {
        happen(WIFI_EVENT_FAILED, WIFI_REASON_NOT_FOUND);
    } else if (strcmp(radio.tried.password, "password1") != 0) {
        happen(WIFI_EVENT_FAILED, WIFI_REASON_AUTH_FAILED);
    } else if (radio.failure != WIFI_REASON_NONE) {
        happen(WIFI_EVENT_FAILED, radio.failure);
    } else {
        radio.is_up = true;
        happen(WIFI_EVENT_CONNECTED, WIFI_REASON_NONE);
    }
}

static enum status next_event(void *ctx, struct wifi_event *event)
{
    (void)ctx;
    if (radio.event_count == 0) {
        return STATUS_MISSING;
    }
    *event = radio.events[0];
    radio.event_count--;
    memmove(radio.events, radio.events + 1, radio.event_count * sizeof radio.events[0]);
    return STATUS_OK;
}

static const struct wifi wifi = { .open_hotspot = open_hotspot,
                                  .close_hotspot = close_hotspot,
                                  .scan = scan,
                                  .networks = networks,
                                  .connect = connect,
                                  .disconnect = disconnect,
                                  .next_event = next_event };

static void notice(void *ctx, enum provisioner_notice kind, const char *text)
{
    (void)ctx;
    if (kind == PROVISIONER_TROUBLE) {
        memset(last_trouble, 0, sizeof last_trouble);
        memcpy(last_trouble, text, strlen(text));
    }
}

/// As after the power has come back.
static void boot(void)
{
    const struct provisioner_parts parts = {
        .device = { .device_id = device_name,
                    .hotspot_ssid = "Ohm-000001",
                    .hotspot_password = "of-this-device",
                    .hotspot_address = "192.168.4.1",
                    .portal_port = 80,
                    .allow_plain = true,
                    .portal_origin = "" },
        .values = &fake.key_value,
        .keystore = &fake.keystore,
        .wifi = &wifi,
        .http = &fake.http,
        .csr = &fake.csr,
        .clock = &fake.clock,
        .entropy = &fake.entropy,
        .crypto = &fake.crypto,
        .attester = &fake.attester,
        .notice = notice,
    };
    radio = (struct fake_radio){ .is_there = true };
    now_ms = 0;
    provisioner_init(&provisioner, &parts);
    host = provisioner_portal_host(&provisioner);
}

static int start(void **state)
{
    (void)state;
    device_name = "meter-1";
    fleet_fake_init(&fake, "token-1");
    boot();
    return 0;
}

static void run(uint64_t duration_ms)
{
    for (const uint64_t end_ms = now_ms + duration_ms; now_ms < end_ms && !fake.is_dead;) {
        now_ms += STEP_MS;
        mind_radio();
        while (provisioner_step(&provisioner, now_ms) == 0) {
        }
    }
}

static void run_to(enum provisioning_state wanted)
{
    for (unsigned i = 0; i < 36000 && provisioner_state(&provisioner) != wanted; i++) {
        run(STEP_MS);
    }
    assert_string_equal(provisioning_state_name(provisioner_state(&provisioner)),
                        provisioning_state_name(wanted));
}

static enum status submit(const char *ssid, const char *password, const char *id, const char *token)
{
    static struct portal_submission submission;
    submission = (struct portal_submission){ .wifi = { .ssid_size = (uint8_t)strlen(ssid) } };
    memcpy(submission.wifi.ssid, ssid, strlen(ssid));
    memcpy(submission.wifi.password, password, strlen(password));
    memcpy(submission.device_id, id, strlen(id));
    memcpy(submission.token, token, strlen(token));
    return host.submit(host.ctx, &submission);
}

static struct portal_status status_of(void)
{
    struct portal_status status;
    host.status(host.ctx, &status);
    return status;
}

static struct portal_facts facts_of(void)
{
    struct portal_facts facts;
    host.facts(host.ctx, &facts);
    return facts;
}

/// From the factory to a session with the broker.
static void provision(void)
{
    run_to(PROVISIONING_AP_MODE);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_OK);
    run_to(PROVISIONING_MQTT_CONNECTING);
    provisioner_session_is_up(&provisioner);
    run_to(PROVISIONING_MQTT_CONNECTED);
}

static void gets_from_the_factory_to_the_fleet_in_seconds(void **state)
{
    (void)state;
    enum keystore_slot slot;
    unsigned number = 0;
    run(STEP_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_AP_MODE);
    assert_true(radio.hotspot);
    assert_true(facts_of().is_open);
    assert_int_equal(status_of().progress, PORTAL_PROVISIONING);
    assert_false(provisioner_identity(&provisioner, &slot, &number));
    provision();
    assert_true(now_ms < 10000);
    assert_true(provisioner_identity(&provisioner, &slot, &number));
    assert_true(fleet_fake_is_welcome(&fake, slot));
    assert_int_equal(status_of().progress, PORTAL_CONNECTED);
    assert_string_equal(status_of().address, "192.168.1.9");
    assert_null(status_of().reason);
}

static void closes_the_hotspot_as_soon_as_the_broker_has_it(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_OK);
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_true(radio.hotspot); // So that a phone sees how it goes.
    provisioner_session_is_up(&provisioner);
    assert_false(radio.hotspot);
    assert_false(facts_of().is_open);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_MISSING);
}

static void goes_on_by_itself_after_a_restart_and_opens_nothing(void **state)
{
    (void)state;
    provision();
    boot();
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_int_equal(fleet_fake_errands(&fake), 1);
    assert_int_equal(radio.hotspot_opened, 0);
    assert_string_equal(provisioner_device_id(&provisioner), "meter-1");
}

static void a_wrong_password_returns_to_the_hotspot_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *ssid;
        const char *password;
        enum wifi_reason failure;
        const char *reason;
    } CASES[] = {
        { "home", "password2", WIFI_REASON_NONE, "auth_failed" },
        { "else", "password1", WIFI_REASON_NONE, "not_found" },
        { "home", "password1", WIFI_REASON_NO_ADDRESS, "no_address" },
        { "home", "password1", WIFI_REASON_LOST, "lost" },
        { "home", "password1", WIFI_REASON_RADIO, "radio" },
    };
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        assert_int_equal(start(state), 0);
        run_to(PROVISIONING_AP_MODE);
        radio.failure = CASES[i].failure;
        assert_int_equal(submit(CASES[i].ssid, CASES[i].password, "meter-1", "token-1"), STATUS_OK);
        assert_int_equal(status_of().progress, PORTAL_PROVISIONING);
        run(JOIN_MS + STEP_MS);
        assert_int_equal(provisioner_state(&provisioner), PROVISIONING_AP_MODE);
        assert_string_equal(status_of().reason, CASES[i].reason);
        assert_string_equal(status_of().state, "AP_MODE");
        assert_true(radio.hotspot);
        radio.failure = WIFI_REASON_NONE;
        provision();
        assert_null(status_of().reason);
    }
}

static void gives_up_credentials_after_a_minute_of_silence(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    radio.never_answers = true;
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_OK);
    run(PROVISIONER_TRY_MS - STEP_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_WIFI_CONNECTING);
    run(2 * STEP_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_AP_MODE);
    assert_string_equal(status_of().reason, "timed_out");
    assert_false(radio.is_trying);
}

static void a_network_that_has_worked_is_tried_for_ever_and_more_seldom(void **state)
{
    (void)state;
    provision();
    radio.is_there = false;
    radio.attempts = 0;
    happen(WIFI_EVENT_LOST, WIFI_REASON_LOST);
    run(24u * 60u * MINUTE_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_WIFI_CONNECTING);
    assert_int_equal(status_of().progress, PORTAL_DISCONNECTED);
    assert_string_equal(status_of().reason, "not_found");
    assert_in_range(radio.attempts, 24 * 12, 24 * 24 + 20); // Every 2.5 to 5 minutes.
    assert_false(radio.hotspot);
    radio.is_there = true;
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_int_equal(fleet_fake_errands(&fake), 1);
}

static void other_credentials_that_fail_lead_back_to_the_network_that_works(void **state)
{
    (void)state;
    provision();
    provisioner_open_window(&provisioner);
    assert_true(radio.hotspot);
    assert_int_equal(submit("else", "password1", "meter-1", "token-9"), STATUS_OK);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_WIFI_CONNECTING);
    run_to(PROVISIONING_MQTT_CONNECTING);
    provisioner_session_is_up(&provisioner);
    assert_string_equal(status_of().reason, "not_found"); // The person still sees why.
    assert_true(radio.hotspot);                           // And may try again.
    boot();
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_int_equal(radio.attempts, 1);
}

static void says_why_the_server_refuses_and_waits_for_another_token(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    assert_int_equal(submit("home", "password1", "meter-1", "token-2"), STATUS_OK);
    run_to(PROVISIONING_SUBMIT_CSR);
    run_to(PROVISIONING_AP_MODE);
    assert_string_equal(status_of().reason, "token_not_found");
    boot();
    run(MINUTE_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_AP_MODE);
    provision();
}

static void tells_that_the_server_is_out_of_reach_and_keeps_trying(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    fake.mood = FLEET_FAKE_BROKEN;
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_OK);
    run(5 * MINUTE_MS);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_SUBMIT_CSR);
    assert_string_equal(status_of().reason, "server_unreachable");
    assert_int_equal(status_of().progress, PORTAL_CONNECTED);
    fake.mood = FLEET_FAKE_WELL;
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_null(status_of().reason);
}

static void refuses_credentials_for_another_device_and_while_it_tries(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    assert_int_equal(submit("home", "password1", "meter-2", "token-1"), STATUS_INVALID);
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_AP_MODE);
    assert_int_equal(submit("home", "password1", "", "token-1"), STATUS_OK);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_BUSY);
    run_to(PROVISIONING_MQTT_CONNECTING);
}

static void a_device_without_a_name_takes_the_one_it_is_given(void **state)
{
    (void)state;
    device_name = "";
    boot();
    provision();
    device_name = "another";
    boot();
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_string_equal(provisioner_device_id(&provisioner), "meter-1");
}

static void closes_the_window_fifteen_minutes_after_opening(void **state)
{
    (void)state;
    run_to(PROVISIONING_AP_MODE);
    assert_in_range(facts_of().closes_in_s, 899, 900);
    run(PROVISIONER_WINDOW_MS - 2 * STEP_MS);
    assert_true(radio.hotspot);
    run(3 * STEP_MS);
    assert_false(radio.hotspot);
    assert_false(facts_of().is_open);
    assert_int_equal(facts_of().closes_in_s, 0);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_MISSING);
    run(60 * MINUTE_MS);
    assert_false(radio.hotspot);
    provisioner_open_window(&provisioner);
    assert_true(radio.hotspot);
    provision();
}

static void too_many_failed_proofs_close_the_window_also_over_restarts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PROVISIONER_FAILURE_LIMIT; i++) {
        boot(); // Whoever cuts the power gets no new tries by it.
        run_to(PROVISIONING_AP_MODE);
        assert_true(facts_of().is_open);
        host.failed(host.ctx);
    }
    assert_false(facts_of().is_open);
    assert_false(radio.hotspot);
    boot();
    run(MINUTE_MS);
    assert_false(radio.hotspot);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_MISSING);
    provisioner_open_window(&provisioner);
    assert_true(radio.hotspot);
    provision();
    boot();
    run(MINUTE_MS);
    assert_int_equal(provisioner.facts.failures, 0);
}

static void forgets_the_network_and_keeps_the_identity(void **state)
{
    (void)state;
    provision();
    assert_int_equal(provisioner_forget_network(&provisioner), STATUS_OK);
    run_to(PROVISIONING_AP_MODE);
    assert_true(radio.hotspot);
    assert_int_equal(submit("home", "password1", "", ""), STATUS_OK);
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_int_equal(fleet_fake_errands(&fake), 1);
}

static void renews_while_it_is_on_line_and_tells_the_session(void **state)
{
    (void)state;
    enum keystore_slot first;
    enum keystore_slot second;
    unsigned first_number = 0;
    unsigned second_number = 0;
    provision();
    assert_true(provisioner_identity(&provisioner, &first, &first_number));
    fake.utc_s += FLEET_FAKE_LIFE_S * 3 / 4;
    run(MINUTE_MS);
    assert_true(provisioner_identity(&provisioner, &second, &second_number));
    assert_int_not_equal(first, second);
    assert_int_not_equal(first_number, second_number);
    assert_true(fleet_fake_is_welcome(&fake, second));
    assert_int_equal(provisioner_state(&provisioner), PROVISIONING_MQTT_CONNECTED);
}

static void an_expired_certificate_is_renewed_before_the_broker_is_asked(void **state)
{
    (void)state;
    enum keystore_slot slot;
    unsigned number = 0;
    provision();
    fake.utc_s += FLEET_FAKE_LIFE_S + FLEET_FAKE_DAY_S;
    boot();
    run_to(PROVISIONING_SUBMIT_CSR);
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_true(provisioner_identity(&provisioner, &slot, &number));
    assert_true(fleet_fake_is_welcome(&fake, slot));
}

static void a_new_token_helps_a_device_whose_certificate_was_revoked(void **state)
{
    (void)state;
    enum keystore_slot slot;
    unsigned number = 0;
    provision();
    fake.certificates[0].state = FLEET_FAKE_SUPERSEDED;
    memcpy(fake.token, "token-2", 8);
    fake.token_used = false;
    provisioner_session_is_down(&provisioner);
    provisioner_open_window(&provisioner);
    assert_int_equal(submit("home", "password1", "meter-1", "token-2"), STATUS_OK);
    run_to(PROVISIONING_MQTT_CONNECTING);
    for (unsigned i = 0; i < PROVISIONER_SESSION_LIMIT; i++) {
        assert_true(provisioner_identity(&provisioner, &slot, &number));
        assert_false(fleet_fake_is_welcome(&fake, slot));
        provisioner_session_is_down(&provisioner);
    }
    run_to(PROVISIONING_SUBMIT_CSR);
    run_to(PROVISIONING_MQTT_CONNECTING);
    assert_true(provisioner_identity(&provisioner, &slot, &number));
    assert_true(fleet_fake_is_welcome(&fake, slot));
}

static void a_token_that_is_not_needed_does_no_harm(void **state)
{
    (void)state;
    provision();
    provisioner_open_window(&provisioner);
    assert_int_equal(submit("home", "password1", "meter-1", "token-nobody-knows"), STATUS_OK);
    run_to(PROVISIONING_MQTT_CONNECTING);
    provisioner_session_is_up(&provisioner);
    assert_int_equal(fleet_fake_errands(&fake), 1);
    assert_string_equal(provisioner.facts.submission.token, "");
}

static void lists_networks_and_says_whether_the_list_is_old(void **state)
{
    (void)state;
    struct wifi_network found[WIFI_NETWORK_LIMIT];
    bool is_cached = false;
    run_to(PROVISIONING_AP_MODE);
    assert_int_equal(host.networks(host.ctx, false, found, WIFI_NETWORK_LIMIT, &is_cached), 1);
    assert_true(is_cached);
    run(STEP_MS);
    assert_int_equal(host.networks(host.ctx, false, found, WIFI_NETWORK_LIMIT, &is_cached), 1);
    assert_true(is_cached);
    assert_memory_equal(found[0].ssid, "home", 4);
}

/// What every moment must hold, whatever the plug did.
static void assert_resumes_or_waits(void)
{
    const enum provisioning_state found = provisioner_state(&provisioner);
    enum keystore_slot slot;
    unsigned number = 0;

    if (provisioner_identity(&provisioner, &slot, &number)) {
        assert_true(fleet_fake_is_welcome(&fake, slot));
        assert_false(radio.hotspot);
    } else {
        assert_int_equal(found, PROVISIONING_AP_MODE);
        assert_true(radio.hotspot);
    }
}

static void resumes_or_waits_for_a_person_after_a_power_cut_at_any_step(void **state)
{
    (void)state;
    unsigned resumed = 0;
    unsigned waited = 0;
    for (unsigned after = 0; after < 2; after++) {
        bool was_cut = true;
        for (unsigned steps = 0; was_cut; steps++) {
            assert_int_equal(start(state), 0);
            run_to(PROVISIONING_AP_MODE);
            fleet_fake_cut_after(&fake, steps, after == 1);
            (void)!submit("home", "password1", "meter-1", "token-1");
            run(MINUTE_MS);
            if (!fake.is_dead) {
                provisioner_session_is_up(&provisioner);
            }
            was_cut = fake.is_dead;
            fleet_fake_power_up(&fake);
            boot();
            run(MINUTE_MS);
            assert_resumes_or_waits();
            if (provisioner_state(&provisioner) == PROVISIONING_AP_MODE) {
                waited++;
                provision();
            } else {
                resumed++;
            }
            assert_int_equal(fake.certificate_count, 1);
        }
    }
    print_message("%u resumed, %u waited for a person\n", resumed, waited);
    assert_true(resumed > 10);
    assert_in_range(waited, 1, 4); // Before the submission was kept.
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gets_from_the_factory_to_the_fleet_in_seconds, start),
        cmocka_unit_test_setup(closes_the_hotspot_as_soon_as_the_broker_has_it, start),
        cmocka_unit_test_setup(goes_on_by_itself_after_a_restart_and_opens_nothing, start),
        cmocka_unit_test_setup(a_wrong_password_returns_to_the_hotspot_with_the_reason, start),
        cmocka_unit_test_setup(gives_up_credentials_after_a_minute_of_silence, start),
        cmocka_unit_test_setup(a_network_that_has_worked_is_tried_for_ever_and_more_seldom, start),
        cmocka_unit_test_setup(other_credentials_that_fail_lead_back_to_the_network_that_works,
                               start),
        cmocka_unit_test_setup(says_why_the_server_refuses_and_waits_for_another_token, start),
        cmocka_unit_test_setup(tells_that_the_server_is_out_of_reach_and_keeps_trying, start),
        cmocka_unit_test_setup(refuses_credentials_for_another_device_and_while_it_tries, start),
        cmocka_unit_test_setup(a_device_without_a_name_takes_the_one_it_is_given, start),
        cmocka_unit_test_setup(closes_the_window_fifteen_minutes_after_opening, start),
        cmocka_unit_test_setup(too_many_failed_proofs_close_the_window_also_over_restarts, start),
        cmocka_unit_test_setup(forgets_the_network_and_keeps_the_identity, start),
        cmocka_unit_test_setup(renews_while_it_is_on_line_and_tells_the_session, start),
        cmocka_unit_test_setup(an_expired_certificate_is_renewed_before_the_broker_is_asked, start),
        cmocka_unit_test_setup(a_new_token_helps_a_device_whose_certificate_was_revoked, start),
        cmocka_unit_test_setup(a_token_that_is_not_needed_does_no_harm, start),
        cmocka_unit_test_setup(lists_networks_and_says_whether_the_list_is_old, start),
        cmocka_unit_test_setup(resumes_or_waits_for_a_person_after_a_power_cut_at_any_step, start),
    };
    return cmocka_run_group_tests_name("provisioner", tests, NULL, NULL);
}
