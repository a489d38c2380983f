// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "status.h"

static void gives_every_code_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = STATUS_OK; a <= STATUS_CORRUPT; a++) {
        for (int b = STATUS_OK; b < a; b++) {
            assert_string_not_equal(status_name((enum status)a), status_name((enum status)b));
        }
    }
}

static void names_even_a_code_that_does_not_exist(void **state)
{
    (void)state;
    assert_string_equal(status_name((enum status)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_every_code_a_name_of_its_own),
        cmocka_unit_test(names_even_a_code_that_does_not_exist),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
