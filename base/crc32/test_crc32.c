// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crc32.h"

static void gives_the_known_check_value(void **state)
{
    (void)state;
    assert_int_equal(crc32_extend(0, "123456789", 9), 0xCBF43926);
    assert_int_equal(crc32_extend(0, "", 0), 0);
}

static void continues_where_it_stopped(void **state)
{
    (void)state;
    assert_int_equal(crc32_extend(crc32_extend(0, "1234", 4), "56789", 5), 0xCBF43926);
}

static void agrees_with_bit_by_bit_division(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        const uint8_t data = (uint8_t)byte;
        uint32_t rest = 0xFFFFFFFFu ^ byte;
        for (unsigned bit = 0; bit < 8; bit++) {
            rest = (rest >> 1) ^ ((rest & 1u) != 0 ? 0xEDB88320u : 0u);
        }
        assert_int_equal(crc32_extend(0, &data, 1), ~rest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_known_check_value),
        cmocka_unit_test(continues_where_it_stopped),
        cmocka_unit_test(agrees_with_bit_by_bit_division),
    };
    return cmocka_run_group_tests_name("crc32", tests, NULL, NULL);
}
