// SPDX-License-Identifier: MIT
#include "ads131m08_spi.h"

#include <string.h>

#include "driver/ledc.h"
#include "esp_attr.h"
#include "esp_pm.h"
#include "esp_timer.h"

enum {
    SPI_MODE = 1, // CPOL 0, CPHA 1.
    RESET_MS = 2, // More than 2048 clocks at 2 MHz and above.
    READY_MS = 5,
    BITS_PER_BYTE = 8,
};

static uint64_t uptime_us(void *ctx)
{
    (void)ctx;
    return (uint64_t)esp_timer_get_time();
}

/// Waits for at least that long.
static void wait_ms(uint32_t ms)
{
    vTaskDelay(pdMS_TO_TICKS(ms) + 1);
}

static void IRAM_ATTR on_edge(void *ctx)
{
    struct ads131m08_spi *wires = ctx;
    BaseType_t woken = pdFALSE;
    const uint32_t edges = atomic_load_explicit(&wires->edges, memory_order_relaxed);
    atomic_store_explicit(&wires->edge_us, (uint32_t)esp_timer_get_time(), memory_order_relaxed);
    atomic_store_explicit(&wires->edges, edges + 1, memory_order_release);
    vTaskNotifyGiveFromISR(wires->task, &woken);
    portYIELD_FROM_ISR(woken);
}

/// Exchanges the frames in `out` and `in`. The bus is held.
static enum status exchange(struct ads131m08_spi *wires)
{
    spi_transaction_t transaction = { .length = ADS131M08_FRAME_SIZE * BITS_PER_BYTE,
                                      .tx_buffer = wires->out,
                                      .rx_buffer = wires->in };
    return spi_device_polling_transmit(wires->device, &transaction) == ESP_OK ? STATUS_OK
                                                                              : STATUS_IO;
}

static enum status transfer(void *ctx, const uint8_t out[ADS131M08_FRAME_SIZE],
                            uint8_t in[ADS131M08_FRAME_SIZE])
{
    struct ads131m08_spi *wires = ctx;
    (void)xSemaphoreTake(wires->bus, portMAX_DELAY);
    memcpy(wires->out, out, ADS131M08_FRAME_SIZE);
    const enum status status = exchange(wires);
    memcpy(in, wires->in, ADS131M08_FRAME_SIZE);
    (void)xSemaphoreGive(wires->bus);
    return status;
}

/// Sends a command alone; what answers is for the next frame. The bus is held.
static void send(struct ads131m08_spi *wires, uint16_t command)
{
    ads131m08_frame_encode(command, NULL, 0, wires->out);
    (void)!exchange(wires);
}

static void reset(void *ctx)
{
    struct ads131m08_spi *wires = ctx;
    if (wires->options.reset == GPIO_NUM_NC) {
        (void)xSemaphoreTake(wires->bus, portMAX_DELAY);
        send(wires, ADS131M08_UNLOCK); // A locked chip heeds no other command.
        send(wires, ADS131M08_RESET);
        (void)xSemaphoreGive(wires->bus);
        wait_ms(READY_MS);
        return;
    }
    (void)gpio_set_level(wires->options.reset, 0);
    wait_ms(RESET_MS);
    (void)gpio_set_level(wires->options.reset, 1);
    wait_ms(READY_MS);
}

static void stream(void *ctx, bool on)
{
    struct ads131m08_spi *wires = ctx;
    (void)gpio_intr_disable(wires->options.drdy);
    (void)xSemaphoreTake(wires->bus, portMAX_DELAY);
    atomic_store(&wires->streams, on);
    atomic_store(&wires->taken, atomic_load(&wires->put));
    (void)xSemaphoreGive(wires->bus);
    if (on) {
        (void)gpio_intr_enable(wires->options.drdy);
    }
}

static enum status next(void *ctx, struct ads131m08_raw *raw)
{
    struct ads131m08_spi *wires = ctx;
    const uint32_t taken = atomic_load_explicit(&wires->taken, memory_order_relaxed);
    if (taken == atomic_load_explicit(&wires->put, memory_order_acquire)) {
        return STATUS_BUSY;
    }
    *raw = wires->queue[taken % ADS131M08_SPI_QUEUE];
    atomic_store_explicit(&wires->taken, taken + 1, memory_order_release);
    return STATUS_OK;
}

static uint32_t drain(void *ctx)
{
    struct ads131m08_spi *wires = ctx;
    (void)xSemaphoreTake(wires->bus, portMAX_DELAY);
    const uint32_t edge = atomic_load_explicit(&wires->edges, memory_order_acquire);
    ads131m08_frame_encode(ADS131M08_NULL, NULL, 0, wires->out);
    (void)!exchange(wires);
    (void)!exchange(wires);
    (void)xSemaphoreGive(wires->bus);
    return edge;
}

/// Reads the frame of the last edge into the queue. One that finds no room is left out, which the
/// numbers of the edges tell. The bus is held.
static void read_frame(struct ads131m08_spi *wires)
{
    const uint32_t put = atomic_load_explicit(&wires->put, memory_order_relaxed);
    struct ads131m08_raw *raw = &wires->queue[put % ADS131M08_SPI_QUEUE];
    const uint32_t taken = atomic_load_explicit(&wires->taken, memory_order_acquire);
    const uint32_t edge = atomic_load_explicit(&wires->edges, memory_order_acquire);
    const int64_t now_us = esp_timer_get_time();
    const uint32_t ago_us =
        (uint32_t)now_us - atomic_load_explicit(&wires->edge_us, memory_order_relaxed);

    ads131m08_frame_encode(ADS131M08_NULL, NULL, 0, wires->out);
    if (exchange(wires) != STATUS_OK || put - taken == ADS131M08_SPI_QUEUE) {
        return;
    }
    raw->edge = edge;
    raw->edge_us = (uint64_t)(now_us - ago_us);
    memcpy(raw->bytes, wires->in, ADS131M08_FRAME_SIZE);
    atomic_store_explicit(&wires->put, put + 1, memory_order_release);
}

