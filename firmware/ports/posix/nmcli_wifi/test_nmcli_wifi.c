// SPDX-License-Identifier: MIT
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nmcli_wifi.h"

enum { PATIENCE_MS = 5000, TEXT_SIZE = 8192 };

static const char UP[] = "GENERAL.STATE:100 (connected)\nIP4.ADDRESS[1]:192.168.1.7/24\n";

static struct nmcli_wifi radio;
static struct nmcli_wifi_options options;
static struct wifi wifi;
static char folder[64];
static uint64_t now_us;

static uint64_t uptime_us(void *ctx)
{
    (void)ctx;
    return now_us;
}

static const struct clock clock_of_test = { .uptime_us = uptime_us };

static void path_of(const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", folder, name);
}

/// What the fake prints, complains of, or exits with.
static void say(const char *name, const char *text)
{
    char path[128];
    path_of(name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void unsay(const char *name)
{
    char path[128];
    path_of(name, path);
    (void)unlink(path);
}

static const char *heard(const char *name)
{
    static char text[TEXT_SIZE];
    char path[128];
    path_of(name, path);
    FILE *file = fopen(path, "r");
    const size_t size = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    if (file != NULL) {
        (void)fclose(file);
    }
    return text;
}

static enum status step(struct wifi_event *event)
{
    const enum status status = wifi.next_event(wifi.ctx, event);
    if (status != STATUS_OK) {
        (void)poll(NULL, 0, 1);
    }
    return status;
}

/// Moves until nothing runs and nothing is left to do.
static void settle(void)
{
    struct wifi_event event;
    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms++) {
        (void)step(&event);
        if (radio.step == NMCLI_WIFI_IDLE && !radio.wants_leave && !radio.wants_close &&
            !radio.wants_open) {
            return;
        }
    }
    fail_msg("nmcli never ended");
}

static int start(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/ohm-test-nmcli-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(setenv("FAKE_NMCLI", folder, 1), 0);
    assert_int_equal(setenv("LC_ALL", "de_DE.UTF-8", 1), 0);
    say("device", UP);
    options = (struct nmcli_wifi_options){ .program = FAKE_NMCLI,
                                           .interface = "wlan0",
                                           .hotspot_interface = "ap0",
                                           .hotspot_address = "192.168.4.1/24",
                                           .clock = &clock_of_test };
    nmcli_wifi_init(&radio, &options);
    wifi = nmcli_wifi_seam(&radio);
    settle();
    unsay("log");
    return 0;
}

static int finish(void **state)
{
    (void)state;
    static const char *const NAMES[] = { "log",       "device",   "device.exit", "list",
                                         "list.exit", "up.error", "up.exit",     "up.hang",
                                         "secret",    "profile",  "add.exit" };
    nmcli_wifi_close(&radio);
    for (unsigned i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        unsay(NAMES[i]);
    }
    return rmdir(folder);
}

static enum status join(const char *ssid, const char *password)
{
    struct wifi_credentials credentials = { .ssid_size = (uint8_t)strlen(ssid) };
    memcpy(credentials.ssid, ssid, strlen(ssid));
    memcpy(credentials.password, password, strlen(password));
    return wifi.connect(wifi.ctx, &credentials);
}

static struct wifi_event wait_for_event(void)
{
    struct wifi_event event = { .kind = WIFI_EVENT_SCANNED };
    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms++) {
        if (step(&event) == STATUS_OK) {
            return event;
        }
    }
    fail_msg("nothing happened");
    return event;
}

static void connects_and_keeps_the_password_out_of_the_arguments(void **state)
{
    (void)state;
    assert_int_equal(join("a b:\\$(x)'", "it's \"secret\""), STATUS_OK);
    const struct wifi_event event = wait_for_event();
    assert_int_equal(event.kind, WIFI_EVENT_CONNECTED);
    assert_string_equal(event.address, "192.168.1.7");
    const char *log = heard("log");
    assert_non_null(strstr(log, "[connection][add][save][no][type][wifi][ifname][wlan0][con-name]"
                                "[ohmstead-station][autoconnect][no][ssid][a b:\\$(x)']"
                                "[wifi-sec.key-mgmt][wpa-psk][wifi-sec.psk-flags][2]\n"));
    assert_non_null(strstr(log, "[--wait][50][connection][up][id][ohmstead-station][ifname][wlan0]"
                                "[passwd-file][/proc/self/fd/3]\n"));
    assert_null(strstr(log, "secret"));
    assert_string_equal(heard("secret"),
                        "802-11-wireless-security.psk:\\151\\164\\047\\163\\040\\042\\163\\145\\143"
                        "\\162\\145\\164\\042\n");
    for (size_t i = 0; i + 6 < sizeof radio; i++) {
        assert_int_not_equal(memcmp((const char *)&radio + i, "secret", 6), 0);
    }
}

