// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "relay_store.h"

/// Key-value storage for one record, in variables, that survives a power cut as promised.
struct fake_values {
    char key[KEY_VALUE_KEY_SIZE + 1];
    uint8_t value[16];
    size_t size;
    bool has_value;
    unsigned writes;
    enum {
        DISK_WELL,
        CUT_BEFORE_WRITE, ///< The power goes before the record changes.
        CUT_AFTER_WRITE,  ///< The record has changed, the answer never comes.
    } disk;
};

struct fixture {
    struct fake_values disk;
    struct key_value values;
    struct relay_store store;
};

static enum status fake_get(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    const struct fake_values *disk = ctx;
    if (!disk->has_value || strcmp(key, disk->key) != 0) {
        return STATUS_MISSING;
    }
    if (capacity < disk->size) {
        return STATUS_FULL;
    }
    memcpy(out, disk->value, disk->size);
    *size = disk->size;
    return STATUS_OK;
}

static enum status fake_set(void *ctx, const char *key, const void *value, size_t size)
{
    struct fake_values *disk = ctx;
    if (disk->disk == CUT_BEFORE_WRITE) {
        return STATUS_IO;
    }
    assert_true(strlen(key) <= KEY_VALUE_KEY_SIZE);
    assert_true(size <= sizeof disk->value);
    memcpy(disk->key, key, strlen(key) + 1);
    memcpy(disk->value, value, size);
    disk->size = size;
    disk->has_value = true;
    disk->writes++;
    return disk->disk == CUT_AFTER_WRITE ? STATUS_IO : STATUS_OK;
}

static int power_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .disk = { .disk = DISK_WELL } };
    f.values = (struct key_value){ .get = fake_get, .set = fake_set, .ctx = &f.disk };
    relay_store_init(&f.store, &f.values);
    *state = &f;
    return 0;
}

static uint8_t load_after_a_power_cut(struct fixture *f, enum status expected)
{
    uint8_t mask = 0xEE;
    f->disk.disk = DISK_WELL;
    relay_store_init(&f->store, &f->values);
    assert_int_equal(relay_store_load(&f->store, &mask), expected);
    return mask;
}

static void restores_every_pattern(void **state)
{
    struct fixture *f = *state;
    for (unsigned mask = 0; mask < 256; mask++) {
        assert_int_equal(relay_store_keep(&f->store, (uint8_t)mask), STATUS_OK);
        assert_int_equal(load_after_a_power_cut(f, STATUS_OK), mask);
    }
}

static void a_new_device_has_every_relay_open(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load_after_a_power_cut(f, STATUS_MISSING), 0);
}

static void writes_only_what_has_changed(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(relay_store_keep(&f->store, 0x21), STATUS_OK);
    }
    assert_int_equal(f->disk.writes, 1);
    assert_int_equal(load_after_a_power_cut(f, STATUS_OK), 0x21);
    assert_int_equal(relay_store_keep(&f->store, 0x21), STATUS_OK);
    assert_int_equal(f->disk.writes, 1);
}

static void a_power_cut_around_the_write_leaves_the_old_or_the_new_states(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(relay_store_keep(&f->store, 0x0F), STATUS_OK);

    f->disk.disk = CUT_BEFORE_WRITE;
    assert_int_equal(relay_store_keep(&f->store, 0xF0), STATUS_IO);
    assert_int_equal(load_after_a_power_cut(f, STATUS_OK), 0x0F);

    f->disk.disk = CUT_AFTER_WRITE;
    assert_int_equal(relay_store_keep(&f->store, 0xF0), STATUS_IO);
    assert_int_equal(load_after_a_power_cut(f, STATUS_OK), 0xF0);
}

static void after_a_failure_the_old_states_are_written_anew(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(relay_store_keep(&f->store, 0x0F), STATUS_OK);
    f->disk.disk = CUT_AFTER_WRITE;
    assert_int_equal(relay_store_keep(&f->store, 0xF0), STATUS_IO);
    f->disk.disk = DISK_WELL;
    assert_int_equal(relay_store_keep(&f->store, 0x0F), STATUS_OK);
    assert_int_equal(load_after_a_power_cut(f, STATUS_OK), 0x0F);
}

static void a_foreign_record_opens_every_relay(void **state)
{
    struct fixture *f = *state;
    static const uint8_t FOREIGN[][4] = {
        { 1, 0xFF, 0x01, 0 }, // Mask and complement disagree.
        { 2, 0xFF, 0x00, 0 }, // Another version.
    };
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(fake_set(&f->disk, "relays", FOREIGN[i], 3), STATUS_OK);
        assert_int_equal(load_after_a_power_cut(f, STATUS_CORRUPT), 0);
    }
    static const uint8_t RIGHT[] = { 1, 0xFF, 0x00, 0 };
    for (size_t size = 0; size <= 4; size++) {
        assert_int_equal(fake_set(&f->disk, "relays", RIGHT, size), STATUS_OK);
        if (size == 3) {
            assert_int_equal(load_after_a_power_cut(f, STATUS_OK), 0xFF);
        } else {
            assert_int_equal(load_after_a_power_cut(f, STATUS_CORRUPT), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(restores_every_pattern, power_up),
        cmocka_unit_test_setup(a_new_device_has_every_relay_open, power_up),
        cmocka_unit_test_setup(writes_only_what_has_changed, power_up),
        cmocka_unit_test_setup(a_power_cut_around_the_write_leaves_the_old_or_the_new_states,
                               power_up),
        cmocka_unit_test_setup(after_a_failure_the_old_states_are_written_anew, power_up),
        cmocka_unit_test_setup(a_foreign_record_opens_every_relay, power_up),
    };
    return cmocka_run_group_tests_name("relay_store", tests, NULL, NULL);
}
