// SPDX-License-Identifier: MIT
#include "session_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char path[CLI_PATH_SIZE];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/ohm-session-XXXXXX");
    if (mkdtemp(folder) == NULL || setenv("XDG_CONFIG_HOME", folder, 1) != 0) {
        return -1;
    }
    return session_file_path(path) == STATUS_OK ? 0 : -1;
}

static int remove_folder(void **state)
{
    char inner[80];
    (void)state;
    (void)unlink(path);
    (void)snprintf(inner, sizeof inner, "%s/ohm", folder);
    (void)rmdir(inner);
    return rmdir(folder);
}

static void what_is_saved_is_loaded(void **state)
{
    (void)state;
    const struct cli_session saved = { .server = "https://localhost:8443",
                                       .ca = "/etc/ca \"x\".pem",
                                       .cookie = "name=value",
                                       .csrf = "token",
                                       .user = "admin" };
    struct cli_session loaded;
    assert_int_equal(session_file_load(path, &loaded), STATUS_MISSING);
    assert_int_equal(session_file_save(path, &saved), STATUS_OK);
    assert_int_equal(session_file_save(path, &saved), STATUS_OK);
    assert_int_equal(session_file_load(path, &loaded), STATUS_OK);
    assert_string_equal(loaded.server, saved.server);
    assert_string_equal(loaded.ca, saved.ca);
    assert_string_equal(loaded.cookie, saved.cookie);
    assert_string_equal(loaded.csrf, saved.csrf);
    assert_string_equal(loaded.user, saved.user);
}

static void only_the_owner_may_read_it(void **state)
{
    (void)state;
    const struct cli_session session = { .server = "https://a" };
    struct cli_session loaded;
    struct stat facts;
    assert_int_equal(session_file_save(path, &session), STATUS_OK);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(session_file_load(path, &loaded), STATUS_CORRUPT);
}

static void what_is_no_session_is_refused(void **state)
{
    (void)state;
    const struct cli_session session = { .server = "https://a" };
    struct cli_session loaded;
    assert_int_equal(session_file_save(path, &session), STATUS_OK);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("{\"server\":", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(session_file_load(path, &loaded), STATUS_CORRUPT);
    assert_string_equal(loaded.server, "");
}

static void a_value_that_does_not_fit_is_left_out(void **state)
{
    (void)state;
    const struct cli_session session = { .server = "https://a" };
    struct cli_session loaded;
    assert_int_equal(session_file_save(path, &session), STATUS_OK);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "{\"server\":\"%0300d\",\"user\":\"u\",\"csrf\":7}", 0) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(session_file_load(path, &loaded), STATUS_OK);
    assert_string_equal(loaded.server, "");
    assert_string_equal(loaded.user, "u");
    assert_string_equal(loaded.csrf, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_saved_is_loaded, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(only_the_owner_may_read_it, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_is_no_session_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_value_that_does_not_fit_is_left_out, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
