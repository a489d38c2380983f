// SPDX-License-Identifier: MIT
#include "powered_meter.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "reading_example.h"

enum {
    SECTOR_SIZE = 4096,
    JOURNAL_SECTORS = 2, ///< The least that a journal can live in.
    VALUES_SECTORS = 2,
    JOURNAL_SIZE = JOURNAL_SECTORS * SECTOR_SIZE,
    EVENT_CHUNKS = 36,
};

static const double TURN = 6.283185307179586;

struct powered_body powered;
struct flash_memory powered_flash;

static const struct wiring *wiring;
static struct time_zone zone;
static struct tariff tariff;
static uint64_t id_random;

// Two regions of one flash.

static enum status read_at(uint32_t begin, uint32_t offset, void *out, size_t size)
{
    const struct flash_region *whole = &powered_flash.region;
    return whole->read(whole->ctx, begin + offset, out, size);
}

static enum status read_journal(void *ctx, uint32_t offset, void *out, size_t size)
{
    (void)ctx;
    return read_at(0, offset, out, size);
}

static enum status read_values(void *ctx, uint32_t offset, void *out, size_t size)
{
    (void)ctx;
    return read_at(JOURNAL_SIZE, offset, out, size);
}

static enum status program_journal(void *ctx, uint32_t offset, const void *data, size_t size)
{
    (void)ctx;
    return powered_flash.region.program(&powered_flash, offset, data, size);
}

static enum status program_values(void *ctx, uint32_t offset, const void *data, size_t size)
{
    (void)ctx;
    return powered_flash.region.program(&powered_flash, JOURNAL_SIZE + offset, data, size);
}

static enum status erase_journal(void *ctx, uint32_t offset)
{
    (void)ctx;
    return powered_flash.region.erase(&powered_flash, offset);
}

static enum status erase_values(void *ctx, uint32_t offset)
{
    (void)ctx;
    return powered_flash.region.erase(&powered_flash, JOURNAL_SIZE + offset);
}

static enum status sync_both(void *ctx)
{
    (void)ctx;
    return powered_flash.region.sync(&powered_flash);
}

static const struct flash_region journal_region = {
    .size = JOURNAL_SIZE,
    .sector_size = SECTOR_SIZE,
    .read = read_journal,
    .program = program_journal,
    .erase = erase_journal,
    .sync = sync_both,
};

static const struct flash_region values_region = {
    .size = VALUES_SECTORS * SECTOR_SIZE,
    .sector_size = SECTOR_SIZE,
    .read = read_values,
    .program = program_values,
    .erase = erase_values,
    .sync = sync_both,
};

static enum status fill(void *ctx, void *out, size_t size)
{
    (void)ctx;
    for (size_t n = 0; n < size; n++) {
        ((uint8_t *)out)[n] = (uint8_t)(++id_random * 0x9E3779B97F4A7C15u >> 56);
    }
    return STATUS_OK;
}

static const struct entropy entropy = { .fill = fill };

// The clock knows the time a few seconds after the start only.

static uint64_t uptime_us(void *ctx)
{
    (void)ctx;
    return powered.uptime_us;
}

static bool utc_ms(void *ctx, int64_t *utc, uint32_t *uncertainty_ms)
{
    (void)ctx;
    *utc = powered.now_ms;
    *uncertainty_ms = 1;
    return powered.uptime_us > 2u * powered.pace.window_ms * 1000u;
}

static const struct clock meter_clock = { .uptime_us = uptime_us, .utc_ms = utc_ms };

static void make_tariff(void)
{
    struct tariff_fault fault;
    zone = time_zone_utc();
    assert_int_equal(tariff_parse(&tariff,
                                  "1 00:03-00:08,00:40-00:47; 2 00:20-00:31; 3 00:31-00:35,"
                                  "01:10-01:20; 1 01:00-01:07",
                                  &fault),
                     STATUS_OK);
}

// What somebody outside sees of the meter.

static void assert_not_lower(const int64_t *before, const int64_t *after, unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        assert_true(after[n] >= before[n]);
    }
}

static void assert_no_register_fell(const struct reading *before, const struct reading *after)
{
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct reading_channel *was = &before->channel[n];
        const struct reading_channel *is = &after->channel[n];
        assert_not_lower(&was->import_mj, &is->import_mj, 1);
        assert_not_lower(&was->export_mj, &is->export_mj, 1);
        assert_not_lower(was->reactive_mvars, is->reactive_mvars, READING_QUADRANT_COUNT);
    }
    assert_not_lower(before->total.import_mj, after->total.import_mj, READING_RATE_COUNT);
    assert_not_lower(before->total.export_mj, after->total.export_mj, READING_RATE_COUNT);
    assert_not_lower(before->total.reactive_mvars, after->total.reactive_mvars,
                     READING_QUADRANT_COUNT);
}

