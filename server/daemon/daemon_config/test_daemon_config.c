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

#include "daemon_config.h"

static bool read_text(struct daemon_config *config, const char *text, char *error, size_t size)
{
    char path[] = "/tmp/daemon_config_XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(descriptor);
    const bool good = daemon_config_read(config, path, error, size);
    (void)unlink(path);
    return good;
}

static void reads_keys_and_keeps_defaults(void **state)
{
    (void)state;
    struct daemon_config config;
    char error[300];
    daemon_config_init(&config);
    assert_true(read_text(&config,
                          "# a comment\n\n  store_path = /var/lib/x y/fleet.db \n"
                          "https_port=9443\nhttp_local = true",
                          error, sizeof error));
    assert_string_equal(config.store_path, "/var/lib/x y/fleet.db");
    assert_int_equal(config.https_port, 9443);
    assert_true(config.http_local);
    assert_int_equal(config.broker_port, 8883);
}

static void names_line_and_cause_of_a_mistake(void **state)
{
    (void)state;
    struct daemon_config config;
    char error[300];
    daemon_config_init(&config);
    assert_false(read_text(&config, "\nhttps_prot = 1\n", error, sizeof error));
    assert_non_null(strstr(error, ":2: there is no key 'https_prot'"));
    assert_false(read_text(&config, "https_port = 70000\n", error, sizeof error));
    assert_non_null(strstr(error, "from 0 to 65535"));
    assert_false(read_text(&config, "https_port = -1\n", error, sizeof error));
    assert_false(read_text(&config, "https_port = 80 80\n", error, sizeof error));
    assert_false(read_text(&config, "http_local = yes\n", error, sizeof error));
    assert_false(read_text(&config, "https_port\n", error, sizeof error));
    assert_false(daemon_config_read(&config, "/nowhere/ohmd.conf", error, sizeof error));
    assert_non_null(strstr(error, "No such file"));
}

static void lets_the_environment_override(void **state)
{
    (void)state;
    struct daemon_config config;
    char error[300];
    static const char *const environment[] = { "HOME=/root", "OHMD_HTTPS_PORT=1234", NULL };
    static const char *const mistaken[] = { "OHMD_HTTP_PORT=1234", NULL };
    daemon_config_init(&config);
    assert_true(daemon_config_read_environment(&config, environment, error, sizeof error));
    assert_int_equal(config.https_port, 1234);
    assert_false(daemon_config_read_environment(&config, mistaken, error, sizeof error));
    assert_non_null(strstr(error, "http_port"));
}

static void says_what_is_missing(void **state)
{
    (void)state;
    struct daemon_config config;
    char error[300];
    daemon_config_init(&config);
    assert_false(daemon_config_check(&config, error, sizeof error));
    assert_string_equal(error, "store_path is not set");
}

static void refuses_lives_too_short_to_renew_in(void **state)
{
    (void)state;
    struct daemon_config config;
    char error[300];
    daemon_config_init(&config);
    assert_true(read_text(&config,
                          "store_path = a\naccounts_path = b\nauthority_folder = c\n"
                          "certificate_life_s = 9\n",
                          error, sizeof error));
    assert_false(daemon_config_check(&config, error, sizeof error));
    assert_string_equal(error, "certificate_life_s must be 0, or at least 10");
    config.certificate_life_s = 10;
    assert_true(daemon_config_check(&config, error, sizeof error));
    config.certificate_life_s = 0;
    assert_true(daemon_config_check(&config, error, sizeof error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_keys_and_keeps_defaults),
        cmocka_unit_test(names_line_and_cause_of_a_mistake),
        cmocka_unit_test(lets_the_environment_override),
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(refuses_lives_too_short_to_renew_in),
    };
    return cmocka_run_group_tests_name("daemon_config", tests, NULL, NULL);
}
