// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stream_hub.h"

/// A browser: what it has read, and how often it slept and was woken.
struct reader {
    struct stream_subscriber *subscriber;
    unsigned sleeps;
    unsigned wakes;
    char text[65536];
};

struct fixture {
    struct stream_hub *hub;
    struct fleet_events events;
    struct reader readers[3];
};

static void note_wake(void *ctx)
{
    struct reader *reader = ctx;
    reader->wakes++;
}

static void note_sleep(void *ctx)
{
    struct reader *reader = ctx;
    reader->sleeps++;
}

static int open_hub(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.hub = stream_hub_open();
    f.events = stream_hub_events(f.hub);
    *state = &f;
    return f.hub != NULL ? 0 : -1;
}

static int close_hub(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 3; i++) {
        if (f->readers[i].subscriber != NULL) {
            stream_hub_leave(f->hub, f->readers[i].subscriber);
        }
    }
    stream_hub_close(f->hub);
    return 0;
}

static ssize_t read_some(struct fixture *f, unsigned index, size_t capacity)
{
    struct reader *reader = &f->readers[index];
    const struct stream_waker waker = { .wake = note_wake, .ctx = reader };
    const size_t held = strlen(reader->text);
    return stream_hub_read(f->hub, reader->subscriber, reader->text + held, capacity, &waker,
                           note_sleep);
}

static const char *read_all(struct fixture *f, unsigned index)
{
    memset(f->readers[index].text, 0, sizeof f->readers[index].text);
    while (read_some(f, index, 100) > 0) {
    }
    return f->readers[index].text;
}

static void join(struct fixture *f, unsigned index, const char *device_id)
{
    assert_int_equal(
        stream_hub_subscribe(f->hub, device_id, "owner", 0, &f->readers[index].subscriber),
        STATUS_OK);
    assert_string_equal(read_all(f, index), "retry: 2000\n\n");
}

static bool everybody(void *ctx, const char *owner)
{
    (void)ctx;
    (void)owner;
    return true;
}

static bool nobody(void *ctx, const char *owner)
{
    (void)ctx;
    assert_string_equal(owner, "owner");
    return false;
}

static void delivers_events_in_order_and_wakes_the_sleeper_once(void **state)
{
    struct fixture *f = *state;
    join(f, 0, NULL);
    assert_int_equal(f->readers[0].sleeps, 1);
    f->events.relay(f->events.ctx, "meter-1", 5, 77);
    f->events.relay(f->events.ctx, "meter-2", 6, 78);
    assert_int_equal(f->readers[0].wakes, 1);
    assert_string_equal(
        read_all(f, 0),
        "event: relay\ndata: {\"device_id\":\"meter-1\",\"relay_mask\":5,\"time_ms\":77}\n\n"
        "event: relay\ndata: {\"device_id\":\"meter-2\",\"relay_mask\":6,\"time_ms\":78}\n\n");
    assert_int_equal(f->readers[0].sleeps, 2);
}

static void gives_one_device_to_who_asked_for_one(void **state)
{
    struct fixture *f = *state;
    const struct device_view device = { .device_id = "meter-1" };
    const struct command_result result = { .cmd_id = "X", .outcome = COMMAND_OUTCOME_DONE };
    const struct stored_reading reading = { .device_id = "meter-2" };
    join(f, 0, "meter-1");
    join(f, 1, NULL);
    f->events.device(f->events.ctx, &device);
    f->events.command(f->events.ctx, "meter-1", &result);
    f->events.reading(f->events.ctx, &reading);
    assert_non_null(strstr(read_all(f, 0), "event: device\n"));
    assert_non_null(strstr(f->readers[0].text, "\"cmd_id\":\"X\",\"status\":\"done\","
                                               "\"relay_mask\":null}\n\n"));
    assert_null(strstr(f->readers[0].text, "event: reading\n"));
    assert_non_null(strstr(read_all(f, 1), "event: reading\n"));
}

static void drops_the_slow_reader_and_not_the_quick_one(void **state)
{
    struct fixture *f = *state;
    join(f, 0, NULL);
    join(f, 1, NULL);
    for (unsigned i = 0; i <= STREAM_HUB_QUEUE; i++) {
        f->events.relay(f->events.ctx, "meter-1", (uint8_t)i, i);
        assert_non_null(strstr(read_all(f, 1), "event: relay\n"));
    }
    assert_int_equal(stream_hub_counts(f->hub).dropped, 1);
    assert_int_equal(stream_hub_counts(f->hub).published, STREAM_HUB_QUEUE + 1);
    f->readers[0].text[0] = '\0';
    assert_int_equal(read_some(f, 0, 100), -1);
    f->events.relay(f->events.ctx, "meter-1", 1, 1);
    assert_non_null(strstr(read_all(f, 1), "event: relay\n"));
}

static void breaks_the_silence_every_fifteen_seconds(void **state)
{
    struct fixture *f = *state;
    join(f, 0, NULL);
    stream_hub_tick(f->hub, STREAM_HUB_SILENCE_MS - 1, everybody, NULL);
    assert_string_equal(read_all(f, 0), "");
    stream_hub_tick(f->hub, STREAM_HUB_SILENCE_MS, everybody, NULL);
    assert_string_equal(read_all(f, 0), ": still here\n\n");
    stream_hub_tick(f->hub, STREAM_HUB_SILENCE_MS + 1000, everybody, NULL);
    assert_string_equal(read_all(f, 0), "");
}

static void ends_the_stream_of_somebody_signed_out(void **state)
{
    struct fixture *f = *state;
    join(f, 0, NULL);
    stream_hub_tick(f->hub, 1000, nobody, NULL);
    assert_int_equal(f->readers[0].wakes, 1);
    f->readers[0].text[0] = '\0';
    assert_int_equal(read_some(f, 0, 100), -1);
}

static void takes_nobody_when_shut_and_no_more_than_there_is_room_for(void **state)
{
    struct fixture *f = *state;
    static struct stream_subscriber *crowd[STREAM_HUB_SUBSCRIBERS];
    struct stream_subscriber *other = NULL;
    for (unsigned i = 0; i < STREAM_HUB_SUBSCRIBERS; i++) {
        assert_int_equal(stream_hub_subscribe(f->hub, NULL, "owner", 0, &crowd[i]), STATUS_OK);
    }
    assert_int_equal(stream_hub_subscribe(f->hub, NULL, "owner", 0, &other), STATUS_FULL);
    stream_hub_leave(f->hub, crowd[7]);
    stream_hub_shut(f->hub);
    assert_int_equal(stream_hub_subscribe(f->hub, NULL, "owner", 0, &other), STATUS_FULL);
    for (unsigned i = 0; i < STREAM_HUB_SUBSCRIBERS; i++) {
        if (i != 7) {
            stream_hub_leave(f->hub, crowd[i]);
        }
    }
    assert_int_equal(stream_hub_counts(f->hub).subscribers, 0);
}

int main(void)
{
#define PROMISE(name) cmocka_unit_test_setup_teardown(name, open_hub, close_hub)
    const struct CMUnitTest tests[] = {
        PROMISE(delivers_events_in_order_and_wakes_the_sleeper_once),
        PROMISE(gives_one_device_to_who_asked_for_one),
        PROMISE(drops_the_slow_reader_and_not_the_quick_one),
        PROMISE(breaks_the_silence_every_fifteen_seconds),
        PROMISE(ends_the_stream_of_somebody_signed_out),
        PROMISE(takes_nobody_when_shut_and_no_more_than_there_is_room_for),
    };
    return cmocka_run_group_tests_name("stream_hub", tests, NULL, NULL);
}
