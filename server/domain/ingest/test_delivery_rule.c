// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery_rule.h"

static struct delivery_decision decide(uint64_t watermark, uint64_t first_seq, uint32_t count,
                                       uint64_t oldest_seq)
{
    const struct batch_header header = { .first_seq = first_seq,
                                         .count = count,
                                         .oldest_seq = oldest_seq };
    return delivery_decide(watermark, &header);
}

static void keeps_what_follows(void **state)
{
    (void)state;
    assert_int_equal(decide(0, 1, 5, 1).kind, DELIVERY_KEEP);
    assert_int_equal(decide(7, 8, 64, 3).kind, DELIVERY_KEEP);
    assert_int_equal(decide(7, 8, 64, 3).skip, 0);
    assert_false(decide(7, 8, 64, 3).has_gap);
}

static void trims_an_overlap(void **state)
{
    (void)state;
    const struct delivery_decision decision = decide(7, 6, 4, 6);
    assert_int_equal(decision.kind, DELIVERY_KEEP);
    assert_int_equal(decision.skip, 2);
}

static void knows_what_it_holds(void **state)
{
    (void)state;
    assert_int_equal(decide(7, 6, 2, 6).kind, DELIVERY_DUPLICATE);
    assert_int_equal(decide(7, 1, 1, 1).kind, DELIVERY_DUPLICATE);
}

static void refuses_a_hole(void **state)
{
    (void)state;
    assert_int_equal(decide(7, 10, 3, 8).kind, DELIVERY_HOLE);
    assert_int_equal(decide(7, 10, 3, 9).kind, DELIVERY_HOLE);
    assert_int_equal(decide(0, 2, 1, 1).kind, DELIVERY_HOLE);
}

static void notes_a_gap_that_the_device_declares(void **state)
{
    (void)state;
    const struct delivery_decision decision = decide(7, 10, 3, 10);
    assert_int_equal(decision.kind, DELIVERY_KEEP);
    assert_true(decision.has_gap);
    assert_int_equal(decision.gap_first_seq, 8);
    assert_int_equal(decision.gap_last_seq, 9);
    assert_int_equal(decision.skip, 0);
}

static void refuses_numbers_that_cannot_be(void **state)
{
    (void)state;
    assert_int_equal(decide(0, 0, 1, 0).kind, DELIVERY_NONSENSE);
    assert_int_equal(decide(0, 1, 0, 1).kind, DELIVERY_NONSENSE);
    assert_int_equal(decide(0, 1, 65, 1).kind, DELIVERY_NONSENSE);
    assert_int_equal(decide(0, UINT64_MAX, 2, UINT64_MAX).kind, DELIVERY_NONSENSE);
    assert_int_equal(decide(7, INT64_MAX, 1, INT64_MAX).kind, DELIVERY_NONSENSE);
}

/// A journal of 40 records is sent in random cuts, out of order and again; whatever happens, every
/// record is kept exactly once and in order.
static void keeps_every_record_once_whatever_the_order(void **state)
{
    (void)state;
    enum { RECORDS = 40 };
    srand(1); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cuts each time.
    for (int round = 0; round < 200; round++) {
        unsigned kept[RECORDS + 1] = { 0 };
        uint64_t watermark = 0;
        while (watermark < RECORDS) {
            const uint64_t first = 1 + (uint64_t)rand() % RECORDS;
            const uint64_t room = RECORDS - first + 1;
            const uint32_t count = (uint32_t)(1 + (uint64_t)rand() % (room < 9 ? room : 9));
            const struct delivery_decision decision = decide(watermark, first, count, 1);
            assert_false(decision.has_gap && first > 1);
            if (decision.kind == DELIVERY_KEEP) {
                for (uint64_t seq = first + decision.skip; seq < first + count; seq++) {
                    assert_int_equal(seq, ++watermark);
                    kept[seq]++;
                }
            }
        }
        for (int seq = 1; seq <= RECORDS; seq++) {
            assert_int_equal(kept[seq], 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_follows),
        cmocka_unit_test(trims_an_overlap),
        cmocka_unit_test(knows_what_it_holds),
        cmocka_unit_test(refuses_a_hole),
        cmocka_unit_test(notes_a_gap_that_the_device_declares),
        cmocka_unit_test(refuses_numbers_that_cannot_be),
        cmocka_unit_test(keeps_every_record_once_whatever_the_order),
    };
    return cmocka_run_group_tests_name("delivery_rule", tests, NULL, NULL);
}
