// SPDX-License-Identifier: MIT

/// Cuts the power, which the probe plays, at every step on the disk: the next opening completes the
/// folder, and what was there before has not changed.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "authority.h"
#include "step_countdown.h"
#include "test_folder.h"

enum { NOW_S = 1763726400, DAY = 86400 };

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/dev/shm/authority_power_XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    return test_folder_remove(folder);
}

static enum status open_until(unsigned steps, int64_t now_s, struct authority **authority,
                              unsigned *taken)
{
    struct step_countdown countdown = { .left = steps };
    const struct secret_file_probe probe = step_countdown_probe(&countdown);
    const struct authority_options options = { .folder = folder, .now_s = now_s, .probe = &probe };
    char reason[AUTHORITY_REASON_SIZE];
    const enum status status = authority_open(&options, authority, reason);
    *taken = countdown.steps;
    return status;
}

/// Opens once more, after the cut.
static struct authority *open_again(int64_t now_s)
{
    const struct authority_options options = { .folder = folder, .now_s = now_s };
    char reason[AUTHORITY_REASON_SIZE];
    struct authority *authority = NULL;
    if (authority_open(&options, &authority, reason) != STATUS_OK) {
        fail_msg("%s", reason);
    }
    return authority;
}

static void a_first_start_that_was_cut_short_is_completed(void **state)
{
    unsigned steps = 0;
    unsigned taken = 0;
    struct authority *authority = NULL;
    assert_int_equal(open_until(1000, NOW_S, &authority, &steps), STATUS_OK);
    authority_close(authority);
    assert_true(steps > 60);
    for (unsigned cut = 0; cut < steps; cut += 1 + cut % 2) {
        assert_int_equal(drop_folder(state), 0);
        assert_int_equal(make_folder(state), 0);
        assert_int_equal(open_until(cut, NOW_S, &authority, &taken), STATUS_IO);
        authority_close(open_again(NOW_S));
        // And then it is whole: nothing is left to write.
        assert_int_equal(open_until(0, NOW_S, &authority, &taken), STATUS_OK);
        assert_int_equal(taken, 0);
        authority_close(authority);
    }
}

static void a_renewal_that_was_cut_short_keeps_what_was_signed(void **state)
{
    static const int64_t later_s = NOW_S + INT64_C(3000) * DAY;
    (void)state;
    for (unsigned cut = 0; cut < 36; cut += 4) {
        unsigned taken = 0;
        struct authority *authority = NULL;
        struct certificate made;
        struct certificate found;
        char name[CERTIFICATE_NAME_SIZE];
        assert_int_equal(drop_folder(state), 0);
        assert_int_equal(make_folder(state), 0);
        authority = open_again(NOW_S);
        const struct certificate_authority *table = authority_table(authority);
        // The generator of the curve (SEC 2 section 2.4.2), which is a point like any other.
        const struct certificate_order order = {
            .device_id = "meter-1",
            .now_s = NOW_S,
            .life_s = DAY,
            .key = { 0x04, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5,
                     0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4,
                     0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A,
                     0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33,
                     0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5 }
        };
        assert_int_equal(table->issue(table->ctx, &order, &made), STATUS_OK);
        authority_close(authority);
        if (open_until(cut, later_s, &authority, &taken) == STATUS_OK) {
            authority_close(authority);
        }
        authority = open_again(later_s);
        table = authority_table(authority);
        assert_int_equal(table->recognise(table->ctx, made.der, made.size, &found, name),
                         STATUS_OK);
        authority_close(authority);
    }
}

static void a_server_that_lost_its_key_gets_another_at_any_cut(void **state)
{
    (void)state;
    authority_close(open_again(NOW_S));
    for (unsigned cut = 0; cut < 12; cut++) {
        unsigned taken = 0;
        char key[96];
        struct authority *authority = NULL;
        (void)snprintf(key, sizeof key, "%s/broker/key.pem", folder);
        assert_int_equal(unlink(key), 0);
        if (open_until(cut, NOW_S, &authority, &taken) == STATUS_OK) {
            authority_close(authority);
        }
        authority_close(open_again(NOW_S));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_first_start_that_was_cut_short_is_completed, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(a_renewal_that_was_cut_short_keeps_what_was_signed,
                                        make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(a_server_that_lost_its_key_gets_another_at_any_cut,
                                        make_folder, drop_folder),
    };
    return cmocka_run_group_tests_name("authority_power", tests, NULL, NULL);
}
