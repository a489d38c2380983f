// SPDX-License-Identifier: MIT

/// How long flash lasts under a meter that records everything: bytes are counted while the journal
/// itself writes them, and a year is calculated from two hours.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flash_memory.h"
#include "journal.h"
#include "maximum_demand.h"
#include "reading_example.h"
#include "record_store.h"

enum {
    SECTOR_SIZE = 4096,
    SECTOR_COUNT = 256, ///< 1 MiB.
    SPAN_S = 2 * 3600,
    SPECTRUM_S = 60,
    QUALITY_S = 600,
    DEMAND_S = 900,
    ANCHOR_S = 3600,
    SPECTRA = READING_CHANNEL_COUNT + 1, ///< A voltage and eight currents.
    EVENT_CHUNKS = 18,                   ///< Two to each signal.
    EVENTS_PER_DAY = 24,
    KINDS = RECORD_KIND_COUNT,
};

static const double ERASES_ENDURED = 100000.0; // Of common NOR flash, by its data sheets.
static const double DAYS_PER_YEAR = 365.25;
static const double YEARS_WANTED = 20.0;

static struct flash_memory flash;
static struct journal journal;
static struct reading_example example;
static uint64_t bytes_of[KINDS];
static unsigned count_of[KINDS];

static enum status fill(void *ctx, void *out, size_t size)
{
    (void)ctx;
    for (size_t n = 0; n < size; n++) {
        ((uint8_t *)out)[n] = (uint8_t)n;
    }
    return STATUS_OK;
}

static const struct entropy entropy = { .fill = fill };

/// Bytes of flash that the journal has used up, blank ends of sectors and snapshots included.
static uint64_t used(void)
{
    return journal.generation * SECTOR_SIZE + journal.position;
}

static void append(const struct record *record)
{
    uint64_t seq;
    const uint64_t before = used();
    assert_int_equal(journal_append(&journal, 1, record, &seq), STATUS_OK);
    assert_int_equal(journal_release(&journal, seq), STATUS_OK);
    bytes_of[record->kind] += used() - before;
    count_of[record->kind]++;
}

static uint32_t dice(uint32_t sides)
{
    return (uint32_t)(reading_example_random(&example) >> 32) % sides;
}

static struct record make_spectrum(unsigned channel)
{
    struct record record = { .kind = RECORD_KIND_SPECTRUM,
                             .spectrum = { .uptime_ms = example.last.uptime_ms,
                                           .span_ms = 60000,
                                           .windows = 300,
                                           .frequency_mhz = 50000,
                                           .fundamental_rms = 23000 + dice(500),
                                           .distortion_ppm = 50000 + dice(1000),
                                           .channel = (uint8_t)(channel % READING_CHANNEL_COUNT),
                                           .signal = channel == READING_CHANNEL_COUNT } };
    record.spectrum.harmonic_ppm[0] = 1000000;
    for (uint32_t order = 2; order <= SPECTRUM_HARMONIC_COUNT; order++) {
        const uint32_t level = order % 2 == 1 ? 200000 / order : 2000;
        record.spectrum.harmonic_ppm[order - 1] = level + dice(level);
    }
    return record;
}

static struct record make_interval(enum interval_kind kind, uint32_t length_s)
{
    const struct reading *last = &example.last;
    struct record record = { .kind = RECORD_KIND_INTERVAL,
                             .interval = { .uptime_ms = last->uptime_ms,
                                           .length_ms = length_s * 1000,
                                           .measured_ms = length_s * 1000,
                                           .frequency_mhz = 50000 + dice(20),
                                           .frequency_low_mhz = 49950 + dice(20),
                                           .frequency_high_mhz = 50020 + dice(20),
                                           .kind = (uint8_t)kind,
                                           .channels = 0xff } };
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        record.interval.channel[n] = (struct interval_channel){
            .voltage_10mv = 23000 + dice(100),
            .voltage_low_10mv = 22000 + dice(900),
            .voltage_high_10mv = 23200 + dice(500),
            .current_100ua = last->channel[n].current_100ua + dice(5000),
            .current_high_100ua = last->channel[n].current_100ua + 5000 + dice(90000),
            .active_power_10mw = last->channel[n].active_power_10mw,
            .reactive_power_10mvar = last->channel[n].reactive_power_10mvar,
            .voltage_distortion_ppm = 20000 + dice(3000),
            .current_distortion_ppm = 90000 + dice(90000),
            .import_mj = (int64_t)dice(2000000) * length_s,
        };
    }
    if (kind == INTERVAL_DEMAND) {
        record.interval.demand_mw = 3000000 + dice(1000000);
        record.interval.maximum_demand_mw = 7654321;
        record.interval.maximum_demand_at_ms = 1763690000000;
    }
    return record;
}

