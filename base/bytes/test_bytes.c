// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"

static const uint8_t bytes[9] = { 0x00, 0x81, 0x92, 0xA3, 0xB4, 0xC5, 0xD6, 0xE7, 0xF8 };

static void loads_little_endian_from_an_odd_address(void **state)
{
    (void)state;
    assert_int_equal(bytes_load_le16(bytes + 1), 0x9281);
    assert_int_equal(bytes_load_le32(bytes + 1), 0xB4A39281);
    assert_true(bytes_load_le64(bytes + 1) == 0xF8E7D6C5B4A39281u);
}

static void loads_big_endian_from_an_odd_address(void **state)
{
    (void)state;
    assert_int_equal(bytes_load_be16(bytes + 1), 0x8192);
    assert_int_equal(bytes_load_be32(bytes + 1), 0x8192A3B4);
    assert_true(bytes_load_be64(bytes + 1) == 0x8192A3B4C5D6E7F8u);
}

static void stores_what_it_loads(void **state)
{
    (void)state;
    uint8_t out[9] = { 0 };

    bytes_store_le16(out + 1, bytes_load_le16(bytes + 1));
    bytes_store_be16(out + 3, bytes_load_be16(bytes + 3));
    bytes_store_le32(out + 5, bytes_load_le32(bytes + 5));
    assert_memory_equal(out, bytes, sizeof out);

    memset(out, 0, sizeof out);
    bytes_store_be32(out + 1, bytes_load_be32(bytes + 1));
    bytes_store_be32(out + 5, bytes_load_be32(bytes + 5));
    assert_memory_equal(out, bytes, sizeof out);

    memset(out, 0, sizeof out);
    bytes_store_le64(out + 1, bytes_load_le64(bytes + 1));
    assert_memory_equal(out, bytes, sizeof out);

    memset(out, 0, sizeof out);
    bytes_store_be64(out + 1, bytes_load_be64(bytes + 1));
    assert_memory_equal(out, bytes, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_little_endian_from_an_odd_address),
        cmocka_unit_test(loads_big_endian_from_an_odd_address),
        cmocka_unit_test(stores_what_it_loads),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