static void connects_to_an_open_network_without_a_secret(void **state)
{
    (void)state;
    assert_int_equal(join("open", ""), STATUS_OK);
    assert_int_equal(wait_for_event().kind, WIFI_EVENT_CONNECTED);
    assert_null(strstr(heard("log"), "wifi-sec"));
    assert_null(strstr(heard("log"), "passwd-file"));
    assert_string_equal(heard("secret"), "");
}

static void asks_a_network_that_speaks_wpa3_alone_by_sae(void **state)
{
    (void)state;
    say("list", "6E6577:6:72:WPA3\n");
    assert_int_equal(wifi.scan(wifi.ctx), STATUS_OK);
    assert_int_equal(wait_for_event().kind, WIFI_EVENT_SCANNED);
    assert_int_equal(join("new", "password1"), STATUS_OK);
    assert_int_equal(wait_for_event().kind, WIFI_EVENT_CONNECTED);
    assert_non_null(strstr(heard("log"), "[wifi-sec.key-mgmt][sae]"));
}

static void says_why_it_does_not_connect_and_takes_its_profile_away(void **state)
{
    (void)state;
    static const struct {
        const char *complaint;
        const char *exit_code;
        enum wifi_reason reason;
    } CASES[] = {
        { "Error: Connection activation failed: Secrets were required, but not provided\n"
          "Hint: use 'journalctl -xe' to get more details.\n",
          "4", WIFI_REASON_AUTH_FAILED },
        { "Error: Connection activation failed: The Wi-Fi network could not be found\n", "4",
          WIFI_REASON_NOT_FOUND },
        { "Error: Connection activation failed: IP configuration could not be reserved (no "
          "available address, timeout, etc.)\n",
          "4", WIFI_REASON_NO_ADDRESS },
        { "Error: NetworkManager is not running.\n", "8", WIFI_REASON_RADIO },
    };
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        say("up.error", CASES[i].complaint);
        say("up.exit", CASES[i].exit_code);
        assert_int_equal(join("home", "password1"), STATUS_OK);
        const struct wifi_event event = wait_for_event();
        assert_int_equal(event.kind, WIFI_EVENT_FAILED);
        assert_int_equal(event.reason, CASES[i].reason);
        settle();
        assert_null(strstr(heard("profile"), "x"));
        char path[128];
        path_of("profile", path);
        assert_int_not_equal(access(path, F_OK), 0);
    }
}

static void fails_without_an_address_or_an_activated_device(void **state)
{
    (void)state;
    say("device", "GENERAL.STATE:100 (connected)\n");
    assert_int_equal(join("home", "password1"), STATUS_OK);
    assert_int_equal(wait_for_event().reason, WIFI_REASON_NO_ADDRESS);
    say("device", "GENERAL.STATE:30 (disconnected)\n");
    assert_int_equal(join("home", "password1"), STATUS_OK);
    assert_int_equal(wait_for_event().reason, WIFI_REASON_LOST);
    say("add.exit", "2");
    assert_int_equal(join("home", "password1"), STATUS_OK);
    assert_int_equal(wait_for_event().reason, WIFI_REASON_RADIO);
}

static void notices_when_the_connection_ends(void **state)
{
    (void)state;
    struct wifi_event event;
    assert_int_equal(join("home", "password1"), STATUS_OK);
    assert_int_equal(wait_for_event().kind, WIFI_EVENT_CONNECTED);
    now_us += (uint64_t)NMCLI_WIFI_WATCH_MS * 1000;
    settle();
    assert_int_equal(step(&event), STATUS_MISSING);
    say("device", "GENERAL.STATE:30 (disconnected)\n");
    now_us += (uint64_t)NMCLI_WIFI_WATCH_MS * 1000;
    assert_int_equal(wait_for_event().kind, WIFI_EVENT_LOST);
}

static void lists_networks_after_a_scan(void **state)
{
    (void)state;
    struct wifi_network found[WIFI_NETWORK_LIMIT];
    say("list", "686F6D65:6:72:WPA2\n6F70656E:1:90:\n");
    assert_int_equal(wifi.scan(wifi.ctx), STATUS_OK);
    assert_int_equal(wifi.scan(wifi.ctx), STATUS_BUSY);
    assert_int_equal(wait_for_event().kind, WIFI_EVENT_SCANNED);
    assert_int_equal(wifi.networks(wifi.ctx, found, WIFI_NETWORK_LIMIT), 2);
    assert_memory_equal(found[0].ssid, "open", 4);
    assert_non_null(strstr(heard("log"), "[-t][-e][yes][-f][SSID-HEX,CHAN,SIGNAL,SECURITY][device]"
                                         "[wifi][list][ifname][wlan0][--rescan][yes]\n"));
    say("list", "");
    say("list.exit", "8");
    assert_int_equal(wifi.scan(wifi.ctx), STATUS_OK);
    assert_int_equal(wait_for_event().kind, WIFI_EVENT_SCANNED);
    assert_int_equal(wifi.networks(wifi.ctx, found, WIFI_NETWORK_LIMIT), 2); // As before.
}

