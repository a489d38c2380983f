// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "batch_tails.h"

static void append(struct batch_tails *tails, int64_t journal_no, int64_t batch_no)
{
    struct batch_tail *tail = batch_tails_get(tails, journal_no);
    assert_non_null(tail);
    const struct batch_tail_entry entry = { .batch_no = batch_no, .count = 1 };
    assert_int_equal(batch_tails_append(tails, tail, &entry), STATUS_OK);
}

static void keep_journals_apart(void **state)
{
    (void)state;
    struct batch_tails *tails = batch_tails_open();
    for (int64_t batch_no = 1; batch_no <= 1000; batch_no++) {
        append(tails, batch_no % 100, batch_no);
    }
    int64_t *copy = NULL;
    size_t count = 0;
    assert_int_equal(batch_tails_copy(tails, 7, &copy, &count), STATUS_OK);
    assert_int_equal(count, 10);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(copy[i], 7 + 100 * (int64_t)i);
    }
    free(copy);
    assert_int_equal(batch_tails_copy(tails, 100, &copy, &count), STATUS_OK);
    assert_int_equal(count, 0);
    batch_tails_close(tails);
}

static void show_what_went_into_a_run_until_it_is_on_disk(void **state)
{
    (void)state;
    struct batch_tails *tails = batch_tails_open();
    append(tails, 1, 10);
    append(tails, 1, 11);
    append(tails, 1, 12);
    batch_tails_get(tails, 1)->run_count = 2;
    int64_t *copy = NULL;
    size_t count = 0;
    assert_int_equal(batch_tails_copy(tails, 1, &copy, &count), STATUS_OK);
    assert_int_equal(count, 3);
    free(copy);
    batch_tails_committed(tails);
    assert_int_equal(batch_tails_copy(tails, 1, &copy, &count), STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(copy[0], 12);
    free(copy);
    batch_tails_clear(tails);
    assert_int_equal(batch_tails_copy(tails, 1, &copy, &count), STATUS_OK);
    assert_int_equal(count, 0);
    batch_tails_close(tails);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep_journals_apart),
        cmocka_unit_test(show_what_went_into_a_run_until_it_is_on_disk),
    };
    return cmocka_run_group_tests_name("batch_tails", tests, NULL, NULL);
}
