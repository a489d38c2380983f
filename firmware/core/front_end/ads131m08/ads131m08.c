// SPDX-License-Identifier: MIT
#include "ads131m08.h"

enum {
    ID_UPPER_BYTE = 0x28,
    MODE_24_BITS = 0x2110, ///< CRC over the registers, words of 24 bits, time-out of the bus.
    CLOCK_ALL_ON = 0xff02, ///< All channels, crystal or clock, high resolution.
    CLOCK_OSR_SHIFT = 2,
    SETTINGS = 4, ///< Registers from MODE to GAIN2.
    GAIN_LIMIT = 7,
};

static enum status exchange(const struct ads131m08 *driver, uint16_t command, const uint16_t *data,
                            size_t count, uint16_t *answer)
{
    uint8_t out[ADS131M08_FRAME_SIZE];
    uint8_t in[ADS131M08_FRAME_SIZE];
    struct ads131m08_frame frame;
    ads131m08_frame_encode(command, data, count, out);
    enum status status = driver->port->transfer(driver->port->ctx, out, in);
    if (status == STATUS_OK) {
        status = ads131m08_frame_decode(in, &frame);
    }
    if (status == STATUS_OK) {
        *answer = frame.answer;
    }
    return status == STATUS_OK ? STATUS_OK : STATUS_IO;
}

/// Sends a command and gets the answer to it, which comes with the frame after.
static enum status ask(const struct ads131m08 *driver, uint16_t command, const uint16_t *data,
                       size_t count, uint16_t *answer)
{
    const enum status status = exchange(driver, command, data, count, answer);
    return status == STATUS_OK ? exchange(driver, ADS131M08_NULL, NULL, 0, answer) : status;
}

static enum status expect(const struct ads131m08 *driver, uint16_t command, const uint16_t *data,
                          size_t count, unsigned wanted)
{
    uint16_t answer;
    const enum status status = ask(driver, command, data, count, &answer);
    return status == STATUS_OK && answer != wanted ? STATUS_IO : status;
}

static uint16_t gains_of(const uint8_t *gain_log2)
{
    return (uint16_t)(gain_log2[0] | gain_log2[1] << 4 | gain_log2[2] << 8 | gain_log2[3] << 12);
}

/// Writes the settings, reads them back and locks them.
static enum status write_settings(const struct ads131m08 *driver)
{
    const struct ads131m08_settings *settings = &driver->settings;
    const uint16_t value[SETTINGS] = {
        MODE_24_BITS,
        (uint16_t)(CLOCK_ALL_ON | (unsigned)settings->osr << CLOCK_OSR_SHIFT),
        gains_of(settings->gain_log2),
        gains_of(settings->gain_log2 + 4),
    };
    const unsigned where = ADS131M08_MODE << 7 | (SETTINGS - 1u);
    enum status status = expect(driver, (uint16_t)(ADS131M08_WREG | where), value, SETTINGS,
                                ADS131M08_WREG_DONE | where);
    for (unsigned n = 0; n < SETTINGS && status == STATUS_OK; n++) {
        status = expect(driver, (uint16_t)(ADS131M08_RREG | (ADS131M08_MODE + n) << 7), NULL, 0,
                        value[n]);
    }
    return status == STATUS_OK ? expect(driver, ADS131M08_LOCK, NULL, 0, ADS131M08_LOCK) : status;
}

static enum status set_up(struct ads131m08 *driver)
{
    const struct ads131m08_port *port = driver->port;
    uint16_t id = 0;
    driver->counters.setups++;
    driver->heard_us = port->uptime_us(port->ctx);
    driver->lost_unknown = driver->counters.frames > 0;
    driver->has_edge = false;
    driver->is_draining = false;
    driver->settling = ADS131M08_SETTLING_FRAMES;
    frame_clock_restart(&driver->clock);
    port->stream(port->ctx, false);
    port->reset(port->ctx);
    enum status status = expect(driver, ADS131M08_UNLOCK, NULL, 0, ADS131M08_UNLOCK);
    if (status == STATUS_OK) {
        status = ask(driver, ADS131M08_RREG | ADS131M08_ID << 7, NULL, 0, &id);
    }
    if (status == STATUS_OK) {
        status = id >> 8 == ID_UPPER_BYTE ? write_settings(driver) : STATUS_IO;
    }
    driver->is_set_up = status == STATUS_OK;
    if (driver->is_set_up) {
        port->stream(port->ctx, true);
    }
    return status;
}

enum status ads131m08_init(struct ads131m08 *driver, const struct ads131m08_port *port,
                           const struct ads131m08_settings *settings)
{
    *driver = (struct ads131m08){ .port = port, .settings = *settings };
    if (settings->clock_hz == 0 || settings->osr > ADS131M08_OSR_16384) {
        return STATUS_INVALID;
    }
    for (unsigned n = 0; n < ADS131M08_CHANNELS; n++) {
        if (settings->gain_log2[n] > GAIN_LIMIT) {
            return STATUS_INVALID;
        }
    }
    const uint32_t clocks =
        settings->osr == ADS131M08_OSR_16384 ? 2u * 16256u : 256u << (unsigned)settings->osr;
    frame_clock_init(&driver->clock, (uint64_t)settings->clock_hz * 1000u / clocks);
    return set_up(driver);
}

