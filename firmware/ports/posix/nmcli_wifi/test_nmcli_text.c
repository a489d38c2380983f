// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nmcli_text.h"

static void undoes_the_escapes_of_a_field(void **state)
{
    (void)state;
    static const char LINE[] = "a\\:b:\\\\::\\x:last";
    static const char *const FIELDS[] = { "a:b", "\\", "", "x", "last" };
    char out[8];
    size_t position = 0;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(nmcli_text_field(LINE, &position, out, sizeof out), STATUS_OK);
        assert_string_equal(out, FIELDS[i]);
    }
    assert_int_equal(nmcli_text_field(LINE, &position, out, sizeof out), STATUS_MISSING);
    position = 0;
    assert_int_equal(nmcli_text_field("12345678:", &position, out, sizeof out), STATUS_FULL);
    position = 0;
    assert_int_equal(nmcli_text_field("x\\", &position, out, sizeof out), STATUS_OK);
    assert_string_equal(out, "x\\");
}

static void reads_names_of_any_bytes_by_strength_and_each_once(void **state)
{
    (void)state;
    static const char LIST[] = "686F6D65:6:72:WPA2\n"
                               "686F6D65:44:90:WPA2\n"
                               "686F6D65:1:10:WPA1 WPA2\n"
                               "FF003A5C:11:35:WPA2 WPA3\n"
                               "6f70656e:13:100:\n"
                               ":1:50:WPA2\n";
    struct wifi_network found[8];
    assert_int_equal(nmcli_text_networks(LIST, found, 8), 4);
    assert_memory_equal(found[0].ssid, "open", 4);
    assert_int_equal(found[0].rssi_dbm, -50);
    assert_false(found[0].secure);
    assert_memory_equal(found[1].ssid, "home", 4);
    assert_int_equal(found[1].rssi_dbm, -55);
    assert_int_equal(found[1].channel, 44);
    assert_true(found[1].secure);
    assert_int_equal(found[2].ssid_size, 0);
    assert_int_equal(found[3].ssid_size, 4);
    assert_memory_equal(found[3].ssid, "\xFF\0:\\", 4);
    assert_int_equal(nmcli_text_networks(LIST, found, 2), 2);
    assert_memory_equal(found[1].ssid, "home", 4);
    assert_int_equal(nmcli_text_networks("6C6F77:1:5:WPA2\n68:1:80:WPA2", found, 1), 1);
    assert_memory_equal(found[0].ssid, "h", 1);
}

static void leaves_out_lines_that_are_no_networks(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "nonsense",
        "6:6:72:WPA2",
        "GG:6:72:WPA2",
        "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF00:6:72:WPA2",
        "68:-1:72:WPA2",
        "68:999:72:WPA2",
        "68:6:101:WPA2",
        "68:6:x:WPA2",
        "68:6:72",
        "68::72:WPA2",
        "Warning: nmcli (1.42.4) and NetworkManager (1.40.0) versions don't match.",
    };
    struct wifi_network found[2];
    for (unsigned i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_int_equal(nmcli_text_networks(BAD[i], found, 2), 0);
    }
}

static void tells_a_network_that_speaks_wpa3_alone(void **state)
{
    (void)state;
    static const char LIST[] = "61:6:72:WPA3\n62:6:72:WPA2 WPA3\n63:6:72:WPA3\n63:1:20:WPA2\n"
                               "64:6:72:\n";
    assert_true(nmcli_text_is_wpa3_alone(LIST, (const uint8_t *)"a", 1));
    assert_false(nmcli_text_is_wpa3_alone(LIST, (const uint8_t *)"b", 1));
    assert_false(nmcli_text_is_wpa3_alone(LIST, (const uint8_t *)"c", 1));
    assert_false(nmcli_text_is_wpa3_alone(LIST, (const uint8_t *)"d", 1));
    assert_false(nmcli_text_is_wpa3_alone(LIST, (const uint8_t *)"e", 1));
}

