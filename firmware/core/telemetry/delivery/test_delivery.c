// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery.h"

enum { LIVE_MS = 1000, RESEND_MS = 5000, LIMIT = 64 };

/// Sends everything that may be sent now. @return the number of batches.
static unsigned send_all(struct delivery *delivery, uint64_t oldest, uint64_t end, uint64_t now_ms)
{
    struct delivery_batch batch;
    unsigned count = 0;
    while (delivery_next(delivery, oldest, end, now_ms, &batch)) {
        delivery_sent(delivery, batch.first_seq, batch.count, now_ms);
        count++;
    }
    return count;
}

static void sends_each_new_reading_at_once_but_not_more_often_than_the_period(void **state)
{
    (void)state;
    struct delivery delivery;

    delivery_init(&delivery, 1, LIVE_MS, RESEND_MS, LIMIT);
    delivery_restart(&delivery, 1, 10000);
    assert_int_equal(send_all(&delivery, 1, 1, 10000), 0);
    assert_int_equal(send_all(&delivery, 1, 2, 10500), 1);
    assert_int_equal(send_all(&delivery, 1, 3, 10700), 0);
    assert_int_equal(send_all(&delivery, 1, 4, 11499), 0);
    assert_int_equal(send_all(&delivery, 1, 5, 11500), 1);
    assert_int_equal(delivery.next_seq, 5);
}

static void catches_up_with_full_batches_and_never_exceeds_the_window(void **state)
{
    (void)state;
    struct delivery delivery;

    delivery_init(&delivery, 10001, LIVE_MS, RESEND_MS, LIMIT);
    delivery_restart(&delivery, 1, 0);
    assert_int_equal(send_all(&delivery, 1, 10001, 0), DELIVERY_WINDOW);
    assert_int_equal(delivery.next_seq, 1 + DELIVERY_WINDOW * LIMIT);
    assert_int_equal(send_all(&delivery, 1, 10001, 4999), 0);

    assert_true(delivery_acknowledge(&delivery, 3 * LIMIT, 100));
    assert_int_equal(send_all(&delivery, 3 * LIMIT + 1, 10001, 100), 3);
}

static void waits_for_the_upload_tick_when_it_is_not_live(void **state)
{
    (void)state;
    struct delivery delivery;
    const uint32_t tick_ms = 900000;

    delivery_init(&delivery, 1, tick_ms, RESEND_MS, LIMIT);
    delivery_restart(&delivery, 1, 0);
    assert_int_equal(send_all(&delivery, 1, 2, 0), 1);
    assert_true(delivery_acknowledge(&delivery, 1, 1));
    for (uint64_t s = 1; s < 900; s++) {
        assert_int_equal(send_all(&delivery, 2, 2 + s, s * 1000), 0);
    }
    // 900 records are more than the window holds: the rest follows the acknowledgements.
    assert_int_equal(send_all(&delivery, 2, 902, tick_ms), DELIVERY_WINDOW);
    assert_true(delivery_acknowledge(&delivery, 1 + 8 * LIMIT, tick_ms + 1000));
    assert_int_equal(send_all(&delivery, 2 + 8 * LIMIT, 902, tick_ms + 1000), 7);
    assert_int_equal(delivery.next_seq, 902);

    delivery_flush(&delivery, 905);
    assert_true(delivery_acknowledge(&delivery, 901, tick_ms + 1500));
    assert_int_equal(send_all(&delivery, 902, 905, tick_ms + 2000), 1);
}

static void starts_again_from_the_oldest_with_growing_patience(void **state)
{
    (void)state;
    static const uint64_t starts_ms[] = { 5000, 15000, 35000, 55000, 75000 };
    struct delivery delivery;
    struct delivery_batch batch;

    delivery_init(&delivery, 9, LIVE_MS, RESEND_MS, 1);
    delivery_restart(&delivery, 1, 0);
    assert_int_equal(send_all(&delivery, 1, 9, 0), 8);
    for (size_t i = 0; i < sizeof starts_ms / sizeof starts_ms[0]; i++) {
        assert_false(delivery_next(&delivery, 1, 9, starts_ms[i] - 1, &batch));
        assert_int_equal(send_all(&delivery, 1, 9, starts_ms[i]), 8);
    }
    // Progress makes it eager again, even in the middle of what is under way.
    assert_true(delivery_acknowledge(&delivery, 3, 76000));
    assert_false(delivery_next(&delivery, 4, 9, 80999, &batch));
    assert_int_equal(send_all(&delivery, 4, 9, 81000), 5);
    // The same watermark again is no progress.
    assert_true(delivery_acknowledge(&delivery, 3, 85000));
    assert_int_equal(send_all(&delivery, 4, 9, 91000), 5);
}

