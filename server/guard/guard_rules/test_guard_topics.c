// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard_rules.h"

static const char *const up[] = { "batch",        "data",          "realtime",
                                  "relay_status", "system_status", "command_result" };
static const char *const down[] = { "ack", "command", "relay_control", "commands", "lease" };

enum { UP_COUNT = 6, DOWN_COUNT = 5 };

static const struct guard_party device = { IDENTITY_DEVICE, "meter-1" };
static const struct guard_party server = { IDENTITY_SERVER, "ohmd" };
static const struct guard_party operator_party = { IDENTITY_OPERATOR, "bench" };

static bool may(const struct guard_party *party, enum guard_access access, const char *middle,
                const char *word)
{
    char topic[128];
    (void)snprintf(topic, sizeof topic, "energy_meter/%s%s%s", middle, *middle != '\0' ? "/" : "",
                   word);
    return guard_may(party, access, topic);
}

static void a_device_writes_up_and_reads_down_under_its_own_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < UP_COUNT; i++) {
        assert_true(may(&device, GUARD_WRITE, "meter-1", up[i]));
        assert_false(may(&device, GUARD_READ, "meter-1", up[i]));
        assert_false(may(&device, GUARD_SUBSCRIBE, "meter-1", up[i]));
        assert_false(may(&device, GUARD_WRITE, "meter-2", up[i]));
        assert_false(may(&device, GUARD_WRITE, "", up[i]));
    }
    for (unsigned i = 0; i < DOWN_COUNT; i++) {
        assert_true(may(&device, GUARD_READ, "meter-1", down[i]));
        assert_true(may(&device, GUARD_SUBSCRIBE, "meter-1", down[i]));
        assert_false(may(&device, GUARD_WRITE, "meter-1", down[i]));
        assert_false(may(&device, GUARD_READ, "meter-2", down[i]));
        assert_false(may(&device, GUARD_SUBSCRIBE, "meter-2", down[i]));
        assert_false(may(&device, GUARD_SUBSCRIBE, "+", down[i]));
        assert_false(may(&device, GUARD_SUBSCRIBE, "", down[i]));
    }
}

static void the_server_reads_up_and_writes_down_for_every_device(void **state)
{
    (void)state;
    for (unsigned i = 0; i < UP_COUNT; i++) {
        assert_true(may(&server, GUARD_READ, "meter-1", up[i]));
        assert_true(may(&server, GUARD_SUBSCRIBE, "+", up[i]));
        assert_false(may(&server, GUARD_WRITE, "meter-1", up[i]));
        assert_false(may(&server, GUARD_READ, "+", up[i]));
        assert_false(may(&server, GUARD_READ, "a b", up[i]));
    }
    for (unsigned i = 0; i < DOWN_COUNT; i++) {
        assert_true(may(&server, GUARD_WRITE, "meter-1", down[i]));
        assert_false(may(&server, GUARD_WRITE, "+", down[i]));
        assert_false(may(&server, GUARD_READ, "meter-1", down[i]));
        assert_false(may(&server, GUARD_SUBSCRIBE, "+", down[i]));
    }
}

static void an_operator_looks_and_touches_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < UP_COUNT; i++) {
        const bool open = strcmp(up[i], "batch") != 0 && strcmp(up[i], "command_result") != 0;
        assert_int_equal(may(&operator_party, GUARD_READ, "meter-1", up[i]), open);
        assert_int_equal(may(&operator_party, GUARD_SUBSCRIBE, "+", up[i]), open);
        assert_false(may(&operator_party, GUARD_WRITE, "meter-1", up[i]));
        assert_false(may(&operator_party, GUARD_WRITE, "bench", up[i]));
    }
    for (unsigned i = 0; i < DOWN_COUNT; i++) {
        assert_false(may(&operator_party, GUARD_WRITE, "meter-1", down[i]));
        assert_false(may(&operator_party, GUARD_READ, "meter-1", down[i]));
    }
}

static void nobody_gets_beyond_the_contract(void **state)
{
    static const char *const topics[] = {
        "",
        "#",
        "+",
        "/",
        "+/+/batch",
        "+/meter-1/ack",
        "energy_meter",
        "energy_meter/",
        "energy_meter/#",
        "energy_meter/+",
        "energy_meter/ack",
        "energy_meter/batch",
        "energy_meter//ack",
        "energy_meter/meter-1",
        "energy_meter/meter-1/",
        "energy_meter/meter-1/#",
        "energy_meter/meter-1/+",
        "energy_meter/meter-1/ack/#",
        "energy_meter/meter-1/ack/deeper",
        "energy_meter/meter-1/batch/deeper",
        "energy_meter/meter-1/ackx",
        "energy_meter/meter-1/ac",
        "/energy_meter/meter-1/ack",
        "energy_meterx/meter-1/ack",
        "$SYS/#",
        "$SYS/broker/version",
        "$SYS/broker/connection/x/state",
        "$CONTROL/dynamic-security/v1",
        "$share/group/energy_meter/meter-1/ack",
        "$share/group/energy_meter/+/batch",
        "$share/group/#",
        "$share/energy_meter/meter-1/ack",
        "$anything",
    };
    static const struct guard_party *const parties[] = { &device, &server, &operator_party };
    (void)state;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        for (size_t j = 0; j < 3; j++) {
            assert_false(guard_may(parties[j], GUARD_READ, topics[i]));
            assert_false(guard_may(parties[j], GUARD_WRITE, topics[i]));
            assert_false(guard_may(parties[j], GUARD_SUBSCRIBE, topics[i]));
            assert_true(guard_may(parties[j], GUARD_UNSUBSCRIBE, topics[i]));
        }
    }
}

static void a_device_is_not_one_with_a_name_like_its_own(void **state)
{
    static const char *const names[] = { "meter-", "meter-11", "METER-1", "eter-1", "meter-2" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_false(may(&device, GUARD_READ, names[i], "ack"));
        assert_false(may(&device, GUARD_SUBSCRIBE, names[i], "ack"));
        assert_false(may(&device, GUARD_WRITE, names[i], "batch"));
    }
}

static void a_role_that_is_none_may_nothing(void **state)
{
    const struct guard_party nobody = { (enum identity_role)9, "meter-1" };
    (void)state;
    assert_false(guard_may(&nobody, GUARD_READ, "energy_meter/meter-1/ack"));
    assert_false(guard_may(&nobody, GUARD_WRITE, "energy_meter/meter-1/batch"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_writes_up_and_reads_down_under_its_own_name),
        cmocka_unit_test(the_server_reads_up_and_writes_down_for_every_device),
        cmocka_unit_test(an_operator_looks_and_touches_nothing),
        cmocka_unit_test(nobody_gets_beyond_the_contract),
        cmocka_unit_test(a_device_is_not_one_with_a_name_like_its_own),
        cmocka_unit_test(a_role_that_is_none_may_nothing),
    };
    return cmocka_run_group_tests_name("guard_topics", tests, NULL, NULL);
}
