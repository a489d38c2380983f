// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fleet_topics.h"

static void name_device_and_kind(void **state)
{
    (void)state;
    enum fleet_topic topic;
    char device_id[DEVICE_ID_SIZE];
    assert_true(fleet_topic_parse("energy_meter/meter-1/batch", NULL, &topic, device_id));
    assert_int_equal(topic, FLEET_TOPIC_BATCH);
    assert_string_equal(device_id, "meter-1");
    assert_true(fleet_topic_parse("energy_meter/m/command_result", NULL, &topic, device_id));
    assert_int_equal(topic, FLEET_TOPIC_COMMAND_RESULT);
}

static void belong_to_the_lab_device_when_flat(void **state)
{
    (void)state;
    enum fleet_topic topic;
    char device_id[DEVICE_ID_SIZE];
    char down[FLEET_TOPIC_SIZE];
    assert_true(fleet_topic_parse("energy_meter/data", "bench", &topic, device_id));
    assert_int_equal(topic, FLEET_TOPIC_DATA);
    assert_string_equal(device_id, "bench");
    assert_false(fleet_topic_parse("energy_meter/data", NULL, &topic, device_id));
    fleet_topic_down("bench", "bench", "ack", down);
    assert_string_equal(down, "energy_meter/ack");
    fleet_topic_down("meter-1", "bench", "ack", down);
    assert_string_equal(down, "energy_meter/meter-1/ack");
}

static void that_are_not_ours_are_refused(void **state)
{
    (void)state;
    enum fleet_topic topic;
    char device_id[DEVICE_ID_SIZE];
    static const char *const wrong[] = {
        "",
        "energy_meter",
        "energy_meter/",
        "energy_meter//batch",
        "energy_meter/meter-1",
        "energy_meter/meter-1/",
        "energy_meter/meter-1/batch/more",
        "energy_meter/meter-1/ack",
        "energy_meter/meter 1/batch",
        "smartplug/meter-1/batch",
        "energy_meter/abcdefghijklmnopqrstuvwxyz0123456789/batch",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(fleet_topic_parse(wrong[i], "bench", &topic, device_id));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_device_and_kind),
        cmocka_unit_test(belong_to_the_lab_device_when_flat),
        cmocka_unit_test(that_are_not_ours_are_refused),
    };
    return cmocka_run_group_tests_name("fleet_topics", tests, NULL, NULL);
}
