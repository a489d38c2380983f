// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "command_tracker.h"

/// A link that takes commands or is down, a waiter and a listener that count.
struct fixture {
    uint64_t now_ms;
    uint8_t random;
    enum status link_status;
    unsigned sent;
    int64_t sent_life_s;
    unsigned ended;
    struct command_result result;
    unsigned told;
    struct fleet_host host;
    struct device_link link;
    struct fleet_events events;
    struct fleet_counters counters;
    struct command_waiter waiter;
    struct command_tracker *tracker;
};

static int64_t utc_ms(void *ctx)
{
    return 1763690000000 + (int64_t)((struct fixture *)ctx)->now_ms;
}

static uint64_t monotonic_ms(void *ctx)
{
    return ((struct fixture *)ctx)->now_ms;
}

static void fill_random(void *ctx, uint8_t *out, size_t size)
{
    struct fixture *f = ctx;
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(f->random++ * 7u);
    }
}

static enum status send_command(void *ctx, const char *device_id, const char *cmd_id,
                                const struct relay_command *command, int64_t issued_s,
                                int64_t expires_s)
{
    (void)device_id, (void)cmd_id, (void)command;
    struct fixture *f = ctx;
    if (f->link_status == STATUS_OK) {
        f->sent++;
        f->sent_life_s = expires_s - issued_s;
    }
    return f->link_status;
}

static void note_end(void *ctx, const struct command_result *result)
{
    struct fixture *f = ctx;
    f->ended++;
    f->result = *result;
}

static void note_event(void *ctx, const char *device_id, const struct command_result *result)
{
    (void)device_id, (void)result;
    ((struct fixture *)ctx)->told++;
}

static int open_tracker(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .now_ms = 1000 };
    f.host = (struct fleet_host){
        .utc_ms = utc_ms, .monotonic_ms = monotonic_ms, .fill_random = fill_random, .ctx = &f
    };
    f.link = (struct device_link){ .send_command = send_command, .ctx = &f };
    f.events = (struct fleet_events){ .command = note_event, .ctx = &f };
    f.waiter = (struct command_waiter){ .ended = note_end, .ctx = &f };
    f.tracker = command_tracker_open(&f.host, &f.link, &f.events, &f.counters);
    *state = &f;
    return f.tracker != NULL ? 0 : -1;
}

static int close_tracker(void **state)
{
    command_tracker_close(((struct fixture *)*state)->tracker);
    return 0;
}

static const struct relay_command close_relay_3 = { .action = COMMAND_ACTION_SET_RELAY,
                                                    .relay = 3,
                                                    .state = true };

static struct command_result done(const char *cmd_id)
{
    struct command_result result = { .outcome = COMMAND_OUTCOME_DONE,
                                     .relay_mask_known = true,
                                     .relay_mask = 8 };
    memcpy(result.cmd_id, cmd_id, COMMAND_ID_SIZE);
    return result;
}

static void tells_the_result_once(void **state)
{
    struct fixture *f = *state;
    char cmd_id[COMMAND_ID_SIZE];
    assert_int_equal(command_tracker_send(f->tracker, "m", &close_relay_3, &f->waiter, cmd_id),
                     STATUS_OK);
    assert_int_equal(f->sent_life_s, COMMAND_TRACKER_LIFE_S);
    const struct command_result result = done(cmd_id);
    assert_int_equal(command_tracker_finish(f->tracker, "m", &result), STATUS_OK);
    assert_int_equal(command_tracker_finish(f->tracker, "m", &result), STATUS_MISSING);
    f->now_ms += COMMAND_TRACKER_TIMEOUT_MS;
    command_tracker_tick(f->tracker);
    assert_int_equal(f->ended, 1);
    assert_int_equal(f->told, 1);
    assert_int_equal(f->result.relay_mask, 8);
}

static void takes_no_result_from_another_device(void **state)
{
    struct fixture *f = *state;
    char cmd_id[COMMAND_ID_SIZE];
    assert_int_equal(command_tracker_send(f->tracker, "m", &close_relay_3, &f->waiter, cmd_id),
                     STATUS_OK);
    const struct command_result result = done(cmd_id);
    assert_int_equal(command_tracker_finish(f->tracker, "n", &result), STATUS_MISSING);
    assert_int_equal(f->ended, 0);
}

