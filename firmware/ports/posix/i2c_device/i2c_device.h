// SPDX-License-Identifier: MIT
#pragma once

/// The i2c seam on a bus of Linux, such as /dev/i2c-1, by i2c-dev's I2C_RDWR (the kernel's
/// Documentation/i2c/dev-interface.rst).
///
/// Each call is one message. How fast the bus runs is the system's to say, and an ATECC608A, which
/// is woken by a write to address 0, needs 100 kHz: SDA is low from the start condition to the end
/// of the address, 80 us or more at that speed, and the chip asks for 60 (DS40002112 section 8.3).

#include <linux/i2c.h>

#include "i2c.h"
#include "status.h"

enum { I2C_DEVICE_LIMIT = 8192 }; ///< Bytes of a message that i2c-dev takes.

/// What the kernel does, for tests to stand in for; as open(2), ioctl(2) and close(2).
struct i2c_device_kernel {
    int (*open)(void *ctx, const char *path);
    int (*functions)(void *ctx, int fd, unsigned long *functions);           ///< I2C_FUNCS.
    int (*transfer)(void *ctx, int fd, struct i2c_msg *messages, int count); ///< I2C_RDWR.
    void (*close)(void *ctx, int fd);
    void (*sleep_us)(void *ctx, uint32_t us);
    void *ctx;
};

struct i2c_device;

/// Opens a bus; `kernel`, which outlives it, is NULL for the real one.
///
/// @return STATUS_MISSING  there is no such bus;
///         STATUS_INVALID  it carries no plain messages (an SMBus), or is no I2C bus at all;
///         STATUS_IO       it may not be opened, or failed; errno may tell why.
MUST_CHECK enum status i2c_device_open(const char *path, const struct i2c_device_kernel *kernel,
                                       struct i2c_device **device);

/// The bus, which lives until i2c_device_close(). Besides what i2c.h says: a message of no bytes,
/// or of more than I2C_DEVICE_LIMIT, is STATUS_INVALID.
struct i2c i2c_device_seam(struct i2c_device *device);

/// NULL is fine.
void i2c_device_close(struct i2c_device *device);