static void lose(struct ads131m08 *driver, uint32_t frames)
{
    driver->counters.lost_frames += frames;
    driver->lost_frames =
        driver->lost_frames > UINT32_MAX - frames ? UINT32_MAX : driver->lost_frames + frames;
}

/// Sees whether edges were missed before this frame, and whether the frame is late for that.
static bool is_in_time(struct ads131m08 *driver, const struct ads131m08_raw *raw)
{
    const uint32_t passed = driver->has_edge ? raw->edge - driver->last_edge : 1;
    driver->has_edge = true;
    driver->last_edge = raw->edge;
    driver->heard_us = raw->edge_us;
    frame_clock_pass(&driver->clock, passed, raw->edge_us);
    if (passed == 0) {
        driver->counters.stale_frames++;
        return false;
    }
    if (passed > 1) {
        driver->counters.missed_edges += passed - 1u;
        lose(driver, passed);
        driver->drained = driver->port->drain(driver->port->ctx);
        driver->is_draining = true;
        return false;
    }
    if (driver->is_draining && driver->drained - raw->edge < UINT32_MAX / 2u) {
        lose(driver, 1);
        return false;
    }
    driver->is_draining = false;
    return true;
}

/// Sees whether the chip is well and the codes are new.
static bool is_sound(struct ads131m08 *driver, const struct ads131m08_frame *frame)
{
    const unsigned status = frame->answer;
    const unsigned bad = ADS131M08_STATUS_RESET | ADS131M08_STATUS_REG_MAP;
    if ((status & bad) != 0 || (status & ADS131M08_STATUS_LOCK) == 0 ||
        (status & ADS131M08_STATUS_WLENGTH) != ADS131M08_STATUS_WLENGTH_24) {
        driver->is_set_up = false;
        return false;
    }
    if ((status & ADS131M08_STATUS_RESYNC) != 0) {
        driver->lost_unknown = true;
        frame_clock_restart(&driver->clock);
        return false;
    }
    if ((status & ADS131M08_STATUS_DRDY) != ADS131M08_STATUS_DRDY) {
        driver->counters.stale_frames++;
        driver->lost_unknown = true;
        return false;
    }
    return true;
}

/// Looks at one frame; true when its codes are to be used.
static bool take(struct ads131m08 *driver, const struct ads131m08_raw *raw,
                 struct ads131m08_frame *frame)
{
    if (!is_in_time(driver, raw)) {
        return false;
    }
    if (ads131m08_frame_decode(raw->bytes, frame) != STATUS_OK) {
        driver->counters.crc_errors++;
        lose(driver, 1);
        return false;
    }
    if (!is_sound(driver, frame)) {
        return false;
    }
    if (driver->settling > 0) {
        driver->settling--;
        return false;
    }
    return true;
}

static bool hole_is_noted(const struct ads131m08 *driver)
{
    return driver->lost_frames > 0 || driver->lost_unknown;
}

/// A hole lies before the block's first frame.
static void tell_hole(struct ads131m08 *driver, struct adc_block *block)
{
    block->lost_frames = driver->lost_frames;
    block->lost_unknown = driver->lost_unknown;
    driver->lost_frames = 0;
    driver->lost_unknown = false;
}

static enum status read_block(void *ctx, struct adc_block *block)
{
    struct ads131m08 *driver = ctx;
    const struct ads131m08_port *port = driver->port;
    block->frame_count = 0;
    block->lost_frames = 0;
    block->lost_unknown = false;
    block->channel_swap = false;
    if (!driver->is_set_up && set_up(driver) != STATUS_OK) {
        return STATUS_IO;
    }
    struct ads131m08_raw raw;
    struct ads131m08_frame frame;
    enum status status = STATUS_OK;
    // A hole ends the block: what comes after it waits in the port for the next read.
    while (block->frame_count < ADC_FRAME_LIMIT && driver->is_set_up &&
           (block->frame_count == 0 || !hole_is_noted(driver))) {
        status = port->next(port->ctx, &raw);
        if (status != STATUS_OK) {
            break;
        }
        if (take(driver, &raw, &frame)) {
            if (block->frame_count == 0) {
                tell_hole(driver, block);
            }
            for (unsigned n = 0; n < ADS131M08_CHANNELS; n++) {
                block->code[n][block->frame_count] = frame.code[n];
            }
            block->frame_count++;
            driver->counters.frames++;
        }
    }
    if (block->frame_count > 0) {
        return STATUS_OK;
    }
    const uint64_t now_us = port->uptime_us(port->ctx);
    if (now_us > driver->heard_us && now_us - driver->heard_us > ADS131M08_SILENCE_US) {
        driver->is_set_up = false;
    }
    return driver->is_set_up ? STATUS_BUSY : STATUS_IO;
}

static uint64_t rate_of(void *ctx)
{
    const struct ads131m08 *driver = ctx;
    return frame_clock_rate_mhz(&driver->clock);
}

struct adc_source ads131m08_adc(struct ads131m08 *driver)
{
    return (struct adc_source){ .input_count = ADS131M08_CHANNELS,
                                .code_min = ADS131M08_CODE_MIN,
                                .code_max = ADS131M08_CODE_MAX,
                                .read = read_block,
                                .frame_rate_mhz = rate_of,
                                .ctx = driver };
}
