// SPDX-License-Identifier: MIT
#pragma once

/// The I2C seam on one of the chip's controllers.
///
/// Sources: ESP-IDF v5.5 and v5.3, driver/i2c_master.h with i2c_master.c.
///
/// It runs at 100 kHz, so that the address byte 0 that wakes an ATECC608A holds SDA low for 80
/// microseconds, of which it needs 60. Nobody acknowledges that byte, which the driver reports as
/// an error and the seam as STATUS_IO; its log of such errors is silenced.
///
/// The driver wants a handle per address: it is made at the first use and kept, so what talks to a
/// chip for the first time after start-up allocates.

#include <stdint.h>

#include "driver/i2c_master.h"
#include "i2c.h"
#include "status.h"

enum { I2C_BUS_ADDRESSES = 4 }; ///< The wake address among them.

struct i2c_bus_options {
    i2c_port_num_t controller; ///< -1: any.
    gpio_num_t sda;
    gpio_num_t scl;
    bool pull_up; ///< The chip's own, where the board has none.
};

/// Storage, owned by the caller. Use it only through the functions below. One task uses a bus.
struct i2c_bus {
    struct i2c seam;
    i2c_master_bus_handle_t bus;
    unsigned count;
    struct {
        uint8_t address;
        i2c_master_dev_handle_t device;
    } at[I2C_BUS_ADDRESSES];
};

/// @return STATUS_IO  the driver refuses.
MUST_CHECK enum status i2c_bus_open(struct i2c_bus *bus, const struct i2c_bus_options *options);

/// `bus` outlives it.
const struct i2c *i2c_bus_seam(const struct i2c_bus *bus);
