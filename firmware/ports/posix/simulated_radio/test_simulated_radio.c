// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "simulated_radio.h"

static const char *const AIR[] = {
    "scan_ms 1000",
    "network \"weak\" rssi -90 channel 11",
    "network \"home\" rssi -48 channel 6 password \"password1\" join_ms 900 dhcp_ms 400",
    "network \"mute\" rssi -60 dhcp_ms never",
    "network \"slow\" rssi -61 dhcp_ms 20001",
    "network \"late\" rssi -62 off",
    "at 10000 off \"home\"",
    "at 20000 on \"home\"",
    "at 20000 password \"home\" \"password2\"",
    "at 20000 on \"late\"",
    "at 20000 rssi \"weak\" -10",
    "at 20000 dhcp_ms \"mute\" 100",
};

static struct simulated_radio radio;
static struct wifi wifi;

static int start(void **state)
{
    (void)state;
    static struct radio_script script;
    radio_script_init(&script);
    for (unsigned i = 0; i < sizeof AIR / sizeof AIR[0]; i++) {
        assert_null(radio_script_line(&script, AIR[i]));
    }
    simulated_radio_init(&radio, &script);
    wifi = simulated_radio_seam(&radio);
    return 0;
}

static enum status join(const char *ssid, const char *password)
{
    struct wifi_credentials credentials = { .ssid_size = (uint8_t)strlen(ssid) };
    memcpy(credentials.ssid, ssid, strlen(ssid));
    memcpy(credentials.password, password, strlen(password));
    return wifi.connect(wifi.ctx, &credentials);
}

static void assert_silent(void)
{
    struct wifi_event event;
    assert_int_equal(wifi.next_event(wifi.ctx, &event), STATUS_MISSING);
}

/// Nothing happens before `at_ms`, and this then.
static struct wifi_event assert_event(uint64_t at_ms, enum wifi_event_kind kind,
                                      enum wifi_reason reason)
{
    struct wifi_event event = { .kind = WIFI_EVENT_SCANNED };
    simulated_radio_advance(&radio, at_ms - 1);
    assert_silent();
    simulated_radio_advance(&radio, at_ms);
    assert_int_equal(wifi.next_event(wifi.ctx, &event), STATUS_OK);
    assert_int_equal(event.kind, kind);
    assert_int_equal(event.reason, reason);
    assert_silent();
    return event;
}

static void connects_after_search_handshake_and_dhcp(void **state)
{
    (void)state;
    assert_int_equal(join("home", "password1"), STATUS_OK);
    const struct wifi_event event = assert_event(2300, WIFI_EVENT_CONNECTED, WIFI_REASON_NONE);
    assert_string_equal(event.address, "192.168.78.23");
}

static void says_why_it_does_not_connect(void **state)
{
    (void)state;
    assert_int_equal(join("home", "password2"), STATUS_OK);
    (void)assert_event(1900, WIFI_EVENT_FAILED, WIFI_REASON_AUTH_FAILED);
    assert_int_equal(join("none", "password2"), STATUS_OK);
    (void)assert_event(2900, WIFI_EVENT_FAILED, WIFI_REASON_NOT_FOUND);
    assert_int_equal(join("late", ""), STATUS_OK);
    (void)assert_event(3900, WIFI_EVENT_FAILED, WIFI_REASON_NOT_FOUND);
    assert_int_equal(join("weak", "password1"), STATUS_OK); // Open, and asked with a password.
    (void)assert_event(5900, WIFI_EVENT_FAILED, WIFI_REASON_AUTH_FAILED);
}

static void gives_up_dhcp_after_twenty_seconds(void **state)
{
    (void)state;
    assert_int_equal(join("slow", ""), STATUS_OK);
    (void)assert_event(22000, WIFI_EVENT_FAILED, WIFI_REASON_NO_ADDRESS);
    assert_int_equal(join("mute", ""), STATUS_OK);
    (void)assert_event(24100, WIFI_EVENT_CONNECTED, WIFI_REASON_NONE); // Mended by then.
    assert_int_equal(start(state), 0);
    assert_int_equal(join("mute", ""), STATUS_OK);
    simulated_radio_advance(&radio, 19999);
    assert_silent();
}

static void loses_the_network_when_it_goes(void **state)
{
    (void)state;
    assert_int_equal(join("home", "password1"), STATUS_OK);
    (void)assert_event(2300, WIFI_EVENT_CONNECTED, WIFI_REASON_NONE);
    (void)assert_event(10000, WIFI_EVENT_LOST, WIFI_REASON_LOST);
    assert_int_equal(join("home", "password1"), STATUS_OK);
    (void)assert_event(11000, WIFI_EVENT_FAILED, WIFI_REASON_NOT_FOUND);
    simulated_radio_advance(&radio, 20000);
    assert_int_equal(join("home", "password1"), STATUS_OK);
    (void)assert_event(21900, WIFI_EVENT_FAILED, WIFI_REASON_AUTH_FAILED);
    assert_int_equal(join("home", "password2"), STATUS_OK);
    (void)assert_event(24200, WIFI_EVENT_CONNECTED, WIFI_REASON_NONE);
}

