// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "maximum_demand.h"

/// One value in memory.
struct fake_values {
    struct key_value seam;
    uint8_t bytes[KEY_VALUE_SIZE_LIMIT];
    size_t size; ///< 0: none.
    unsigned sets;
    bool fails;
};

static struct fake_values values;
static struct maximum_demand maximum;

static enum status get(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    const struct fake_values *v = ctx;
    (void)key;
    if (v->fails) {
        return STATUS_IO;
    }
    if (v->size == 0) {
        return STATUS_MISSING;
    }
    if (v->size > capacity) {
        return STATUS_FULL;
    }
    memcpy(out, v->bytes, v->size);
    *size = v->size;
    return STATUS_OK;
}

static enum status set(void *ctx, const char *key, const void *value, size_t size)
{
    struct fake_values *v = ctx;
    (void)key;
    v->sets++;
    if (v->fails) {
        return STATUS_IO;
    }
    memcpy(v->bytes, value, size);
    v->size = size;
    return STATUS_OK;
}

static int start(void **state)
{
    (void)state;
    values = (struct fake_values){ .seam = { .get = get, .set = set, .ctx = &values } };
    return maximum_demand_load(&maximum, &values.seam) == STATUS_MISSING ? 0 : -1;
}

static void restart(void)
{
    assert_int_equal(maximum_demand_load(&maximum, &values.seam), STATUS_OK);
}

static void keeps_the_highest_with_its_time(void **state)
{
    (void)state;
    maximum_demand_offer(&maximum, 500, 1000);
    maximum_demand_offer(&maximum, 900, 2000);
    maximum_demand_offer(&maximum, 700, 3000);
    assert_int_equal(maximum.value.demand_mw, 0); // Not before it is stored.
    assert_int_equal(maximum_demand_settle(&maximum), STATUS_OK);
    assert_int_equal(maximum.value.demand_mw, 900);
    maximum_demand_offer(&maximum, 900, 4000);
    assert_int_equal(maximum_demand_settle(&maximum), STATUS_OK);
    assert_int_equal(values.sets, 1);
    restart();
    assert_int_equal(maximum.value.demand_mw, 900);
    assert_int_equal(maximum.value.at_ms, 2000);
}

static void tells_who_reset_it_and_what_it_was(void **state)
{
    (void)state;
    maximum_demand_offer(&maximum, 900, 2000);
    assert_int_equal(
        maximum_demand_reset(&maximum, 5000, "a name of more than thirty-two characters"),
        STATUS_OK);
    maximum_demand_offer(&maximum, 300, 6000);
    assert_int_equal(maximum_demand_settle(&maximum), STATUS_OK);
    restart();
    assert_int_equal(maximum.value.demand_mw, 300);
    assert_int_equal(maximum.value.at_ms, 6000);
    assert_int_equal(maximum.value.previous_mw, 900);
    assert_int_equal(maximum.value.previous_at_ms, 2000);
    assert_int_equal(maximum.value.resets, 1);
    assert_int_equal(maximum.value.reset_at_ms, 5000);
    assert_string_equal(maximum.value.reset_by, "a name of more than thirty-two c");
}

static void shows_nothing_that_is_not_stored_and_tries_again(void **state)
{
    (void)state;
    values.fails = true;
    maximum_demand_offer(&maximum, 900, 2000);
    assert_int_equal(maximum_demand_settle(&maximum), STATUS_IO);
    assert_int_equal(maximum_demand_reset(&maximum, 1, "x"), STATUS_IO);
    assert_int_equal(maximum.value.demand_mw, 0);
    assert_int_equal(maximum.value.resets, 0);
    values.fails = false;
    assert_int_equal(maximum_demand_settle(&maximum), STATUS_OK);
    assert_int_equal(maximum.value.demand_mw, 900);
}

static void takes_no_record_with_a_wrong_bit(void **state)
{
    (void)state;
    maximum_demand_offer(&maximum, 900, 2000);
    assert_int_equal(maximum_demand_settle(&maximum), STATUS_OK);
    for (size_t bit = 0; bit < values.size * 8; bit++) {
        values.bytes[bit / 8] = (uint8_t)(values.bytes[bit / 8] ^ (1u << bit % 8));
        assert_int_equal(maximum_demand_load(&maximum, &values.seam), STATUS_CORRUPT);
        assert_int_equal(maximum.value.demand_mw, 0);
        values.bytes[bit / 8] = (uint8_t)(values.bytes[bit / 8] ^ (1u << bit % 8));
    }
    values.size--;
    assert_int_equal(maximum_demand_load(&maximum, &values.seam), STATUS_CORRUPT);
    values.size = sizeof values.bytes;
    assert_int_equal(maximum_demand_load(&maximum, &values.seam), STATUS_CORRUPT);
    values.fails = true;
    assert_int_equal(maximum_demand_load(&maximum, &values.seam), STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keeps_the_highest_with_its_time, start),
        cmocka_unit_test_setup(tells_who_reset_it_and_what_it_was, start),
        cmocka_unit_test_setup(shows_nothing_that_is_not_stored_and_tries_again, start),
        cmocka_unit_test_setup(takes_no_record_with_a_wrong_bit, start),
    };
    return cmocka_run_group_tests_name("maximum_demand", tests, NULL, NULL);
}