static void run(void *ctx)
{
    struct ads131m08_spi *wires = ctx;
    for (;;) {
        (void)ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
        (void)xSemaphoreTake(wires->bus, portMAX_DELAY);
        if (atomic_load_explicit(&wires->streams, memory_order_acquire)) {
            read_frame(wires);
        }
        (void)xSemaphoreGive(wires->bus);
    }
}

static enum status open_bus(struct ads131m08_spi *wires)
{
    const struct ads131m08_spi_options *options = &wires->options;
    const spi_bus_config_t bus = { .mosi_io_num = options->mosi,
                                   .miso_io_num = options->miso,
                                   .sclk_io_num = options->sclk,
                                   .quadwp_io_num = -1,
                                   .quadhd_io_num = -1,
                                   .max_transfer_sz = sizeof wires->out };
    const spi_device_interface_config_t device = { .mode = SPI_MODE,
                                                   .clock_speed_hz = options->spi_hz,
                                                   .spics_io_num = options->cs,
                                                   .queue_size = 1 };
    // Without DMA: a frame fits into the peripheral's own buffer, and for lengths that are no
    // multiple of 4 the driver would allocate a buffer each time.
    return spi_bus_initialize(options->host, &bus, SPI_DMA_DISABLED) == ESP_OK &&
                   spi_bus_add_device(options->host, &device, &wires->device) == ESP_OK
               ? STATUS_OK
               : STATUS_IO;
}

/// Makes CLKIN. The clock must not follow the processor's, which goes down when there is little to
/// do.
static enum status open_clock(const struct ads131m08_spi_options *options)
{
    const ledc_timer_config_t timer = { .speed_mode = LEDC_LOW_SPEED_MODE,
                                        .duty_resolution = LEDC_TIMER_1_BIT,
                                        .timer_num = LEDC_TIMER_0,
                                        .freq_hz = options->clock_hz,
                                        .clk_cfg = LEDC_USE_APB_CLK };
    const ledc_channel_config_t channel = { .gpio_num = options->clock,
                                            .speed_mode = LEDC_LOW_SPEED_MODE,
                                            .channel = LEDC_CHANNEL_0,
                                            .timer_sel = LEDC_TIMER_0,
                                            .duty = 1 };
    esp_pm_lock_handle_t steady = NULL;

    if (options->clock == GPIO_NUM_NC) {
        return STATUS_OK;
    }
    const esp_err_t locked = esp_pm_lock_create(ESP_PM_APB_FREQ_MAX, 0, "ads131m08", &steady);
    if (locked == ESP_OK) {
        (void)esp_pm_lock_acquire(steady);
    } else if (locked != ESP_ERR_NOT_SUPPORTED) { // Without CONFIG_PM_ENABLE it never changes.
        return STATUS_IO;
    }
    return ledc_timer_config(&timer) == ESP_OK && ledc_channel_config(&channel) == ESP_OK
               ? STATUS_OK
               : STATUS_INVALID;
}

static enum status open_reset(gpio_num_t pin)
{
    const gpio_config_t line = { .pin_bit_mask = UINT64_C(1) << pin, .mode = GPIO_MODE_OUTPUT };
    return gpio_set_level(pin, 1) == ESP_OK && gpio_config(&line) == ESP_OK ? STATUS_OK
                                                                            : STATUS_INVALID;
}

static enum status open_ready(struct ads131m08_spi *wires)
{
    const gpio_num_t pin = wires->options.drdy;
    const gpio_config_t line = { .pin_bit_mask = UINT64_C(1) << pin,
                                 .mode = GPIO_MODE_INPUT,
                                 .intr_type = GPIO_INTR_NEGEDGE };
    if (gpio_config(&line) != ESP_OK) {
        return STATUS_INVALID;
    }
    return gpio_intr_disable(pin) == ESP_OK && gpio_isr_handler_add(pin, on_edge, wires) == ESP_OK
               ? STATUS_OK
               : STATUS_IO;
}

enum status ads131m08_spi_open(struct ads131m08_spi *wires,
                               const struct ads131m08_spi_options *options)
{
    *wires = (struct ads131m08_spi){ .options = *options };
    wires->port = (struct ads131m08_port){ .reset = reset,
                                           .transfer = transfer,
                                           .stream = stream,
                                           .next = next,
                                           .drain = drain,
                                           .uptime_us = uptime_us,
                                           .ctx = wires };
    wires->bus = xSemaphoreCreateMutexStatic(&wires->bus_storage);
    wires->task = xTaskCreateStaticPinnedToCore(run, "ads131m08", ADS131M08_SPI_STACK, wires,
                                                options->priority, wires->stack,
                                                &wires->task_storage, options->core);
    enum status status = open_clock(options);
    if (status == STATUS_OK && options->reset != GPIO_NUM_NC) {
        status = open_reset(options->reset);
    }
    if (status == STATUS_OK) {
        status = open_bus(wires);
    }
    return status == STATUS_OK ? open_ready(wires) : status;
}

const struct ads131m08_port *ads131m08_spi_port(const struct ads131m08_spi *wires)
{
    return &wires->port;
}