/// A register agrees with the truth within 10^-7, and a unit for each start: power, sums and
/// registers together are off by 10^-8. A window that counted twice would show, and so would one
/// that is a hair longer than it says.
static void assert_counts(int64_t counted, double truth)
{
    const double tolerance = 1e-7 * truth + 2.0 + powered.oracle.boots;
    if (!(fabs((double)counted - truth) <= tolerance)) {
        fail_msg("%lld instead of %.1f", (long long)counted, truth);
    }
}

static void assert_counted_once(const struct reading *reading, const struct powered_truth *truth)
{
    int64_t net = 0;
    int64_t channels_net = 0;
    for (unsigned n = 0; n < POWERED_CHANNELS; n++) {
        const struct reading_channel *channel = &reading->channel[n];
        assert_counts(channel->import_mj, truth->import_mj[n]);
        assert_counts(channel->export_mj, truth->export_mj[n]);
        for (unsigned q = 0; q < READING_QUADRANT_COUNT; q++) {
            assert_counts(channel->reactive_mvars[q], truth->reactive_mvars[n][q]);
        }
        channels_net += channel->import_mj - channel->export_mj;
    }
    for (unsigned k = 0; k < READING_RATE_COUNT; k++) {
        assert_counts(reading->total.import_mj[k], truth->rate_import_mj[k]);
        assert_counts(reading->total.export_mj[k], truth->rate_export_mj[k]);
        assert_counts(reading->total.reactive_mvars[k], truth->total_reactive_mvars[k]);
        net += reading->total.import_mj[k] - reading->total.export_mj[k];
    }
    // Rates and channels count the same nanojoules; a boot drops what is below a millijoule in each
    // of their registers.
    const int64_t registers = 2 * READING_RATE_COUNT + 2 * POWERED_CHANNELS;
    const int64_t difference = net > channels_net ? net - channels_net : channels_net - net;
    assert_true(difference <= registers * (int64_t)(powered.oracle.boots + 1));
}

static enum status keep_reading(void *ctx, const struct reading *reading)
{
    (void)ctx;
    struct powered_oracle *oracle = &powered.oracle;
    const struct record record = { .kind = RECORD_KIND_READING, .reading = *reading };
    uint64_t seq;
    if (oracle->has_kept) {
        assert_no_register_fell(&oracle->kept, reading);
    }
    assert_counted_once(reading, &powered.truth);
    oracle->in_flight = *reading;
    oracle->has_in_flight = true;
    const enum status status = journal_append(&powered.journal, oracle->boots, &record, &seq);
    if (status == STATUS_OK) {
        oracle->kept = *reading;
        oracle->has_kept = true;
        oracle->has_in_flight = false;
        oracle->kept_truth = powered.truth;
    }
    return status;
}

static const struct reading_sink reading_sink = { .commit = keep_reading };

static enum status keep_record(void *ctx, const struct record *record)
{
    (void)ctx;
    uint64_t seq;
    struct powered_oracle *oracle = &powered.oracle;
    assert_int_equal(record->kind, RECORD_KIND_INTERVAL);
    if (record->interval.maximum_demand_mw > oracle->shown_maximum_mw) {
        oracle->shown_maximum_mw = record->interval.maximum_demand_mw;
    }
    oracle->fresh_maxima +=
        record->interval.maximum_demand_at_ms > powered.now_ms - powered.pace.window_ms ? 1 : 0;
    return journal_append(&powered.journal, oracle->boots, record, &seq);
}

static const struct record_sink record_sink = { .commit = keep_record };

static enum status get_value(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    (void)ctx;
    return powered.flash_values.get(powered.flash_values.ctx, key, out, capacity, size);
}

/// The maximum demand is the only value.
static enum status set_value(void *ctx, const char *key, const void *value, size_t size)
{
    (void)ctx;
    struct powered_oracle *oracle = &powered.oracle;
    assert_in_range(size, 1, sizeof oracle->value_in_flight);
    memcpy(oracle->value_in_flight, value, size);
    oracle->value_in_flight_size = size;
    const enum status status = powered.flash_values.set(powered.flash_values.ctx, key, value, size);
    if (status == STATUS_OK) {
        memcpy(oracle->kept_value, value, size);
        oracle->kept_value_size = size;
        oracle->value_in_flight_size = 0;
    }
    return status;
}

