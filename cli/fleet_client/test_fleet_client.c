// SPDX-License-Identifier: MIT
#include "fleet_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void only_tls_and_this_machine_are_spoken_to(void **state)
{
    (void)state;
    assert_true(fleet_client_accepts("https://fleet.example"));
    assert_true(fleet_client_accepts("https://10.0.0.7:8443"));
    assert_true(fleet_client_accepts("http://localhost:8080"));
    assert_true(fleet_client_accepts("http://127.0.0.1"));
    assert_true(fleet_client_accepts("http://[::1]:8080"));
    assert_false(fleet_client_accepts("http://fleet.example"));
    assert_false(fleet_client_accepts("http://localhost.example"));
    assert_false(fleet_client_accepts("http://localhost@fleet.example"));
    assert_false(fleet_client_accepts("https://"));
    assert_false(fleet_client_accepts("https://:8443"));
    assert_false(fleet_client_accepts("ftp://localhost"));
    assert_false(fleet_client_accepts("localhost:8443"));
    assert_false(fleet_client_accepts("https://a\nb"));
    assert_false(fleet_client_accepts(""));
}

static void a_part_of_a_path_is_escaped_and_never_cut(void **state)
{
    (void)state;
    char out[16];
    assert_true(fleet_client_escape("meter-1_a.b~", out, sizeof out));
    assert_string_equal(out, "meter-1_a.b~");
    assert_true(fleet_client_escape("a/../b?", out, sizeof out));
    assert_string_equal(out, "a%2F..%2Fb%3F");
    assert_false(fleet_client_escape("0123456789012345", out, sizeof out));
    assert_false(fleet_client_escape("", out, 0));
}

static void a_wrong_server_is_named(void **state)
{
    (void)state;
    struct cli_session session = { .server = "fleet.example" };
    struct fleet_client *client = NULL;
    char fault[FLEET_FAULT_SIZE] = "";
    assert_int_equal(fleet_client_open(&session, &client, fault), STATUS_INVALID);
    assert_null(client);
    assert_non_null(strstr(fault, "fleet.example"));
    fleet_client_close(NULL);
}

static void a_server_that_is_not_there_is_an_answer_of_its_own(void **state)
{
    (void)state;
    struct cli_session session = { .server = "http://127.0.0.1:1" };
    struct fleet_client *client = NULL;
    struct fleet_answer answer;
    char fault[FLEET_FAULT_SIZE] = "";
    assert_int_equal(fleet_client_open(&session, &client, fault), STATUS_OK);
    assert_int_equal(fleet_client_call(client, "GET", "/healthz", NULL, &answer, fault), STATUS_IO);
    assert_int_equal(answer.http_status, 0);
    assert_non_null(strstr(fault, "is ohmd running there?"));
    fleet_client_close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_tls_and_this_machine_are_spoken_to),
        cmocka_unit_test(a_part_of_a_path_is_escaped_and_never_cut),
        cmocka_unit_test(a_wrong_server_is_named),
        cmocka_unit_test(a_server_that_is_not_there_is_an_answer_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
