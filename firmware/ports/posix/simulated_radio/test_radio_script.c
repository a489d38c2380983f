// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "radio_script.h"

static struct radio_script script;

static int start(void **state)
{
    (void)state;
    radio_script_init(&script);
    return 0;
}

static void reads_networks_and_changes(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "",
        "  # nothing but a comment",
        "scan_ms 1200",
        "network \"home\" channel 6 rssi -48 password \"correct horse\" join_ms 900 dhcp_ms 400 #x",
        "network \"a \\\"b\\\\\\xFF\\x00#\" rssi -70 dhcp_ms never off\r\n",
        "at 10 off \"home\"",
        "at 10 on \"home\"",
        "at 20 password \"home\" \"another one\"",
        "at 30 dhcp_ms \"home\" never",
        "at 40 rssi \"home\" -80",
    };
    for (unsigned i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        const char *fault = radio_script_line(&script, LINES[i]);
        if (fault != NULL) {
            fail_msg("%s: %s", LINES[i], fault);
        }
    }
    assert_int_equal(script.scan_ms, 1200);
    assert_int_equal(script.network_count, 2);
    const struct radio_network *home = &script.networks[0];
    assert_int_equal(home->ssid_size, 4);
    assert_int_equal(home->channel, 6);
    assert_int_equal(home->rssi_dbm, -48);
    assert_string_equal(home->password, "correct horse");
    assert_int_equal(home->join_ms, 900);
    assert_int_equal(home->dhcp_ms, 400);
    assert_true(home->is_on);
    assert_int_equal(script.networks[1].ssid_size, 8);
    assert_memory_equal(script.networks[1].ssid, "a \"b\\\xFF\0#", 8);
    assert_true(script.networks[1].never_dhcp);
    assert_false(script.networks[1].is_on);
    assert_int_equal(script.change_count, 5);
    assert_int_equal(script.changes[2].kind, RADIO_CHANGE_PASSWORD);
    assert_string_equal(script.changes[2].after.password, "another one");
    assert_true(script.changes[3].after.never_dhcp);
    assert_int_equal(script.changes[4].after.rssi_dbm, -80);
}

static void refuses_what_it_does_not_understand_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "nonsense",
        "network",
        "network home",
        "network \"\"",
        "network \"home",
        "network \"a name that is longer than 32 bytes\"",
        "network \"x\" password \"short\"",
        "network \"x\" channel 0",
        "network \"x\" channel 6x",
        "network \"x\" rssi 5",
        "network \"x\" rssi",
        "network \"x\" colour red",
        "network \"x\" \"channel\" 6",
        "network \"\\q\"",
        "network \"\\x4\"",
        "network \"home\"",
        "at 5 off \"other\"",
        "at off \"home\"",
        "at 5 off \"home\" now",
        "at 5 explode \"home\"",
        "at 5 password \"home\" \"short\"",
        "scan_ms",
        "scan_ms -1",
        "scan_ms 1 2",
        "scan_ms 99999999999999999999",
    };
    assert_null(radio_script_line(&script, "network \"home\" rssi -50"));
    for (unsigned i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        static struct radio_script before;
        before = script;
        if (radio_script_line(&script, BAD[i]) == NULL) {
            fail_msg("took: %s", BAD[i]);
        }
        assert_memory_equal(&script, &before, sizeof before);
    }
}

static void keeps_to_its_limits_and_to_the_order_of_time(void **state)
{
    (void)state;
    char line[64];
    for (unsigned i = 0; i < RADIO_SCRIPT_NETWORKS; i++) {
        (void)snprintf(line, sizeof line, "network \"n%u\"", i);
        assert_null(radio_script_line(&script, line));
    }
    assert_non_null(radio_script_line(&script, "network \"one more\""));
    for (unsigned i = 0; i < RADIO_SCRIPT_CHANGES; i++) {
        (void)snprintf(line, sizeof line, "at %u off \"n0\"", 10 * i);
        assert_null(radio_script_line(&script, line));
        if (i == 5) {
            assert_non_null(radio_script_line(&script, "at 49 off \"n0\""));
        }
    }
    assert_non_null(radio_script_line(&script, "at 99999 off \"n0\""));
}

static void names_the_line_of_a_file_that_is_wrong(void **state)
{
    (void)state;
    char path[] = "/tmp/ohm-test-radio-XXXXXX";
    char fault[256] = "";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, "network \"x\"\n\nwrong\n", 19), 19);
    assert_int_equal(close(descriptor), 0);
    assert_int_equal(radio_script_load(&script, path, fault, sizeof fault), STATUS_CORRUPT);
    assert_non_null(strstr(fault, "line 3"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(radio_script_load(&script, path, fault, sizeof fault), STATUS_IO);
    assert_non_null(strstr(fault, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(reads_networks_and_changes, start),
        cmocka_unit_test_setup(refuses_what_it_does_not_understand_and_changes_nothing, start),
        cmocka_unit_test_setup(keeps_to_its_limits_and_to_the_order_of_time, start),
        cmocka_unit_test_setup(names_the_line_of_a_file_that_is_wrong, start),
    };
    return cmocka_run_group_tests_name("radio_script", tests, NULL, NULL);
}