/// A dip, and what all signals did around it.
static void append_event(void)
{
    const struct record event = { .kind = RECORD_KIND_EVENT,
                                  .event = { .started_us = example.last.uptime_ms * 1000 + 123,
                                             .duration_us = 87654,
                                             .id = 17,
                                             .extreme_10mv = 15000,
                                             .declared_10mv = 23000,
                                             .kind = POWER_EVENT_DIP } };
    append(&event);
    for (unsigned chunk = 0; chunk < EVENT_CHUNKS; chunk++) {
        struct record record = { .kind = RECORD_KIND_WAVEFORM,
                                 .waveform = { .started_us = example.last.uptime_ms * 1000,
                                               .event_id = 17,
                                               .interval_ns = 312500,
                                               .unit_per_1e6 = 20000,
                                               .count = WAVEFORM_CHUNK_SAMPLES } };
        int32_t value = 0;
        for (unsigned n = 0; n < WAVEFORM_CHUNK_SAMPLES; n++) {
            value += (int32_t)dice(1200) - 600 - value / 32;
            record.waveform.sample[n] = (int16_t)value;
        }
        append(&record);
    }
}

/// Two hours of everything; returns bytes a day.
static double record_two_hours(uint32_t reading_s)
{
    flash_memory_init(&flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER, 1);
    reading_example_init(&example, 1);
    assert_int_equal(journal_open(&journal, &flash.region, &entropy), STATUS_OK);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        bytes_of[kind] = 0;
        count_of[kind] = 0;
    }
    const uint64_t before = used();
    for (uint32_t second = 1; second <= SPAN_S; second++) {
        const struct record reading = reading_example_next(&example, READING_CHANNEL_COUNT);
        if (second % reading_s == 0) {
            append(&reading);
        }
        for (unsigned n = 0; second % SPECTRUM_S == 0 && n < SPECTRA; n++) {
            const struct record spectrum = make_spectrum(n);
            append(&spectrum);
        }
        if (second % QUALITY_S == 0) {
            const struct record quality = make_interval(INTERVAL_QUALITY_10MIN, QUALITY_S);
            append(&quality);
        }
        if (second % DEMAND_S == 0) {
            const struct record demand = make_interval(INTERVAL_DEMAND, DEMAND_S);
            append(&demand);
        }
        if (second % ANCHOR_S == 0) {
            const struct record anchor = { .kind = RECORD_KIND_ANCHOR,
                                           .anchor = { .uptime_ms = example.last.uptime_ms,
                                                       .utc_ms = 1763690000000 + second * 1000,
                                                       .uncertainty_ms = 20,
                                                       .source = ANCHOR_SOURCE_SNTP } };
            append(&anchor);
        }
        if (second % (24 * 3600 / EVENTS_PER_DAY) == 0) {
            append_event();
        }
    }
    const struct record two_hours = make_interval(INTERVAL_QUALITY_2H, SPAN_S);
    append(&two_hours);
    return (double)(used() - before) * 24 * 3600 / SPAN_S;
}

static double years_of(double region_bytes, double bytes_per_day)
{
    return ERASES_ENDURED * region_bytes / bytes_per_day / DAYS_PER_YEAR;
}

/// Whole sectors of flash that are erased less often than they endure for twenty years.
static double sectors_for_20_years(double bytes_per_day)
{
    double sectors = 2.0; // The least for a journal.
    while (years_of(sectors * SECTOR_SIZE, bytes_per_day) < YEARS_WANTED) {
        sectors += 1.0;
    }
    return sectors;
}

