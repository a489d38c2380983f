// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/i2c-dev.h>

#include "atecc_chip.h"
#include "atecc_slots.h"
#include "i2c_device.h"
#include "openssl_crypto.h"

enum { FD = 77 };

/// A kernel with one bus, on which there is the simulated chip.
struct fake_kernel {
    struct atecc_chip chip;
    struct i2c bus;
    unsigned long functions;
    int open_error;
    unsigned open_count;
    unsigned messages;
    unsigned wakes; ///< Writes to address 0.
};

static struct fake_kernel kernel;
static struct i2c_device_kernel table;
static int fake_open(void *ctx, const char *name)
{
    struct fake_kernel *fake = ctx;
    if (fake->open_error != 0 || strcmp(name, "/dev/i2c-7") != 0) {
        errno = fake->open_error != 0 ? fake->open_error : ENOENT;
        return -1;
    }
    fake->open_count++;
    return FD;
}

static int fake_functions(void *ctx, int fd, unsigned long *functions)
{
    const struct fake_kernel *fake = ctx;
    assert_int_equal(fd, FD);
    *functions = fake->functions;
    return 0;
}

/// As i2c-dev: the number of messages done, or -1 when one was not acknowledged.
static int fake_transfer(void *ctx, int fd, struct i2c_msg *messages, int count)
{
    struct fake_kernel *fake = ctx;
    assert_int_equal(fd, FD);
    assert_int_equal(count, 1);
    const struct i2c_msg *message = &messages[0];
    assert_true(message->len > 0 && (message->flags & ~I2C_M_RD) == 0);
    fake->messages++;
    fake->wakes += message->addr == 0 && message->flags == 0 && message->len == 1;
    const enum status status =
        (message->flags & I2C_M_RD) != 0
            ? fake->bus.read(fake->bus.ctx, (uint8_t)message->addr, message->buf, message->len)
            : fake->bus.write(fake->bus.ctx, (uint8_t)message->addr, message->buf, message->len);
    errno = EREMOTEIO;
    return status == STATUS_OK ? 1 : -1;
}

static void fake_close(void *ctx, int fd)
{
    struct fake_kernel *fake = ctx;
    assert_int_equal(fd, FD);
    fake->open_count--;
}

static void fake_sleep(void *ctx, uint32_t us)
{
    const struct fake_kernel *fake = ctx;
    fake->bus.delay_us(fake->bus.ctx, us);
}

static void make_kernel(void)
{
    kernel = (struct fake_kernel){ .functions = I2C_FUNC_I2C };
    atecc_chip_init(&kernel.chip);
    kernel.bus = atecc_chip_bus(&kernel.chip);
    table = (struct i2c_device_kernel){ .open = fake_open,
                                        .functions = fake_functions,
                                        .transfer = fake_transfer,
                                        .close = fake_close,
                                        .sleep_us = fake_sleep,
                                        .ctx = &kernel };
}

static struct i2c_device *open_device(void)
{
    struct i2c_device *opened = NULL;
    make_kernel();
    assert_int_equal(i2c_device_open("/dev/i2c-7", &table, &opened), STATUS_OK);
    return opened;
}

static void close_device(struct i2c_device *opened)
{
    i2c_device_close(opened);
    assert_int_equal(kernel.open_count, 0);
}

static void wakes_a_chip_that_makes_a_key_and_signs(void **state)
{
    (void)state;
    static const uint8_t digest[CRYPTO_SHA256_SIZE] = { 1, 2, 3 };
    const struct crypto crypto = openssl_crypto();
    struct i2c_device *opened = open_device();
    const struct i2c seam = i2c_device_seam(opened);
    const struct atecc_link link = { .i2c = &seam, .address = ATECC_LINK_ADDRESS };
    uint8_t key[CRYPTO_P256_PUBLIC_SIZE] = { 4 };
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];

    assert_int_equal(atecc_slots_check(&link, 0, 2, 4), STATUS_OK);
    assert_int_equal(kernel.wakes, 1);
    assert_int_equal(atecc_slots_make(&link, 2, key + 1), STATUS_OK);
    assert_memory_equal(key, kernel.chip.keys[2].public_key, sizeof key);
    assert_int_equal(atecc_slots_sign(&link, 2, digest, signature), STATUS_OK);
    assert_int_equal(crypto.p256_verify(crypto.ctx, key, digest, signature), STATUS_OK);
    close_device(opened);
}

static void a_chip_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct i2c_device *opened = open_device();
    const struct i2c seam = i2c_device_seam(opened);
    const struct atecc_link elsewhere = { .i2c = &seam, .address = ATECC_LINK_ADDRESS + 1 };

    assert_int_equal(atecc_slots_check(&elsewhere, 0, 2, 4), STATUS_IO);
    close_device(opened);
}

static void says_why_a_bus_cannot_be_used(void **state)
{
    (void)state;
    struct i2c_device *none = NULL;
    make_kernel();
    assert_int_equal(i2c_device_open("/dev/i2c-8", &table, &none), STATUS_MISSING);
    kernel.open_error = EACCES;
    assert_int_equal(i2c_device_open("/dev/i2c-7", &table, &none), STATUS_IO);
    assert_int_equal(errno, EACCES);
    kernel.open_error = 0;
    kernel.functions = I2C_FUNC_SMBUS_BYTE_DATA;
    assert_int_equal(i2c_device_open("/dev/i2c-7", &table, &none), STATUS_INVALID);
    assert_int_equal(kernel.open_count, 0);
    assert_null(none);
}

static void the_real_kernel_refuses_what_is_no_bus(void **state)
{
    (void)state;
    struct i2c_device *none = NULL;
    assert_int_equal(i2c_device_open("/dev/null", NULL, &none), STATUS_INVALID);
    assert_int_equal(i2c_device_open("/dev/i2c-does-not-exist", NULL, &none), STATUS_MISSING);
    assert_null(none);
}

static void refuses_messages_of_impossible_sizes(void **state)
{
    (void)state;
    static uint8_t bytes[I2C_DEVICE_LIMIT + 1];
    struct i2c_device *opened = open_device();
    const struct i2c seam = i2c_device_seam(opened);
    assert_int_equal(seam.write(seam.ctx, 0x35, bytes, 0), STATUS_INVALID);
    assert_int_equal(seam.write(seam.ctx, 0x35, bytes, sizeof bytes), STATUS_INVALID);
    assert_int_equal(seam.read(seam.ctx, 0x35, bytes, 0), STATUS_INVALID);
    assert_int_equal(seam.read(seam.ctx, 0x35, bytes, sizeof bytes), STATUS_INVALID);
    assert_int_equal(kernel.messages, 0);
    close_device(opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wakes_a_chip_that_makes_a_key_and_signs),
        cmocka_unit_test(a_chip_that_is_not_there_is_an_error),
        cmocka_unit_test(says_why_a_bus_cannot_be_used),
        cmocka_unit_test(the_real_kernel_refuses_what_is_no_bus),
        cmocka_unit_test(refuses_messages_of_impossible_sizes),
    };
    return cmocka_run_group_tests_name("i2c_device", tests, NULL, NULL);
}
