// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "topics.h"

static void names_topics_under_the_root_of_the_device(void **state)
{
    (void)state;
    struct topics topics;
    char name[TOPICS_NAME_SIZE];

    assert_int_equal(topics_init(&topics, "energy_meter/{device_id}", "meter-1"), STATUS_OK);
    topics_name(&topics, TOPIC_BATCH, name);
    assert_string_equal(name, "energy_meter/meter-1/batch");
    topics_name(&topics, TOPIC_RELAY_CONTROL, name);
    assert_string_equal(name, "energy_meter/meter-1/relay_control");
}

static void speaks_flat_topics_when_the_root_names_no_device(void **state)
{
    (void)state;
    struct topics topics;
    char name[TOPICS_NAME_SIZE];
    enum topic topic = TOPIC_BATCH;

    assert_int_equal(topics_init(&topics, "energy_meter", "meter-1"), STATUS_OK);
    topics_name(&topics, TOPIC_DATA, name);
    assert_string_equal(name, "energy_meter/data");
    assert_int_equal(topics_find_down(&topics, "energy_meter/relay_control", &topic), STATUS_OK);
    assert_int_equal(topic, TOPIC_RELAY_CONTROL);
}

static void finds_its_own_down_topics_and_no_other(void **state)
{
    (void)state;
    struct topics topics;
    enum topic topic = TOPIC_BATCH;

    assert_int_equal(topics_init(&topics, "energy_meter/{device_id}", "m"), STATUS_OK);
    for (int down = TOPIC_FIRST_DOWN; down < TOPIC_COUNT; down++) {
        char name[TOPICS_NAME_SIZE];
        topics_name(&topics, (enum topic)down, name);
        assert_int_equal(topics_find_down(&topics, name, &topic), STATUS_OK);
        assert_int_equal(topic, down);
    }
    assert_int_equal(topics_find_down(&topics, "energy_meter/m/batch", &topic), STATUS_MISSING);
    assert_int_equal(topics_find_down(&topics, "energy_meter/m2/ack", &topic), STATUS_MISSING);
    assert_int_equal(topics_find_down(&topics, "energy_meter/m/ack2", &topic), STATUS_MISSING);
    assert_int_equal(topics_find_down(&topics, "energy_meter/m/comman", &topic), STATUS_MISSING);
    assert_int_equal(topics_find_down(&topics, "", &topic), STATUS_MISSING);
}

static void refuses_a_root_that_no_broker_would_take(void **state)
{
    (void)state;
    static const char *const bad[] = { "",    "/a",   "a/",  "a//b", "a/#",
                                       "+/a", "$SYS", "a b", "a\n",  "\xC3\xA9" };
    struct topics topics;
    char longest[TOPICS_ROOT_SIZE + 2];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(topics_init(&topics, bad[i], "m"), STATUS_INVALID);
    }
    assert_int_equal(topics_init(&topics, "a/{device_id}", "#"), STATUS_INVALID);

    memset(longest, 'x', sizeof longest);
    longest[TOPICS_ROOT_SIZE + 1] = '\0';
    assert_int_equal(topics_init(&topics, longest, "m"), STATUS_INVALID);
    longest[TOPICS_ROOT_SIZE] = '\0';
    assert_int_equal(topics_init(&topics, longest, "m"), STATUS_OK);

    // The longest root still has room for the longest leaf.
    char name[TOPICS_NAME_SIZE];
    topics_name(&topics, TOPIC_COMMAND_RESULT, name);
    assert_string_equal(name + TOPICS_ROOT_SIZE, "/command_result");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_topics_under_the_root_of_the_device),
        cmocka_unit_test(speaks_flat_topics_when_the_root_names_no_device),
        cmocka_unit_test(finds_its_own_down_topics_and_no_other),
        cmocka_unit_test(refuses_a_root_that_no_broker_would_take),
    };
    return cmocka_run_group_tests_name("topics", tests, NULL, NULL);
}