static void opens_and_closes_the_hotspot_on_its_own_interface(void **state)
{
    (void)state;
    assert_int_equal(wifi.open_hotspot(wifi.ctx, "Ohm-1", "short"), STATUS_INVALID);
    assert_int_equal(wifi.open_hotspot(wifi.ctx, "Ohm-1", "of-this-device"), STATUS_OK);
    settle();
    const char *log = heard("log");
    assert_non_null(strstr(log, "[ifname][ap0][con-name][ohmstead-hotspot][autoconnect][no][ssid]"
                                "[Ohm-1][wifi.mode][ap][ipv4.method][shared][ipv4.addresses]"
                                "[192.168.4.1/24][wifi-sec.key-mgmt][wpa-psk][wifi-sec.proto][rsn]"
                                "[wifi-sec.psk-flags][2]\n"));
    assert_non_null(strstr(log, "[up][id][ohmstead-hotspot][ifname][ap0][passwd-file]"));
    assert_null(strstr(log, "of-this-device"));
    unsay("log");
    wifi.close_hotspot(wifi.ctx);
    settle();
    assert_string_equal(heard("log"), "[--wait][10][connection][delete][id][ohmstead-hotspot]\n");
    options.hotspot_interface = NULL;
    nmcli_wifi_init(&radio, &options);
    assert_int_equal(wifi.open_hotspot(wifi.ctx, "Ohm-1", "of-this-device"), STATUS_IO);
}

static void gives_up_an_nmcli_that_hangs_and_one_that_is_no_longer_wanted(void **state)
{
    (void)state;
    struct wifi_event event;
    say("up.hang", "");
    assert_int_equal(join("home", "password1"), STATUS_OK);
    for (int i = 0; i < PATIENCE_MS && radio.step != NMCLI_WIFI_JOIN; i++) {
        assert_int_equal(step(&event), STATUS_MISSING);
    }
    now_us += (uint64_t)NMCLI_WIFI_STEP_MS * 1000;
    assert_int_equal(wait_for_event().kind, WIFI_EVENT_FAILED);
    assert_int_equal(join("home", "password1"), STATUS_OK);
    for (int i = 0; i < PATIENCE_MS && radio.step != NMCLI_WIFI_JOIN; i++) {
        assert_int_equal(step(&event), STATUS_MISSING);
    }
    wifi.disconnect(wifi.ctx);
    settle();
    assert_int_equal(step(&event), STATUS_MISSING);
}

static void refuses_a_name_that_cannot_be_an_argument(void **state)
{
    (void)state;
    struct wifi_credentials credentials = { .ssid = { 'a', 0, 'b' }, .ssid_size = 3 };
    assert_int_equal(wifi.connect(wifi.ctx, &credentials), STATUS_INVALID);
    credentials.ssid_size = 0;
    assert_int_equal(wifi.connect(wifi.ctx, &credentials), STATUS_INVALID);
}

static void fails_where_there_is_no_nmcli(void **state)
{
    (void)state;
    options.program = "/nonexistent/nmcli";
    nmcli_wifi_init(&radio, &options);
    assert_int_equal(join("home", "password1"), STATUS_OK);
    const struct wifi_event event = wait_for_event();
    assert_int_equal(event.kind, WIFI_EVENT_FAILED);
    assert_int_equal(event.reason, WIFI_REASON_RADIO);
    radio.wants_leave = false;
    radio.wants_close = false;
    assert_int_equal(wifi.scan(wifi.ctx), STATUS_OK);
    assert_int_equal(wait_for_event().kind, WIFI_EVENT_SCANNED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(connects_and_keeps_the_password_out_of_the_arguments, start,
                                        finish),
        cmocka_unit_test_setup_teardown(connects_to_an_open_network_without_a_secret, start,
                                        finish),
        cmocka_unit_test_setup_teardown(asks_a_network_that_speaks_wpa3_alone_by_sae, start,
                                        finish),
        cmocka_unit_test_setup_teardown(says_why_it_does_not_connect_and_takes_its_profile_away,
                                        start, finish),
        cmocka_unit_test_setup_teardown(fails_without_an_address_or_an_activated_device, start,
                                        finish),
        cmocka_unit_test_setup_teardown(notices_when_the_connection_ends, start, finish),
        cmocka_unit_test_setup_teardown(lists_networks_after_a_scan, start, finish),
        cmocka_unit_test_setup_teardown(opens_and_closes_the_hotspot_on_its_own_interface, start,
                                        finish),
        cmocka_unit_test_setup_teardown(
            gives_up_an_nmcli_that_hangs_and_one_that_is_no_longer_wanted, start, finish),
        cmocka_unit_test_setup_teardown(refuses_a_name_that_cannot_be_an_argument, start, finish),
        cmocka_unit_test_setup_teardown(fails_where_there_is_no_nmcli, start, finish),
    };
    return cmocka_run_group_tests_name("nmcli_wifi", tests, NULL, NULL);
}
