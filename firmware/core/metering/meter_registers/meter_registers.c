// SPDX-License-Identifier: MIT
#include "meter_registers.h"

#include <stdbool.h>

#include "portable_math.h"

enum { NANO_PER_MILLI = 1000000 };

/// Of one channel in one window, in nanojoules or nanovar-seconds: eight of them fit into int64_t.
static const double WINDOW_LIMIT_NANO = 1.1e18;

static int64_t saturated_sum(int64_t left, int64_t right)
{
    return left > INT64_MAX - right ? INT64_MAX : left + right;
}

/// `added_nano` is not negative.
static void count(struct meter_counter *counter, int64_t added_nano)
{
    const int64_t rest = counter->rest_nano + added_nano % NANO_PER_MILLI;
    const int64_t whole = added_nano / NANO_PER_MILLI + rest / NANO_PER_MILLI;
    counter->rest_nano = rest % NANO_PER_MILLI;
    counter->whole_milli = saturated_sum(counter->whole_milli, whole);
}

/// 0 when it cannot be told, or cannot be true.
static int64_t to_nano(double power, double seconds)
{
    const double nano = power * seconds * 1e9;
    return nano > -WINDOW_LIMIT_NANO && nano < WINDOW_LIMIT_NANO ? portable_round(nano) : 0;
}

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

static unsigned quadrant_of(bool exports, bool capacitive)
{
    if (capacitive) {
        return exports ? 2 : 3;
    }
    return exports ? 1 : 0;
}

static void count_reactive(struct meter_counter reactive[READING_QUADRANT_COUNT], bool exports,
                           int64_t reactive_nano)
{
    count(&reactive[quadrant_of(exports, reactive_nano < 0)], magnitude(reactive_nano));
}

void meter_registers_init(struct meter_registers *registers, uint8_t total_channels)
{
    *registers = (struct meter_registers){ .total_channels = total_channels };
}

static bool take(struct meter_counter *counter, int64_t whole_milli)
{
    *counter = (struct meter_counter){ .whole_milli = whole_milli };
    return whole_milli >= 0;
}

static bool take_reactive(struct meter_counter reactive[READING_QUADRANT_COUNT],
                          const int64_t mvars[READING_QUADRANT_COUNT])
{
    bool good = true;
    for (unsigned q = 0; q < READING_QUADRANT_COUNT; q++) {
        good = take(&reactive[q], mvars[q]) && good;
    }
    return good;
}

enum status meter_registers_restore(struct meter_registers *registers, uint8_t total_channels,
                                    const struct reading *last)
{
    bool good = true;
    meter_registers_init(registers, total_channels);
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        struct meter_registers_channel *channel = &registers->channel[n];
        good = take(&channel->import, last->channel[n].import_mj) && good;
        good = take(&channel->export, last->channel[n].export_mj) && good;
        good = take_reactive(channel->reactive, last->channel[n].reactive_mvars) && good;
    }
    for (unsigned rate = 0; rate < READING_RATE_COUNT; rate++) {
        good = take(&registers->import[rate], last->total.import_mj[rate]) && good;
        good = take(&registers->export[rate], last -> total.export_mj[rate]) && good;
    }
    good = take_reactive(registers->reactive, last->total.reactive_mvars) && good;
    if (!good) {
        meter_registers_init(registers, total_channels);
    }
    return good ? STATUS_OK : STATUS_INVALID;
}

void meter_registers_add(struct meter_registers *registers,
                         const struct meter_power power[READING_CHANNEL_COUNT], double seconds,
                         unsigned rate)
{
    int64_t net_active = 0;
    int64_t net_reactive = 0;
    if (!(seconds > 0.0)) {
        return;
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        struct meter_registers_channel *channel = &registers->channel[n];
        const int64_t active = to_nano(power[n].active_w, seconds);
        const int64_t reactive = to_nano(power[n].reactive_var, seconds);
        count(active < 0 ? &channel->export : &channel->import, magnitude(active));
        count_reactive(channel->reactive, active < 0, reactive);
        if ((registers->total_channels & (1u << n)) != 0) {
            net_active += active;
            net_reactive += reactive;
        }
    }
    const unsigned at = rate < READING_RATE_COUNT ? rate : 0;
    count(net_active < 0 ? &registers->export[at] : &registers->import[at], magnitude(net_active));
    count_reactive(registers->reactive, net_active < 0, net_reactive);
}

static void report_reactive(const struct meter_counter reactive[READING_QUADRANT_COUNT],
                            int64_t mvars[READING_QUADRANT_COUNT])
{
    for (unsigned q = 0; q < READING_QUADRANT_COUNT; q++) {
        mvars[q] = reactive[q].whole_milli;
    }
}

void meter_registers_report(const struct meter_registers *registers, struct reading *reading)
{
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        if ((reading->channels & (1u << n)) != 0) {
            const struct meter_registers_channel *channel = &registers->channel[n];
            reading->channel[n].import_mj = channel->import.whole_milli;
            reading->channel[n].export_mj = channel->export.whole_milli;
            report_reactive(channel->reactive, reading->channel[n].reactive_mvars);
        }
    }
    for (unsigned rate = 0; rate < READING_RATE_COUNT; rate++) {
        reading->total.import_mj[rate] = registers->import[rate].whole_milli;
        reading->total.export_mj[rate] = registers->export[rate].whole_milli;
    }
    report_reactive(registers->reactive, reading->total.reactive_mvars);
}

static int64_t sum_of_rates(const int64_t rates[READING_RATE_COUNT])
{
    int64_t sum = 0;
    for (unsigned rate = 0; rate < READING_RATE_COUNT; rate++) {
        sum = saturated_sum(sum, rates[rate]);
    }
    return sum;
}

int64_t meter_registers_total_import_mj(const struct reading_total *total)
{
    return sum_of_rates(total->import_mj);
}

int64_t meter_registers_total_export_mj(const struct reading_total *total)
{
    return sum_of_rates(total->export_mj);
}