static void an_attempt_ends_when_its_network_goes(void **state)
{
    (void)state;
    simulated_radio_advance(&radio, 8500);
    assert_int_equal(join("home", "password1"), STATUS_OK);
    (void)assert_event(10000, WIFI_EVENT_FAILED, WIFI_REASON_LOST);
}

static void lists_networks_by_strength_once_a_scan_is_over(void **state)
{
    (void)state;
    struct wifi_network found[WIFI_NETWORK_LIMIT];
    assert_int_equal(wifi.networks(wifi.ctx, found, WIFI_NETWORK_LIMIT), 0);
    assert_int_equal(wifi.scan(wifi.ctx), STATUS_OK);
    assert_int_equal(wifi.scan(wifi.ctx), STATUS_BUSY);
    assert_int_equal(join("home", "password1"), STATUS_BUSY);
    (void)assert_event(1000, WIFI_EVENT_SCANNED, WIFI_REASON_NONE);
    assert_int_equal(wifi.networks(wifi.ctx, found, WIFI_NETWORK_LIMIT), 4);
    assert_memory_equal(found[0].ssid, "home", 4);
    assert_true(found[0].secure);
    assert_int_equal(found[0].channel, 6);
    assert_int_equal(found[0].rssi_dbm, -48);
    assert_memory_equal(found[3].ssid, "weak", 4);
    assert_false(found[3].secure);
    assert_int_equal(wifi.networks(wifi.ctx, found, 2), 2);
    simulated_radio_advance(&radio, 20000);
    assert_int_equal(wifi.scan(wifi.ctx), STATUS_OK);
    (void)assert_event(21000, WIFI_EVENT_SCANNED, WIFI_REASON_NONE);
    assert_int_equal(wifi.networks(wifi.ctx, found, WIFI_NETWORK_LIMIT), 5);
    assert_memory_equal(found[0].ssid, "weak", 4);
}

static void says_nothing_more_of_what_was_left(void **state)
{
    (void)state;
    assert_int_equal(join("home", "password2"), STATUS_OK);
    simulated_radio_advance(&radio, 1900);
    assert_int_equal(join("home", "password1"), STATUS_OK); // Before the failure was read.
    (void)assert_event(4200, WIFI_EVENT_CONNECTED, WIFI_REASON_NONE);
    wifi.disconnect(wifi.ctx);
    simulated_radio_advance(&radio, 30000);
    assert_silent();
}

static void wants_a_password_for_the_hotspot(void **state)
{
    (void)state;
    assert_int_equal(wifi.open_hotspot(wifi.ctx, "Ohm", "1234567"), STATUS_INVALID);
    assert_false(simulated_radio_has_hotspot(&radio));
    assert_int_equal(wifi.open_hotspot(wifi.ctx, "Ohm", "12345678"), STATUS_OK);
    assert_true(simulated_radio_has_hotspot(&radio));
    wifi.close_hotspot(wifi.ctx);
    assert_false(simulated_radio_has_hotspot(&radio));
}

static void one_long_step_ends_where_many_short_ones_do(void **state)
{
    (void)state;
    struct wifi_event event;
    for (unsigned step_ms = 1; step_ms <= 30000; step_ms *= 10) {
        assert_int_equal(start(state), 0);
        assert_int_equal(join("home", "password1"), STATUS_OK);
        for (uint64_t now_ms = step_ms; now_ms < 30000; now_ms += step_ms) {
            simulated_radio_advance(&radio, now_ms);
        }
        simulated_radio_advance(&radio, 30000);
        assert_int_equal(wifi.next_event(wifi.ctx, &event), STATUS_OK);
        assert_int_equal(event.kind, WIFI_EVENT_CONNECTED);
        assert_int_equal(wifi.next_event(wifi.ctx, &event), STATUS_OK);
        assert_int_equal(event.kind, WIFI_EVENT_LOST);
        assert_silent();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(connects_after_search_handshake_and_dhcp, start),
        cmocka_unit_test_setup(says_why_it_does_not_connect, start),
        cmocka_unit_test_setup(gives_up_dhcp_after_twenty_seconds, start),
        cmocka_unit_test_setup(loses_the_network_when_it_goes, start),
        cmocka_unit_test_setup(an_attempt_ends_when_its_network_goes, start),
        cmocka_unit_test_setup(lists_networks_by_strength_once_a_scan_is_over, start),
        cmocka_unit_test_setup(says_nothing_more_of_what_was_left, start),
        cmocka_unit_test_setup(wants_a_password_for_the_hotspot, start),
        cmocka_unit_test_setup(one_long_step_ends_where_many_short_ones_do, start),
    };
    return cmocka_run_group_tests_name("simulated_radio", tests, NULL, NULL);
}