static void reads_the_state_and_the_address_of_a_device(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_active;
        const char *address;
    } CASES[] = {
        { "GENERAL.STATE:100 (connected)\nIP4.ADDRESS[1]:192.168.228.18/32\n"
          "IP4.ADDRESS[2]:192.168.209.179/25\nIP6.ADDRESS[1]:2001\\:a\\:\\:b/64\n",
          true, "192.168.228.18" },
        { "GENERAL.STATE:100 (connected)\nIP6.ADDRESS[1]:fe80\\:\\:1/64\n"
          "IP6.ADDRESS[2]:2001\\:db8\\:\\:7/64\n",
          true, "2001:db8::7" },
        { "GENERAL.STATE:30 (disconnected)\n", false, "" },
        { "GENERAL.STATE:70 (connecting (getting IP configuration))\n", false, "" },
        { "GENERAL.STATE:100\nIP4.ADDRESS[1]:$(reboot)/32\n", false, "" },
        { "", false, "" },
    };
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char address[WIFI_ADDRESS_SIZE] = "old";
        assert_int_equal(nmcli_text_device(CASES[i].text, address), CASES[i].is_active);
        assert_string_equal(address, CASES[i].address);
    }
}

static void knows_why_an_activation_failed(void **state)
{
    (void)state;
    static const struct {
        int exit_code;
        const char *complaint;
        enum wifi_reason reason;
    } CASES[] = {
        { 4, "Error: Connection activation failed: (7) Secrets were required, but not provided.",
          WIFI_REASON_AUTH_FAILED },
        { 4, "Error: Connection activation failed: 802.1X supplicant took too long to authenticate",
          WIFI_REASON_AUTH_FAILED },
        { 4, "Error: Connection activation failed: No valid secrets", WIFI_REASON_AUTH_FAILED },
        { 4, "Error: Connection activation failed: The Wi-Fi network could not be found",
          WIFI_REASON_NOT_FOUND },
        { 10, "Error: No network with SSID 'x' found.", WIFI_REASON_NOT_FOUND },
        { 10, "", WIFI_REASON_NOT_FOUND },
        { 4,
          "Error: Connection activation failed: IP configuration could not be reserved (no "
          "available address, timeout, etc.)",
          WIFI_REASON_NO_ADDRESS },
        { 3, "Error: Timeout expired (50 seconds)", WIFI_REASON_RADIO },
        { 8, "Error: NetworkManager is not running.", WIFI_REASON_RADIO },
    };
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        assert_int_equal(nmcli_text_reason(CASES[i].exit_code, CASES[i].complaint),
                         CASES[i].reason);
    }
}

static void writes_a_secret_that_no_reader_strips_or_unescapes(void **state)
{
    (void)state;
    char out[320];
    size_t size = 0;
    assert_int_equal(nmcli_text_secret(" \\:#", out, sizeof out, &size), STATUS_OK);
    assert_string_equal(out, "802-11-wireless-security.psk:\\040\\134\\072\\043\n");
    assert_int_equal(size, strlen(out));
    char longest[WIFI_PASSWORD_LIMIT + 1];
    memset(longest, 'a', WIFI_PASSWORD_LIMIT);
    longest[WIFI_PASSWORD_LIMIT] = '\0';
    assert_int_equal(nmcli_text_secret(longest, out, sizeof out, &size), STATUS_OK);
    assert_int_equal(nmcli_text_secret(longest, out, 200, &size), STATUS_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undoes_the_escapes_of_a_field),
        cmocka_unit_test(reads_names_of_any_bytes_by_strength_and_each_once),
        cmocka_unit_test(leaves_out_lines_that_are_no_networks),
        cmocka_unit_test(tells_a_network_that_speaks_wpa3_alone),
        cmocka_unit_test(reads_the_state_and_the_address_of_a_device),
        cmocka_unit_test(knows_why_an_activation_failed),
        cmocka_unit_test(writes_a_secret_that_no_reader_strips_or_unescapes),
    };
    return cmocka_run_group_tests_name("nmcli_text", tests, NULL, NULL);
}
