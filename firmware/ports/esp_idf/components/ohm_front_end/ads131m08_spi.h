// SPDX-License-Identifier: MIT
#pragma once

/// The wires of an ADS131M08: SPI, the DRDY interrupt and SYNC/RESET, for the core's ads131m08.
///
/// Sources: ESP-IDF v5.5 and v5.3, driver/spi_master.h ("SPI Master Driver"), driver/gpio.h,
/// driver/ledc.h and esp_pm.h; TI SBAS950B, "Serial Interface" (mode 1, 24-bit words), "SYNC/RESET
/// pin" and "RESET command".
///
/// The interrupt counts the falling edges of DRDY and stamps them, and a task of its own, above the
/// sampling task, reads a frame at each. While a flash sector is erased no task runs: the edges of
/// that time are missed, counted by the core, and told as lost frames. The interrupt counts them
/// all the same when CONFIG_GPIO_CTRL_FUNC_IN_IRAM is set.

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ads131m08.h"
#include "driver/gpio.h"
#include "driver/spi_master.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "status.h"

enum {
    ADS131M08_SPI_QUEUE = 128, ///< Frames that wait for the sampling task: 32 ms at 4000 a second.
    ADS131M08_SPI_STACK = 3072 ///< Bytes.
};

struct ads131m08_spi_options {
    spi_host_device_t host;
    gpio_num_t mosi; ///< DIN.
    gpio_num_t miso; ///< DOUT.
    gpio_num_t sclk;
    gpio_num_t cs;
    gpio_num_t drdy;
    gpio_num_t reset;  ///< SYNC/RESET; GPIO_NUM_NC: tied high, and reset by a command instead.
    gpio_num_t clock;  ///< CLKIN from the chip's LED controller; GPIO_NUM_NC: from elsewhere.
    uint32_t clock_hz; ///< At `clock`: 8000000, a tenth of its source, has no jitter.
    int spi_hz;        ///< Up to 25000000; a frame of 30 bytes must fit between two edges.
    UBaseType_t priority;
    BaseType_t core;
};

/// Storage, owned by the caller, in internal RAM. Use it only through the functions below.
struct ads131m08_spi {
    struct ads131m08_port port;
    struct ads131m08_spi_options options;
    spi_device_handle_t device;
    SemaphoreHandle_t bus; ///< Held for each transfer.
    StaticSemaphore_t bus_storage;
    TaskHandle_t task;
    StaticTask_t task_storage;
    StackType_t stack[ADS131M08_SPI_STACK / sizeof(StackType_t)];
    _Atomic bool streams;
    _Atomic uint32_t edges;   ///< Written by the interrupt.
    _Atomic uint32_t edge_us; ///< Of the last one, modulo 2^32.
    _Atomic uint32_t put;     ///< Written by the reading task.
    _Atomic uint32_t taken;   ///< Written by the sampling task.
    struct ads131m08_raw queue[ADS131M08_SPI_QUEUE];
    uint8_t out[ADS131M08_FRAME_SIZE + 2] __attribute__((aligned(4))); ///< Whole words, as the
    uint8_t in[ADS131M08_FRAME_SIZE + 2] __attribute__((aligned(4)));  ///< driver moves them.
};

/// Sets up bus, interrupt and task. gpio_install_isr_service() has been called before.
///
/// @return STATUS_INVALID  a pin cannot do what it is for;  STATUS_IO  the drivers refuse.
MUST_CHECK enum status ads131m08_spi_open(struct ads131m08_spi *wires,
                                          const struct ads131m08_spi_options *options);

/// The port of ads131m08_init(); `wires` outlives it.
const struct ads131m08_port *ads131m08_spi_port(const struct ads131m08_spi *wires);
