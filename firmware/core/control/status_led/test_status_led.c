// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "status_led.h"

enum { US_PER_MS = 1000 };

/// Draws two seconds of light from `begin_us` on, one mark for every 50 ms: '#' on, '.' off.
static void draw(const struct status_led *led, uint64_t begin_us, char drawing[41])
{
    for (unsigned i = 0; i < 40; i++) {
        drawing[i] = status_led_is_on(led, begin_us + UINT64_C(50) * US_PER_MS * i) ? '#' : '.';
    }
    drawing[40] = '\0';
}

static void each_pattern_has_its_rhythm(void **state)
{
    (void)state;
    static const struct {
        enum status_led_pattern pattern;
        const char *drawing;
    } EXPECTED[] = {
        { STATUS_LED_PROVISIONING, "####....####....####....####....####...." },
        { STATUS_LED_CONNECTED, "##..................##.................." },
        { STATUS_LED_NETWORK, "##..##..............##..##.............." },
        { STATUS_LED_DISCONNECTED, "##########..........##########.........." },
    };
    struct status_led led;
    status_led_init(&led, 12345);
    for (unsigned i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0]; i++) {
        const uint64_t begin_us = 7000000u * (i + 1u) + 321u;
        char drawing[41];
        status_led_show(&led, EXPECTED[i].pattern, begin_us);
        draw(&led, begin_us, drawing);
        assert_string_equal(drawing, EXPECTED[i].drawing);
    }
}

static void starts_as_disconnected(void **state)
{
    (void)state;
    struct status_led led;
    char drawing[41];
    status_led_init(&led, 99);
    draw(&led, 99, drawing);
    assert_string_equal(drawing, "##########..........##########..........");
}

static void edges_fall_on_the_millisecond(void **state)
{
    (void)state;
    struct status_led led;
    status_led_init(&led, 0);
    status_led_show(&led, STATUS_LED_PROVISIONING, 0);
    assert_true(status_led_is_on(&led, 199999));
    assert_false(status_led_is_on(&led, 200000));
    assert_false(status_led_is_on(&led, 399999));
    assert_true(status_led_is_on(&led, 400000));
}

static void a_rhythm_asked_for_again_is_not_disturbed(void **state)
{
    (void)state;
    struct status_led led;
    status_led_init(&led, 0);
    status_led_show(&led, STATUS_LED_CONNECTED, 0);
    for (uint64_t now_us = 0; now_us < 5000000; now_us += 10000) {
        status_led_show(&led, STATUS_LED_CONNECTED, now_us);
        assert_int_equal(status_led_is_on(&led, now_us), now_us % 1000000 < 100000);
    }
}

static void an_unknown_pattern_shows_as_disconnected(void **state)
{
    (void)state;
    struct status_led led;
    status_led_init(&led, 0);
    led.pattern = (enum status_led_pattern)99;
    assert_true(status_led_is_on(&led, 499999));
    assert_false(status_led_is_on(&led, 500000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pattern_has_its_rhythm),
        cmocka_unit_test(starts_as_disconnected),
        cmocka_unit_test(edges_fall_on_the_millisecond),
        cmocka_unit_test(a_rhythm_asked_for_again_is_not_disturbed),
        cmocka_unit_test(an_unknown_pattern_shows_as_disconnected),
    };
    return cmocka_run_group_tests_name("status_led", tests, NULL, NULL);
}