static void ignores_an_acknowledgement_above_what_it_sent(void **state)
{
    (void)state;
    struct delivery delivery;

    delivery_init(&delivery, 1, LIVE_MS, RESEND_MS, LIMIT);
    delivery_restart(&delivery, 1, 0);
    assert_false(delivery_acknowledge(&delivery, 1, 0));
    assert_int_equal(send_all(&delivery, 1, 5, 0), 1);
    assert_false(delivery_acknowledge(&delivery, 5, 0));
    assert_false(delivery_acknowledge(&delivery, UINT64_MAX, 0));
    assert_true(delivery_acknowledge(&delivery, 4, 0));
}

/// The boot before sent 1000 records and crashed before it saw the acknowledgement.
static void believes_that_an_earlier_boot_sent_what_the_journal_held(void **state)
{
    (void)state;
    struct delivery delivery;

    delivery_init(&delivery, 1001, LIVE_MS, RESEND_MS, 1);
    delivery_restart(&delivery, 1, 0);
    assert_int_equal(send_all(&delivery, 1, 1001, 0), 8);
    assert_true(delivery_acknowledge(&delivery, 1000, 10));
    assert_int_equal(send_all(&delivery, 1001, 1002, 1000), 1);
    assert_int_equal(delivery.next_seq, 1002);
}

static void skips_records_that_the_journal_dropped(void **state)
{
    (void)state;
    struct delivery delivery;
    struct delivery_batch batch;

    delivery_init(&delivery, 1, LIVE_MS, RESEND_MS, 1);
    delivery_restart(&delivery, 1, 0);
    assert_int_equal(send_all(&delivery, 1, 9, 0), 8);
    assert_true(delivery_next(&delivery, 100, 200, 1000, &batch));
    assert_int_equal(batch.first_seq, 100);
    assert_int_equal(send_all(&delivery, 100, 200, 1000), 8);
}

/// Ten thousand seconds of readings over a network that loses batches and acknowledgements and
/// drops sessions. Nothing may be skipped, and all must arrive once the network is well.
static void loses_nothing_on_a_bad_network(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct delivery delivery;
        uint32_t random = seed;
        uint64_t oldest = 1;
        uint64_t end = 1;
        uint64_t stored = 0; // The server has every record up to here.

        delivery_init(&delivery, end, LIVE_MS, RESEND_MS, LIMIT);
        delivery_restart(&delivery, oldest, 0);
        for (uint64_t now_ms = 0; now_ms < 1100000; now_ms += 100) {
            const bool bad = now_ms < 1000000;
            struct delivery_batch batch;
            end += now_ms % 1000 == 0 && bad;
            random = random * 1664525u + 1013904223u;
            if (bad && random >> 24 == 0) {
                delivery_restart(&delivery, oldest, now_ms);
            }
            while (delivery_next(&delivery, oldest, end, now_ms, &batch)) {
                assert_true(batch.first_seq >= oldest);
                assert_true(batch.first_seq + batch.count <= end);
                delivery_sent(&delivery, batch.first_seq, batch.count, now_ms);
                assert_true(delivery.in_flight <= DELIVERY_WINDOW);
                random = random * 1664525u + 1013904223u;
                const bool arrives = !bad || random >> 31 == 0;
                if (arrives && batch.first_seq <= stored + 1 &&
                    batch.first_seq + batch.count > stored + 1) {
                    stored = batch.first_seq + batch.count - 1;
                }
            }
            random = random * 1664525u + 1013904223u;
            if ((!bad || random >> 30 == 0) && stored >= oldest &&
                delivery_acknowledge(&delivery, stored, now_ms)) {
                oldest = stored + 1;
            }
        }
        assert_int_equal(end, 1001);
        assert_int_equal(oldest, end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_each_new_reading_at_once_but_not_more_often_than_the_period),
        cmocka_unit_test(catches_up_with_full_batches_and_never_exceeds_the_window),
        cmocka_unit_test(waits_for_the_upload_tick_when_it_is_not_live),
        cmocka_unit_test(starts_again_from_the_oldest_with_growing_patience),
        cmocka_unit_test(ignores_an_acknowledgement_above_what_it_sent),
        cmocka_unit_test(believes_that_an_earlier_boot_sent_what_the_journal_held),
        cmocka_unit_test(skips_records_that_the_journal_dropped),
        cmocka_unit_test(loses_nothing_on_a_bad_network),
    };
    return cmocka_run_group_tests_name("delivery", tests, NULL, NULL);
}
