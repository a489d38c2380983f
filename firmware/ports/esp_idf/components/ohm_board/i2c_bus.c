// SPDX-License-Identifier: MIT
#include "i2c_bus.h"

#include "esp_log.h"
#include "esp_rom_sys.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

enum {
    SPEED_HZ = 100000,
    TIME_OUT_MS = 50,  // The longest transfer, 75 bytes, takes 7.
    GLITCH_CYCLES = 7, // What the driver's documentation calls typical.
    US_PER_MS = 1000,
};

static const char *const DRIVER_TAG = "i2c.master";

/// The driver's handle for an address. @return NULL  there is none and none can be made.
static i2c_master_dev_handle_t device_at(struct i2c_bus *bus, uint8_t address)
{
    const i2c_device_config_t config = { .dev_addr_length = I2C_ADDR_BIT_LEN_7,
                                         .device_address = address,
                                         .scl_speed_hz = SPEED_HZ };
    for (unsigned n = 0; n < bus->count; n++) {
        if (bus->at[n].address == address) {
            return bus->at[n].device;
        }
    }
    if (bus->count == I2C_BUS_ADDRESSES ||
        i2c_master_bus_add_device(bus->bus, &config, &bus->at[bus->count].device) != ESP_OK) {
        return NULL;
    }
    bus->at[bus->count].address = address;
    return bus->at[bus->count++].device;
}

static enum status write_bytes(void *ctx, uint8_t address, const uint8_t *bytes, size_t size)
{
    const i2c_master_dev_handle_t device = device_at(ctx, address);
    return device != NULL && i2c_master_transmit(device, bytes, size, TIME_OUT_MS) == ESP_OK
               ? STATUS_OK
               : STATUS_IO;
}

static enum status read_bytes(void *ctx, uint8_t address, uint8_t *bytes, size_t size)
{
    const i2c_master_dev_handle_t device = device_at(ctx, address);
    return device != NULL && i2c_master_receive(device, bytes, size, TIME_OUT_MS) == ESP_OK
               ? STATUS_OK
               : STATUS_IO;
}

static void delay_us(void *ctx, uint32_t us)
{
    const uint32_t tick_us = portTICK_PERIOD_MS * US_PER_MS;
    (void)ctx;
    if (us < US_PER_MS) {
        esp_rom_delay_us(us);
    } else {
        vTaskDelay((us + tick_us - 1) / tick_us + 1); // The tick in progress does not count.
    }
}

enum status i2c_bus_open(struct i2c_bus *bus, const struct i2c_bus_options *options)
{
    const i2c_master_bus_config_t config = {
        .i2c_port = options->controller,
        .sda_io_num = options->sda,
        .scl_io_num = options->scl,
        .clk_source = I2C_CLK_SRC_DEFAULT,
        .glitch_ignore_cnt = GLITCH_CYCLES,
        .flags = { .enable_internal_pullup = options->pull_up },
    };
    *bus = (struct i2c_bus){
        .seam = { .write = write_bytes, .read = read_bytes, .delay_us = delay_us, .ctx = bus }
    };
    esp_log_level_set(DRIVER_TAG, ESP_LOG_NONE);
    return i2c_new_master_bus(&config, &bus->bus) == ESP_OK ? STATUS_OK : STATUS_IO;
}

const struct i2c *i2c_bus_seam(const struct i2c_bus *bus)
{
    return &bus->seam;
}