static void lasts_for_20_years_at_every_cadence(void **state)
{
    (void)state;
    static const char *const names[KINDS] = { "reading",  "anchor",   "event",
                                              "waveform", "spectrum", "interval" };
    static const uint32_t cadences_s[] = { 60, 10, 1 };
    for (unsigned n = 0; n < 3; n++) {
        const double bytes_per_day = record_two_hours(cadences_s[n]);
        const double sectors = sectors_for_20_years(bytes_per_day);
        const double years = years_of((double)SECTOR_COUNT * SECTOR_SIZE, bytes_per_day);
        print_message("readings each %u s: %.2f MB a day; 1 MiB lasts %.0f years and holds %.1f h; "
                      "20 years need %.0f sectors (%.0f KiB)\n",
                      cadences_s[n], bytes_per_day / 1e6, years,
                      24.0 * SECTOR_COUNT * SECTOR_SIZE / bytes_per_day, sectors,
                      sectors * SECTOR_SIZE / 1024);
        for (unsigned kind = 0; kind < KINDS; kind++) {
            print_message("    %-8s %5u in two hours, %4.0f bytes each, %2.0f %%\n", names[kind],
                          count_of[kind], (double)bytes_of[kind] / count_of[kind],
                          100.0 * (double)bytes_of[kind] * 12 / bytes_per_day);
        }
        assert_true(years >= YEARS_WANTED);
    }
}

/// Readings that share nothing with the one before: the largest entries there are.
static void says_what_the_worst_readings_cost(void **state)
{
    (void)state;
    uint32_t largest = 0;
    uint64_t total = 0;
    unsigned count = 0;
    flash_memory_init(&flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER, 1);
    reading_example_init(&example, 1);
    assert_int_equal(journal_open(&journal, &flash.region, &entropy), STATUS_OK);
    while (count < 1000) {
        struct record record = reading_example_wild(&example);
        uint64_t seq;
        if (record.kind != RECORD_KIND_READING) {
            continue;
        }
        const uint64_t generation = journal.generation;
        const uint32_t before = journal.position;
        assert_int_equal(journal_append(&journal, 1, &record, &seq), STATUS_OK);
        if (journal.generation == generation) {
            const uint32_t size = journal.position - before;
            largest = size > largest ? size : largest;
            total += size;
            count++;
        }
    }
    const double per_day = 86400.0 * (double)total / count;
    print_message("readings of nothing but noise: %.0f bytes on average, %u at most; each second, "
                  "20 years need %.0f KiB, each minute %.0f KiB\n",
                  (double)total / count, largest,
                  sectors_for_20_years(per_day) * SECTOR_SIZE / 1024,
                  sectors_for_20_years(per_day / 60) * SECTOR_SIZE / 1024);
    assert_in_range(largest, 1, JOURNAL_ENTRY_SIZE_LIMIT);
}

/// A new maximum each minute, for ever: more than any load can do.
static void keeps_the_maximum_demand_for_20_years(void **state)
{
    (void)state;
    enum { VALUES_SECTORS = 16, DAYS = 5 };
    static struct record_store store;
    struct maximum_demand maximum;
    flash_memory_init(&flash, SECTOR_SIZE, VALUES_SECTORS, FLASH_MEMORY_CUT_IN_ORDER, 1);
    assert_int_equal(record_store_open(&store, &flash.region), STATUS_OK);
    const struct key_value values = record_store_key_value(&store);
    assert_int_equal(maximum_demand_load(&maximum, &values), STATUS_MISSING);
    for (int64_t minute = 1; minute <= DAYS * 1440; minute++) {
        maximum_demand_offer(&maximum, minute, minute * 60000);
        assert_int_equal(maximum_demand_settle(&maximum), STATUS_OK);
    }
    uint32_t most = 0;
    for (unsigned n = 0; n < VALUES_SECTORS; n++) {
        most = flash.erases[n] > most ? flash.erases[n] : most;
    }
    const double years = ERASES_ENDURED * DAYS / most / DAYS_PER_YEAR;
    print_message("a new maximum demand each minute: %u erases of a sector in %d days, %.0f years "
                  "with %d KiB\n",
                  most, DAYS, years, VALUES_SECTORS * SECTOR_SIZE / 1024);
    assert_true(years >= YEARS_WANTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lasts_for_20_years_at_every_cadence),
        cmocka_unit_test(says_what_the_worst_readings_cost),
        cmocka_unit_test(keeps_the_maximum_demand_for_20_years),
    };
    return cmocka_run_group_tests_name("flash_wear", tests, NULL, NULL);
}
