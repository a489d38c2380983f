// SPDX-License-Identifier: MIT
#pragma once

/// A device's I2C bus, as its master.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/// Addresses have 7 bits. Each call is one transfer, from start to stop (NXP UM10204 section 3.1),
/// at 100 kHz or below: the wake pulse of an ATECC608A is address 0 at that speed.
struct i2c {
    /// @return STATUS_IO  a byte was not acknowledged, or the bus hangs.
    MUST_CHECK enum status (*write)(void *ctx, uint8_t address, const uint8_t *bytes, size_t size);

    /// Fills `bytes`. @return STATUS_IO  as above.
    MUST_CHECK enum status (*read)(void *ctx, uint8_t address, uint8_t *bytes, size_t size);

    /// Waits for at least that long; other tasks may run.
    void (*delay_us)(void *ctx, uint32_t us);

    void *ctx;
};