static enum status get_stored(uint8_t *out, size_t *size)
{
    *size = 0;
    return get_value(NULL, "max_demand", out, KEY_VALUE_SIZE_LIMIT, size);
}

static void assert_maximum_is_old_or_new(void)
{
    struct powered_oracle *oracle = &powered.oracle;
    uint8_t found[KEY_VALUE_SIZE_LIMIT];
    size_t size;
    const enum status status = get_stored(found, &size);
    assert_int_equal(status, size == 0 ? STATUS_MISSING : STATUS_OK);
    const bool is_new = size == oracle->value_in_flight_size && size != 0 &&
                        memcmp(found, oracle->value_in_flight, size) == 0;
    const bool is_old =
        size == oracle->kept_value_size && memcmp(found, oracle->kept_value, size) == 0;
    assert_true(is_old || is_new);
    memcpy(oracle->kept_value, found, size);
    oracle->kept_value_size = size;
    oracle->value_in_flight_size = 0;
}

static void start(void)
{
    struct powered_body *p = &powered;
    struct reading last;
    const struct demand_settings demand = { .block_min = 15, .sub_min = 1 };
    struct processing_settings settings = processing_settings_default();
    settings.reading_ms = p->pace.reading_ms;
    settings.total_channels = (1u << POWERED_CHANNELS) - 1u;
    p->uptime_us = 0;
    p->oracle.boots++;
    assert_int_equal(journal_open(&p->journal, &journal_region, &entropy), STATUS_OK);
    assert_int_equal(record_store_open(&p->store, &values_region), STATUS_OK);
    p->flash_values = record_store_key_value(&p->store);
    p->values = (struct key_value){ .get = get_value, .set = set_value };
    const enum status loaded = maximum_demand_load(&p->maximum, &p->values);
    assert_true(loaded == STATUS_OK || loaded == STATUS_MISSING);

    const bool has_last = journal_latest_reading(&p->journal, &last) == STATUS_OK;
    assert_int_equal(ring_init(&p->ring, p->slots, sizeof p->slots[0], 2), STATUS_OK);
    assert_int_equal(processing_task_init(&p->task, wiring, &p->ring, &reading_sink, &settings,
                                          has_last ? &last : NULL),
                     STATUS_OK);
    tariff_clock_init(&p->tariff_clock, &tariff, &zone, has_last ? last.rate : 0);
    assert_int_equal(demand_init(&p->demand, &demand, &meter_clock, &zone, &record_sink,
                                 &p->maximum, &p->tariff_clock.rate),
                     STATUS_OK);
    assert_int_equal(processing_task_watch(&p->task, demand_watcher(&p->demand)), STATUS_OK);
}

void powered_meter_begin(enum flash_memory_cut cut, uint64_t seed, const struct powered_pace *pace)
{
    make_tariff();
    wiring = powered_loads_make(pace->window_ms);
    flash_memory_init(&powered_flash, SECTOR_SIZE, JOURNAL_SECTORS + VALUES_SECTORS, cut, seed);
    memset(&powered, 0, sizeof powered);
    powered.pace = *pace;
    powered.now_ms = INT64_C(1763683200000) + 13000; // Past midnight, so not on any grid.
    powered.truth.at_ms = powered.now_ms;
    powered.oracle.kept_truth = powered.truth;
    start();
}

static unsigned quadrant(double active, double reactive)
{
    return reactive >= 0.0 ? (active >= 0.0 ? 0 : 1) : (active >= 0.0 ? 3 : 2);
}

static void add_truth(unsigned load, unsigned rate)
{
    struct powered_truth *truth = &powered.truth;
    double net = 0.0;
    double net_reactive = 0.0;
    for (unsigned n = 0; n < POWERED_CHANNELS; n++) {
        const struct meter_power power = powered_loads_power(load, n);
        const double active = power.active_w * powered.pace.window_ms;
        const double reactive = power.reactive_var * powered.pace.window_ms;
        truth->import_mj[n] += active > 0.0 ? active : 0.0;
        truth->export_mj[n] += active < 0.0 ? -active : 0.0;
        truth->reactive_mvars[n][quadrant(active, reactive)] += fabs(reactive);
        net += active;
        net_reactive += reactive;
    }
    truth->rate_import_mj[rate] += net > 0.0 ? net : 0.0;
    truth->rate_export_mj[rate] += net < 0.0 ? -net : 0.0;
    truth->total_reactive_mvars[quadrant(net, net_reactive)] += fabs(net_reactive);
    truth->at_ms += powered.pace.window_ms;
}

