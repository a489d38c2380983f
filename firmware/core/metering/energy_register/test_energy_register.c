// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "energy_register.h"

static void loses_nothing_in_a_million_small_additions(void **state)
{
    (void)state;
    struct energy_register energy = { .import_mj = 0 };
    for (unsigned n = 0; n < 1000000; n++) {
        energy_register_add(&energy, 0.000123456, 0.2); // 24691.2 nJ, taken as 24691.
    }
    assert_int_equal(energy.import_mj, 24691);
    assert_int_equal(energy.import_rest_nj, 0);
}

static void keeps_import_and_export_apart_and_lets_neither_fall(void **state)
{
    (void)state;
    struct energy_register energy;
    assert_int_equal(energy_register_restore(&energy, 5000, 700), STATUS_OK);
    int64_t import = 5000;
    int64_t export = 700;
    for (int n = 0; n < 1000; n++) {
        energy_register_add(&energy, (n % 3 - 1) * 1234.567, 0.2);
        assert_true(energy.import_mj >= import && energy.export_mj >= export);
        import = energy.import_mj;
        export = energy.export_mj;
    }
    assert_int_equal(import, 5000 + (int64_t)(333 * 246913.4));
    assert_int_equal(export, 700 + (int64_t)(334 * 246913.4));
}

static void refuses_to_be_restored_to_a_negative_counter(void **state)
{
    (void)state;
    struct energy_register energy = { .import_mj = 3 };
    assert_int_equal(energy_register_restore(&energy, -1, 0), STATUS_INVALID);
    assert_int_equal(energy_register_restore(&energy, 0, -1), STATUS_INVALID);
    assert_int_equal(energy.import_mj, 3);
}

static void stays_at_its_end_and_ignores_nonsense(void **state)
{
    (void)state;
    struct energy_register energy;
    assert_int_equal(energy_register_restore(&energy, INT64_MAX - 5, 0), STATUS_OK);
    energy_register_add(&energy, (double)NAN, 1.0);
    energy_register_add(&energy, (double)INFINITY, 1.0);
    energy_register_add(&energy, 1e30, 1.0);
    assert_true(energy.import_mj == INT64_MAX - 5);
    energy_register_add(&energy, 100.0, 1.0);
    assert_true(energy.import_mj == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_nothing_in_a_million_small_additions),
        cmocka_unit_test(keeps_import_and_export_apart_and_lets_neither_fall),
        cmocka_unit_test(refuses_to_be_restored_to_a_negative_counter),
        cmocka_unit_test(stays_at_its_end_and_ignores_nonsense),
    };
    return cmocka_run_group_tests_name("energy_register", tests, NULL, NULL);
}
