// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sign_in_guard.h"

enum { NOON_MS = 43200000 };

static int make_guard(void **state)
{
    static struct sign_in_guard guard;
    sign_in_guard_init(&guard, 0x1234567890ABCDEFu);
    *state = &guard;
    return 0;
}

static enum status ask(struct sign_in_guard *guard, const char *address, int64_t now_ms)
{
    int64_t wait_ms = 0;
    return sign_in_guard_ask(guard, address, "admin", now_ms, &wait_ms);
}

static void doubles_the_wait_after_the_third_failure(void **state)
{
    struct sign_in_guard *guard = *state;
    int64_t now_ms = NOON_MS;
    int64_t expected_ms = 1000;

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(ask(guard, "10.0.0.1", now_ms), STATUS_OK);
        sign_in_guard_failed(guard, "10.0.0.1", "admin", now_ms);
    }
    for (unsigned i = 0; i < 12; i++) {
        int64_t wait_ms = 0;
        assert_int_equal(sign_in_guard_ask(guard, "10.0.0.1", "admin", now_ms, &wait_ms),
                         STATUS_BUSY);
        assert_int_equal(wait_ms, expected_ms);
        now_ms += wait_ms - 1;
        assert_int_equal(ask(guard, "10.0.0.1", now_ms), STATUS_BUSY);
        now_ms += 1;
        while (ask(guard, "10.0.0.1", now_ms) != STATUS_OK) {
            now_ms += 1000; // The account's bucket may want some more.
        }
        sign_in_guard_failed(guard, "10.0.0.1", "admin", now_ms);
        expected_ms = expected_ms * 2 < 300000 ? expected_ms * 2 : 300000;
    }
}

static void others_cannot_lock_the_owner_out(void **state)
{
    struct sign_in_guard *guard = *state;
    for (unsigned i = 0; i < 500; i++) {
        char address[32];
        (void)snprintf(address, sizeof address, "10.1.%u.%u", i / 250, i % 250);
        if (ask(guard, address, NOON_MS) == STATUS_OK) {
            sign_in_guard_failed(guard, address, "admin", NOON_MS);
        }
        // Who has failed must wait for the account's bucket, the owner's first try need not.
        assert_true(i < 5 || ask(guard, address, NOON_MS) == STATUS_BUSY);
    }
    assert_int_equal(ask(guard, "192.168.1.7", NOON_MS), STATUS_OK);
}

static void one_address_runs_dry_whichever_names_it_tries(void **state)
{
    struct sign_in_guard *guard = *state;
    unsigned allowed = 0;
    for (unsigned i = 0; i < 100; i++) {
        char name[16];
        int64_t wait_ms = 0;
        (void)snprintf(name, sizeof name, "user%u", i);
        if (sign_in_guard_ask(guard, "10.0.0.1", name, NOON_MS, &wait_ms) == STATUS_OK) {
            allowed++;
            sign_in_guard_failed(guard, "10.0.0.1", name, NOON_MS);
        }
    }
    assert_int_equal(allowed, 10);
    assert_int_equal(ask(guard, "10.0.0.2", NOON_MS), STATUS_OK);
}

static void success_clears_the_wait(void **state)
{
    struct sign_in_guard *guard = *state;
    for (unsigned i = 0; i < 3; i++) {
        sign_in_guard_failed(guard, "10.0.0.1", "admin", NOON_MS);
    }
    assert_int_equal(ask(guard, "10.0.0.1", NOON_MS), STATUS_BUSY);
    assert_int_equal(ask(guard, "10.0.0.1", NOON_MS + 1000), STATUS_OK);
    sign_in_guard_succeeded(guard, "10.0.0.1", "admin");
    assert_int_equal(ask(guard, "10.0.0.1", NOON_MS + 1000), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(doubles_the_wait_after_the_third_failure, make_guard),
        cmocka_unit_test_setup(others_cannot_lock_the_owner_out, make_guard),
        cmocka_unit_test_setup(one_address_runs_dry_whichever_names_it_tries, make_guard),
        cmocka_unit_test_setup(success_clears_the_wait, make_guard),
    };
    return cmocka_run_group_tests_name("sign_in_guard", tests, NULL, NULL);
}