enum status powered_meter_run_window(unsigned load)
{
    struct powered_body *p = &powered;
    int64_t now_utc_ms = 0;
    uint32_t uncertainty_ms;
    p->uptime_us += p->pace.window_ms * UINT64_C(1000);
    p->now_ms += p->pace.window_ms;
    const bool known = utc_ms(NULL, &now_utc_ms, &uncertainty_ms);
    const unsigned rate = tariff_clock_rate(&p->tariff_clock, known, now_utc_ms);
    processing_task_set_rate(&p->task, rate, p->tariff_clock.is_stale);

    struct cycle_window *window = ring_claim(&p->ring);
    assert_non_null(window);
    *window = *powered_loads_window(load);
    window->ended_us = p->uptime_us;
    ring_publish(&p->ring);
    add_truth(load, rate);

    const enum status status = processing_task_step(&p->task);
    const enum status demand_status = demand_step(&p->demand);
    return status != STATUS_OK ? status : demand_status;
}

enum status powered_meter_record_event(void)
{
    enum status status = STATUS_OK;
    struct record record = { .kind = RECORD_KIND_WAVEFORM,
                             .waveform = { .interval_ns = 156250, .unit_per_1e6 = 2000 } };
    for (unsigned chunk = 0; status == STATUS_OK && chunk < EVENT_CHUNKS; chunk++) {
        uint64_t seq;
        record.waveform.started_us = powered.uptime_us + chunk * UINT64_C(30000);
        record.waveform.count = WAVEFORM_CHUNK_SAMPLES;
        for (unsigned n = 0; n < WAVEFORM_CHUNK_SAMPLES; n++) {
            const double angle = TURN * (n + chunk * WAVEFORM_CHUNK_SAMPLES) / 128.0;
            record.waveform.sample[n] = (int16_t)(32000.0 * sin(angle));
        }
        status = journal_append(&powered.journal, powered.oracle.boots, &record, &seq);
    }
    return status;
}

enum status powered_meter_reset_maximum(void)
{
    return maximum_demand_reset(&powered.maximum, powered.now_ms, "utility");
}

void powered_meter_restart(void)
{
    struct powered_oracle *oracle = &powered.oracle;
    struct reading found;
    flash_memory_power_up(&powered_flash);
    start();

    const enum status status = journal_latest_reading(&powered.journal, &found);
    const struct record found_record = { .kind = RECORD_KIND_READING, .reading = found };
    const struct record kept = { .kind = RECORD_KIND_READING, .reading = oracle->kept };
    const struct record in_flight = { .kind = RECORD_KIND_READING, .reading = oracle->in_flight };
    if (status == STATUS_MISSING) {
        assert_false(oracle->has_kept);
    } else if (!oracle->has_kept || !reading_example_is_same(&found_record, &kept)) {
        assert_true(oracle->has_in_flight);
        assert_true(reading_example_is_same(&found_record, &in_flight));
        oracle->kept = found;
        oracle->has_kept = true;
        oracle->kept_truth = powered.truth;
    }
    oracle->has_in_flight = false;
    powered.truth = oracle->kept_truth;
    if (oracle->has_kept) {
        assert_counted_once(&oracle->kept, &powered.truth);
    }
    const uint64_t lost_ms = (uint64_t)(powered.now_ms - powered.truth.at_ms);
    powered.truth.at_ms = powered.now_ms;
    oracle->kept_truth.at_ms = powered.now_ms; // What is lost is lost once.
    oracle->lost_ms += lost_ms;
    oracle->most_lost_ms = lost_ms > oracle->most_lost_ms ? lost_ms : oracle->most_lost_ms;
    assert_in_range(lost_ms, 0, POWERED_LOSS_MS);

    assert_maximum_is_old_or_new();
    const struct maximum_demand_value *maximum = &powered.maximum.value;
    if (maximum->resets > oracle->resets) {
        oracle->resets = maximum->resets;
        oracle->shown_maximum_mw = 0;
    }
    assert_true(maximum->demand_mw >= oracle->shown_maximum_mw);
    assert_int_equal(powered_flash.breaches, 0);
}