static void gives_up_after_its_time(void **state)
{
    struct fixture *f = *state;
    char cmd_id[COMMAND_ID_SIZE];
    assert_int_equal(command_tracker_send(f->tracker, "m", &close_relay_3, &f->waiter, cmd_id),
                     STATUS_OK);
    f->now_ms += COMMAND_TRACKER_TIMEOUT_MS - 1;
    command_tracker_tick(f->tracker);
    assert_int_equal(f->ended, 0);
    f->now_ms += 1;
    command_tracker_tick(f->tracker);
    assert_int_equal(f->ended, 1);
    assert_int_equal(f->result.outcome, COMMAND_OUTCOME_UNCONFIRMED);
    assert_string_equal(f->result.cmd_id, cmd_id);
}

static void never_calls_a_waiter_who_left(void **state)
{
    struct fixture *f = *state;
    char cmd_id[COMMAND_ID_SIZE];
    assert_int_equal(command_tracker_send(f->tracker, "m", &close_relay_3, &f->waiter, cmd_id),
                     STATUS_OK);
    command_tracker_forget(f->tracker, cmd_id);
    const struct command_result result = done(cmd_id);
    assert_int_equal(command_tracker_finish(f->tracker, "m", &result), STATUS_OK);
    assert_int_equal(f->ended, 0);
    assert_int_equal(f->told, 1);
}

static void says_at_once_what_cannot_be_sent(void **state)
{
    struct fixture *f = *state;
    char cmd_id[COMMAND_ID_SIZE];
    const struct relay_command ninth = { .action = COMMAND_ACTION_SET_RELAY, .relay = 8 };
    assert_int_equal(command_tracker_send(f->tracker, "m", &ninth, &f->waiter, cmd_id),
                     STATUS_INVALID);
    f->link_status = STATUS_IO;
    assert_int_equal(command_tracker_send(f->tracker, "m", &close_relay_3, &f->waiter, cmd_id),
                     STATUS_IO);
    f->now_ms += COMMAND_TRACKER_TIMEOUT_MS;
    command_tracker_tick(f->tracker);
    assert_int_equal(f->ended, 0);
}

static void refuses_when_too_many_are_under_way_and_recovers(void **state)
{
    struct fixture *f = *state;
    char cmd_id[COMMAND_ID_SIZE];
    for (int i = 0; i < COMMAND_TRACKER_LIMIT; i++) {
        assert_int_equal(command_tracker_send(f->tracker, "m", &close_relay_3, NULL, cmd_id),
                         STATUS_OK);
    }
    assert_int_equal(command_tracker_send(f->tracker, "m", &close_relay_3, NULL, cmd_id),
                     STATUS_FULL);
    f->now_ms += COMMAND_TRACKER_TIMEOUT_MS;
    command_tracker_tick(f->tracker);
    assert_int_equal(command_tracker_send(f->tracker, "m", &close_relay_3, NULL, cmd_id),
                     STATUS_OK);
}

static void names_every_command_differently_and_in_order(void **state)
{
    struct fixture *f = *state;
    char first[COMMAND_ID_SIZE];
    char second[COMMAND_ID_SIZE];
    assert_int_equal(command_tracker_send(f->tracker, "m", &close_relay_3, NULL, first), STATUS_OK);
    f->now_ms += 1;
    assert_int_equal(command_tracker_send(f->tracker, "m", &close_relay_3, NULL, second),
                     STATUS_OK);
    assert_int_equal(strlen(first), COMMAND_ID_SIZE - 1);
    assert_true(strcmp(first, second) < 0);
}

int main(void)
{
#define WITH_TRACKER(test) cmocka_unit_test_setup_teardown(test, open_tracker, close_tracker)
    const struct CMUnitTest tests[] = {
        WITH_TRACKER(tells_the_result_once),
        WITH_TRACKER(takes_no_result_from_another_device),
        WITH_TRACKER(gives_up_after_its_time),
        WITH_TRACKER(never_calls_a_waiter_who_left),
        WITH_TRACKER(says_at_once_what_cannot_be_sent),
        WITH_TRACKER(refuses_when_too_many_are_under_way_and_recovers),
        WITH_TRACKER(names_every_command_differently_and_in_order),
    };
    return cmocka_run_group_tests_name("command_tracker", tests, NULL, NULL);
}
