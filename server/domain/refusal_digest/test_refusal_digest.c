// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "refusal_digest.h"

enum { HOUR_MS = REFUSAL_DIGEST_HOUR_MS };

static struct refusal_digest digest;

struct told {
    unsigned lines;
    uint64_t sum;
    struct refusal last;
};

static void keep(void *ctx, const struct refusal *refusal)
{
    struct told *told = ctx;
    told->lines++;
    told->sum += refusal->count;
    told->last = *refusal;
}

static struct told settle(uint64_t now_ms)
{
    struct told told = { .lines = 0 };
    refusal_digest_settle(&digest, now_ms, keep, &told);
    return told;
}

static int clear(void **state)
{
    (void)state;
    memset(&digest, 0, sizeof digest);
    return 0;
}

static void tells_the_first_at_once_and_the_others_as_a_number(void **state)
{
    (void)state;
    assert_true(refusal_digest_take(&digest, "meter-1", "192.0.2.7", "revoked", 5000));
    for (unsigned i = 0; i < 999; i++) {
        // From other addresses, too: it is the same device.
        assert_false(refusal_digest_take(&digest, "meter-1", "192.0.2.8", "revoked", 6000));
    }
    assert_true(refusal_digest_take(&digest, "meter-1", "192.0.2.7", "expired", 7000));
    assert_int_equal(settle(5000 + HOUR_MS - 1).lines, 0);
    const struct told told = settle(5000 + HOUR_MS);
    assert_int_equal(told.lines, 1);
    assert_int_equal(told.last.count, 999);
    assert_string_equal(told.last.name, "meter-1");
    assert_string_equal(told.last.address, "192.0.2.7");
    assert_string_equal(told.last.cause, "revoked");
    assert_true(refusal_digest_take(&digest, "meter-1", "192.0.2.7", "revoked", 5000 + HOUR_MS));
    assert_int_equal(settle(6000 + HOUR_MS).lines, 0);
}

static void a_flood_of_strangers_is_a_few_lines_and_hides_no_device(void **state)
{
    (void)state;
    unsigned at_once = 0;
    for (unsigned i = 0; i < 100000; i++) {
        char address[16];
        (void)snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16, (i >> 8) & 255u, i & 255u);
        at_once += refusal_digest_take(&digest, "", address, "bad_name", 1) ? 1 : 0;
    }
    assert_int_equal(at_once, REFUSAL_DIGEST_STRANGERS);
    assert_true(refusal_digest_take(&digest, "meter-1", "10.0.0.1", "revoked", 2));
    const struct told told = settle(1 + HOUR_MS);
    assert_int_equal(told.lines, 1);
    assert_int_equal(told.last.count, 100000 - REFUSAL_DIGEST_STRANGERS);
    assert_string_equal(told.last.cause, "");
}

static void a_fleet_of_refused_devices_has_as_many_lines_as_there_are_places(void **state)
{
    (void)state;
    unsigned at_once = 0;
    for (unsigned i = 0; i < 1000; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "meter-%u", i % 500);
        at_once += refusal_digest_take(&digest, name, "10.0.0.1", "list_stale", 1) ? 1 : 0;
    }
    assert_int_equal(at_once, REFUSAL_DIGEST_NAMED);
    assert_true(refusal_digest_take(&digest, "", "10.0.0.1", "bad_name", 2));
    const struct told told = settle(1 + HOUR_MS);
    assert_int_equal(told.lines, REFUSAL_DIGEST_NAMED + 1);
    assert_int_equal(told.sum, 1000 - REFUSAL_DIGEST_NAMED);
}

static void tells_the_rest_at_the_end(void **state)
{
    (void)state;
    assert_int_equal(settle(UINT64_MAX).lines, 0);
    assert_true(refusal_digest_take(&digest, "meter-1", "a", "revoked", 1));
    assert_false(refusal_digest_take(&digest, "meter-1", "a", "revoked", 1));
    assert_int_equal(settle(UINT64_MAX).sum, 1);
    assert_int_equal(settle(UINT64_MAX).lines, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tells_the_first_at_once_and_the_others_as_a_number, clear),
        cmocka_unit_test_setup(a_flood_of_strangers_is_a_few_lines_and_hides_no_device, clear),
        cmocka_unit_test_setup(a_fleet_of_refused_devices_has_as_many_lines_as_there_are_places,
                               clear),
        cmocka_unit_test_setup(tells_the_rest_at_the_end, clear),
    };
    return cmocka_run_group_tests_name("refusal_digest", tests, NULL, NULL);
}
