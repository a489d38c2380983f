// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "timekeeper.h"

static const int64_t EPOCH_MS = 1763690000000;

static struct anchor at(uint64_t uptime_ms, int64_t utc_ms, uint32_t uncertainty_ms,
                        enum anchor_source source)
{
    return (struct anchor){ .uptime_ms = uptime_ms,
                            .utc_ms = utc_ms,
                            .uncertainty_ms = uncertainty_ms,
                            .source = (uint8_t)source };
}

/// Observes and, as the communication task does, commits what is due.
static bool observe(struct timekeeper *timekeeper, struct anchor anchor)
{
    const bool due = timekeeper_observe(timekeeper, &anchor);
    if (due) {
        timekeeper_anchored(timekeeper, &anchor);
    }
    return due;
}

static void anchors_the_first_time_it_learns_and_then_hourly(void **state)
{
    (void)state;
    struct timekeeper timekeeper;
    const uint64_t hour_ms = TIMEKEEPER_ANCHOR_PERIOD_MS;

    timekeeper_init(&timekeeper);
    assert_true(observe(&timekeeper, at(5000, EPOCH_MS, 50, ANCHOR_SOURCE_HOST)));
    unsigned anchors = 0;
    for (uint64_t ms = 1000; ms <= 3 * hour_ms; ms += 1000) {
        anchors +=
            observe(&timekeeper, at(5000 + ms, EPOCH_MS + (int64_t)ms, 50, ANCHOR_SOURCE_HOST));
    }
    assert_int_equal(anchors, 3);
}

static void anchors_when_a_better_source_speaks_and_ignores_a_worse_one(void **state)
{
    (void)state;
    struct timekeeper timekeeper;
    int64_t utc_ms = 0;
    uint32_t uncertainty_ms = 0;

    timekeeper_init(&timekeeper);
    assert_true(observe(&timekeeper, at(1000, EPOCH_MS + 900, 2000, ANCHOR_SOURCE_SERVER)));
    assert_true(observe(&timekeeper, at(2000, EPOCH_MS + 1000, 20, ANCHOR_SOURCE_SNTP)));
    assert_false(observe(&timekeeper, at(3000, EPOCH_MS + 90000, 2000, ANCHOR_SOURCE_SERVER)));
    assert_false(observe(&timekeeper, at(3000, EPOCH_MS + 90000, 0, ANCHOR_SOURCE_NONE)));

    assert_true(timekeeper_utc_ms(&timekeeper, 3000, &utc_ms, &uncertainty_ms));
    assert_true(utc_ms == EPOCH_MS + 2000);
    assert_int_equal(uncertainty_ms, 20);
}

static void anchors_on_disagreement_beyond_uncertainty_and_drift(void **state)
{
    (void)state;
    struct timekeeper timekeeper;

    timekeeper_init(&timekeeper);
    assert_true(observe(&timekeeper, at(0, EPOCH_MS, 50, ANCHOR_SOURCE_HOST)));
    // After 1000 s the crystal may be off by 100 ms; with 50 ms on both sides 200 ms are allowed.
    assert_false(observe(&timekeeper, at(1000000, EPOCH_MS + 1000200, 50, ANCHOR_SOURCE_HOST)));
    assert_false(observe(&timekeeper, at(1000000, EPOCH_MS + 999800, 50, ANCHOR_SOURCE_HOST)));
    assert_true(observe(&timekeeper, at(1000000, EPOCH_MS + 1000201, 50, ANCHOR_SOURCE_HOST)));
    assert_true(observe(&timekeeper, at(1000000, EPOCH_MS + 900000, 50, ANCHOR_SOURCE_HOST)));
}

static void asks_again_until_the_anchor_is_kept(void **state)
{
    (void)state;
    struct timekeeper timekeeper;
    const struct anchor first = at(1000, EPOCH_MS, 50, ANCHOR_SOURCE_HOST);
    const struct anchor second = at(2000, EPOCH_MS + 1000, 50, ANCHOR_SOURCE_HOST);

    timekeeper_init(&timekeeper);
    assert_true(timekeeper_observe(&timekeeper, &first));
    assert_true(timekeeper_observe(&timekeeper, &second));
    timekeeper_anchored(&timekeeper, &second);
    assert_false(timekeeper_observe(&timekeeper, &second));
}

static void does_not_know_the_time_before_somebody_says_it(void **state)
{
    (void)state;
    struct timekeeper timekeeper;
    int64_t utc_ms = 7;
    uint32_t uncertainty_ms = 7;
    const struct anchor nonsense = at(1000, -1, 0, ANCHOR_SOURCE_SNTP);
    const struct anchor beyond = at(1000, INT64_MAX, 0, ANCHOR_SOURCE_SNTP);

    timekeeper_init(&timekeeper);
    assert_false(timekeeper_observe(&timekeeper, &nonsense));
    assert_false(timekeeper_observe(&timekeeper, &beyond));
    assert_false(timekeeper_utc_ms(&timekeeper, 1000, &utc_ms, &uncertainty_ms));
    assert_int_equal(utc_ms, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anchors_the_first_time_it_learns_and_then_hourly),
        cmocka_unit_test(anchors_when_a_better_source_speaks_and_ignores_a_worse_one),
        cmocka_unit_test(anchors_on_disagreement_beyond_uncertainty_and_drift),
        cmocka_unit_test(asks_again_until_the_anchor_is_kept),
        cmocka_unit_test(does_not_know_the_time_before_somebody_says_it),
    };
    return cmocka_run_group_tests_name("timekeeper", tests, NULL, NULL);
}
