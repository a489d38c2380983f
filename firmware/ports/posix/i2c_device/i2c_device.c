// SPDX-License-Identifier: MIT
#include "i2c_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { US_PER_S = 1000000, NS_PER_US = 1000 };

struct i2c_device {
    struct i2c_device_kernel kernel;
    int fd;
};

static int real_open(void *ctx, const char *path)
{
    (void)ctx;
    return open(path, O_RDWR | O_CLOEXEC);
}

static int real_functions(void *ctx, int fd, unsigned long *functions)
{
    (void)ctx;
    return ioctl(fd, I2C_FUNCS, functions);
}

static int real_transfer(void *ctx, int fd, struct i2c_msg *messages, int count)
{
    struct i2c_rdwr_ioctl_data data = { .msgs = messages, .nmsgs = (uint32_t)count };
    (void)ctx;
    return ioctl(fd, I2C_RDWR, &data);
}

static void real_close(void *ctx, int fd)
{
    (void)ctx;
    (void)close(fd);
}

static void real_sleep_us(void *ctx, uint32_t us)
{
    struct timespec left = { .tv_sec = us / US_PER_S, .tv_nsec = us % US_PER_S * NS_PER_US };
    (void)ctx;
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

static const struct i2c_device_kernel real_kernel = { .open = real_open,
                                                      .functions = real_functions,
                                                      .transfer = real_transfer,
                                                      .close = real_close,
                                                      .sleep_us = real_sleep_us };

enum status i2c_device_open(const char *path, const struct i2c_device_kernel *kernel,
                            struct i2c_device **out)
{
    unsigned long functions = 0;
    struct i2c_device *device = calloc(1, sizeof *device);

    if (device == NULL) {
        return STATUS_IO;
    }
    device->kernel = kernel != NULL ? *kernel : real_kernel;
    device->fd = device->kernel.open(device->kernel.ctx, path);
    if (device->fd < 0) {
        const int cause = errno;
        free(device);
        errno = cause;
        return cause == ENOENT || cause == ENXIO || cause == ENODEV ? STATUS_MISSING : STATUS_IO;
    }
    if (device->kernel.functions(device->kernel.ctx, device->fd, &functions) < 0 ||
        (functions & I2C_FUNC_I2C) == 0) {
        i2c_device_close(device);
        return STATUS_INVALID;
    }
    *out = device;
    return STATUS_OK;
}

static enum status transfer(const struct i2c_device *device, uint8_t address, uint16_t flags,
                            uint8_t *bytes, size_t size)
{
    if (size == 0 || size > I2C_DEVICE_LIMIT) {
        return STATUS_INVALID;
    }
    struct i2c_msg message = {
        .addr = address, .flags = flags, .len = (uint16_t)size, .buf = bytes
    };
    // i2c-dev takes no restart by a signal: a transfer is done or has failed.
    return device->kernel.transfer(device->kernel.ctx, device->fd, &message, 1) == 1 ? STATUS_OK
                                                                                     : STATUS_IO;
}

static enum status write_bytes(void *ctx, uint8_t address, const uint8_t *bytes, size_t size)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } buffer = { .in = bytes }; // A message without I2C_M_RD is only read.
    return transfer(ctx, address, 0, buffer.out, size);
}

static enum status read_bytes(void *ctx, uint8_t address, uint8_t *bytes, size_t size)
{
    return transfer(ctx, address, I2C_M_RD, bytes, size);
}

static void delay_us(void *ctx, uint32_t us)
{
    const struct i2c_device *device = ctx;
    device->kernel.sleep_us(device->kernel.ctx, us);
}

struct i2c i2c_device_seam(struct i2c_device *device)
{
    return (struct i2c){
        .write = write_bytes, .read = read_bytes, .delay_us = delay_us, .ctx = device
    };
}

void i2c_device_close(struct i2c_device *device)
{
    if (device != NULL) {
        device->kernel.close(device->kernel.ctx, device->fd);
        free(device);
    }
}
