// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station_link.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

enum { STATES = STATION_CONNECTED + 1, EVENTS = STATION_TIMED_OUT + 1 };

static void expect(enum station_state state, enum station_event event, enum station_state next,
                   enum station_action action, enum station_news news)
{
    const struct station_step step = station_next(state, event);
    assert_int_equal(step.state, next);
    assert_int_equal(step.action, action);
    assert_int_equal(step.news, news);
}

/// Every pair, by state and then by event in their order.
static void goes_from_every_state_where_it_should(void **state)
{
    static const struct {
        enum station_state next;
        enum station_action action;
        enum station_news news;
    } TABLE[STATES][EVENTS] = {
        { { STATION_JOINING, STATION_DO_JOIN, STATION_TELL_NOTHING },
          { STATION_IDLE, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_IDLE, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_IDLE, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_IDLE, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_IDLE, STATION_DO_NOTHING, STATION_TELL_NOTHING } },
        { { STATION_CHANGING, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_LEAVING, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_LEAVING, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_IDLE, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_LEAVING, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_IDLE, STATION_DO_NOTHING, STATION_TELL_NOTHING } },
        { { STATION_CHANGING, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_LEAVING, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_CHANGING, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_JOINING, STATION_DO_JOIN, STATION_TELL_NOTHING },
          { STATION_CHANGING, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_JOINING, STATION_DO_JOIN, STATION_TELL_NOTHING } },
        { { STATION_CHANGING, STATION_DO_LEAVE, STATION_TELL_NOTHING },
          { STATION_LEAVING, STATION_DO_LEAVE, STATION_TELL_NOTHING },
          { STATION_ASKING, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_IDLE, STATION_DO_NOTHING, STATION_TELL_FAILED },
          { STATION_CONNECTED, STATION_DO_NOTHING, STATION_TELL_CONNECTED },
          { STATION_LEAVING, STATION_DO_LEAVE, STATION_TELL_FAILED } },
        { { STATION_CHANGING, STATION_DO_LEAVE, STATION_TELL_NOTHING },
          { STATION_LEAVING, STATION_DO_LEAVE, STATION_TELL_NOTHING },
          { STATION_ASKING, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_IDLE, STATION_DO_NOTHING, STATION_TELL_FAILED },
          { STATION_CONNECTED, STATION_DO_NOTHING, STATION_TELL_CONNECTED },
          { STATION_LEAVING, STATION_DO_LEAVE, STATION_TELL_FAILED } },
        { { STATION_CHANGING, STATION_DO_LEAVE, STATION_TELL_NOTHING },
          { STATION_LEAVING, STATION_DO_LEAVE, STATION_TELL_NOTHING },
          { STATION_CONNECTED, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_IDLE, STATION_DO_NOTHING, STATION_TELL_LOST },
          { STATION_CONNECTED, STATION_DO_NOTHING, STATION_TELL_NOTHING },
          { STATION_CONNECTED, STATION_DO_NOTHING, STATION_TELL_NOTHING } },
    };
    (void)state;
    for (unsigned from = 0; from < STATES; from++) {
        for (unsigned event = 0; event < EVENTS; event++) {
            expect((enum station_state)from, (enum station_event)event, TABLE[from][event].next,
                   TABLE[from][event].action, TABLE[from][event].news);
        }
    }
}

/// Goes through `events` and counts what was told.
static enum station_state walk(const enum station_event *events, size_t count, unsigned *told)
{
    enum station_state state = STATION_IDLE;
    for (size_t n = 0; n < count; n++) {
        const struct station_step step = station_next(state, events[n]);
        told[step.news]++;
        state = step.state;
    }
    return state;
}

static void takes_the_end_of_an_old_link_for_no_failure_of_the_new(void **state)
{
    const enum station_event change[] = { STATION_TOLD_TO_JOIN, STATION_LINK_UP,
                                          STATION_HAS_ADDRESS,  STATION_TOLD_TO_JOIN,
                                          STATION_LINK_DOWN,    STATION_LINK_UP,
                                          STATION_HAS_ADDRESS };
    unsigned told[4] = { 0 };
    (void)state;
    assert_int_equal(walk(change, LEN(change), told), STATION_CONNECTED);
    assert_int_equal(told[STATION_TELL_CONNECTED], 2);
    assert_int_equal(told[STATION_TELL_FAILED], 0);
    assert_int_equal(told[STATION_TELL_LOST], 0);
}

static void tells_of_each_attempt_once(void **state)
{
    const enum station_event no_address[] = { STATION_TOLD_TO_JOIN, STATION_LINK_UP,
                                              STATION_TIMED_OUT,    STATION_LINK_DOWN,
                                              STATION_TOLD_TO_JOIN, STATION_LINK_DOWN };
    unsigned told[4] = { 0 };
    (void)state;
    assert_int_equal(walk(no_address, LEN(no_address), told), STATION_IDLE);
    assert_int_equal(told[STATION_TELL_FAILED], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_from_every_state_where_it_should),
        cmocka_unit_test(takes_the_end_of_an_old_link_for_no_failure_of_the_new),
        cmocka_unit_test(tells_of_each_attempt_once),
    };
    return cmocka_run_group_tests_name("station_link", tests, NULL, NULL);
}
