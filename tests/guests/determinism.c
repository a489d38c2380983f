// SPDX-License-Identifier: MIT

/// Says in SHA-256 what the metering engine makes of many generated mains, so that machines can be
/// compared: windows, readings, and the batches that leave the device, by way of the journal.
///
/// Needs no operating system and no file: the codes come from integers, the words go to stdout.

#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "bytes.h"
#include "calibration_fit.h"
#include "journal.h"
#include "plans.h"
#include "portable_math.h"
#include "sha256.h"
#include "whole_engine.h"

enum {
    FLASH_SECTOR_SIZE = 8192,
    FLASH_SECTORS = 4,
    RECORDS_PER_BATCH = 16,
    SAMPLE_ROOM = 16384,
    TABLE_POINTS = 65
};

/// 0.4 s before the clocks in Berlin go back from 3:00 to 2:00 in 2026: a quarter of an hour, 10
/// minutes, a tariff rate and summer time end while the engine runs.
static const int64_t UTC_START_MS = 1792889999600;

/// Everything that one case needs. Static: a guest's stack is small.
struct bench {
    struct sha256 sha;
    struct whole_engine engine;
    struct code_generator generator;
    struct guest_case test_case;
    struct adc_source source;
    uint64_t samples[SAMPLE_ROOM];
    int16_t snapshots[SNAPSHOT_SAMPLES];
    struct calibration calibration;
    struct linearity_table linearity;
    struct key_value values;
    struct reading_sink readings;
    struct record_sink records;
    struct journal journal;
    uint8_t flash[FLASH_SECTOR_SIZE * FLASH_SECTORS];
    struct record record[RECORDS_PER_BATCH];
    uint8_t batch[BATCH_SIZE_LIMIT];
    uint32_t kinds; ///< Bit n: there was a record of kind n.
    bool failed;
};

static void say_u64(struct sha256 *sha, uint64_t value)
{
    uint8_t bytes[8];
    bytes_store_le64(bytes, value);
    sha256_add(sha, bytes, sizeof bytes);
}

/// All bits of a double: the sign of zero counts, too.
static void say_double(struct sha256 *sha, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    say_u64(sha, bits);
}

static enum status flash_read(void *ctx, uint32_t offset, void *out, size_t size)
{
    const struct bench *bench = ctx;
    memcpy(out, bench->flash + offset, size);
    return STATUS_OK;
}

static enum status flash_program(void *ctx, uint32_t offset, const void *data, size_t size)
{
    struct bench *bench = ctx;
    memcpy(bench->flash + offset, data, size);
    return STATUS_OK;
}

static enum status flash_erase(void *ctx, uint32_t offset)
{
    struct bench *bench = ctx;
    memset(bench->flash + offset, 0xff, FLASH_SECTOR_SIZE);
    return STATUS_OK;
}

static enum status flash_sync(void *ctx)
{
    (void)ctx;
    return STATUS_OK;
}

static enum status not_random(void *ctx, void *out, size_t size)
{
    (void)ctx;
    memset(out, 0x5a, size);
    return STATUS_OK;
}

static void check(struct bench *bench, bool ok, const char *what)
{
    if (!ok && !bench->failed) {
        printf("failed: %s\n", what);
        bench->failed = true;
    }
}

/// Reads what the journal holds, sends it as the device does and lets go of it.
static void send_batch(struct bench *bench)
{
    struct batch_header header = { .boot_id = 1,
                                   .first_seq = journal_oldest_seq(&bench->journal),
                                   .oldest_seq = journal_oldest_seq(&bench->journal) };
    memcpy(header.journal_id, journal_id(&bench->journal), JOURNAL_ID_SIZE);
    const uint64_t next = journal_next_seq(&bench->journal);
    while (header.first_seq + header.count < next && header.count < RECORDS_PER_BATCH) {
        check(bench,
              journal_read(&bench->journal, header.first_seq + header.count,
                           &bench->record[header.count], NULL) == STATUS_OK,
              "a record cannot be read");
        header.count++;
    }
    size_t size = 0;
    if (header.count > 0) {
        check(bench,
              batch_encode(&header, bench->record, bench->batch, sizeof bench->batch, &size) ==
                  STATUS_OK,
              "a batch cannot be encoded");
        check(bench,
              journal_release(&bench->journal, header.first_seq + header.count - 1) == STATUS_OK,
              "records cannot be released");
    }
    sha256_add(&bench->sha, bench->batch, size);
}

static enum status take_record(void *ctx, const struct record *record)
{
    struct bench *bench = ctx;
    uint64_t seq;
    bench->kinds |= UINT32_C(1) << record->kind;
    const enum status status = journal_append(&bench->journal, 1, record, &seq);
    check(bench, status == STATUS_OK, "a record cannot be kept");
    if (seq % RECORDS_PER_BATCH == 0) {
        send_batch(bench);
    }
    return status;
}

static enum status take_reading(void *ctx, const struct reading *reading)
{
    const struct record record = { .kind = RECORD_KIND_READING, .reading = *reading };
    return take_record(ctx, &record);
}

/// What a window means, in every bit; a reading shows the first digits only.
static void take_window(void *ctx, const struct window_report *report)
{
    struct bench *bench = ctx;
    struct sha256 *sha = &bench->sha;
    say_u64(sha, report->ended_us);
    say_u64(sha, report->cycles);
    say_u64(sha, report->quality);
    say_double(sha, report->seconds);
    say_double(sha, report->frequency_hz);
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct window_report_channel *channel = &report->channel[n];
        say_double(sha, channel->voltage_v);
        say_double(sha, channel->current_a);
        say_double(sha, channel->active_w);
        say_double(sha, channel->reactive_var);
        say_u64(sha, (uint64_t)channel->import_mj);
        say_u64(sha, (uint64_t)channel->export_mj);
    }
}

/// Urms(1/2) of every voltage; events and intervals show the first digits only.
static void take_part(void *ctx, enum whole_engine_part part)
{
    struct bench *bench = ctx;
    const struct power_quality *quality = &bench->engine.quality.quality;
    for (unsigned n = 0; n < quality->voltages && part == WHOLE_ENGINE_QUALITY; n++) {
        say_double(&bench->sha, quality->voltage[n].urms_v);
    }
}

static enum status get_no_value(void *ctx, const char *key, void *out, size_t capacity,
                                size_t *size)
{
    (void)ctx;
    (void)key;
    (void)out;
    (void)capacity;
    (void)size;
    return STATUS_MISSING;
}

static enum status set_value(void *ctx, const char *key, const void *value, size_t size)
{
    struct bench *bench = ctx;
    sha256_add(&bench->sha, key, strlen(key));
    sha256_add(&bench->sha, value, size);
    return STATUS_OK;
}

/// Inputs that are read one after another, through transformers with a curve, by a converter that
/// bends.
static enum status calibrate(struct bench *bench)
{
    const struct code_plan *plan = &bench->test_case.plan;
    const double scan_s = 1000.0 / (double)plan->rate_mhz;
    calibration_default(&bench->calibration);
    for (unsigned n = 0; n < plan->input_count; n++) {
        struct calibration_input *input = &bench->calibration.input[n];
        input->gain = n == 3 ? -0.993 : 1.0 + 0.0017 * n;
        input->delay_s = scan_s * n / plan->input_count;
        input->knots = n % 4;
        for (unsigned k = 0; k < input->knots; k++) {
            const float magnitude = 0.7f + 5.1f * (float)k;
            input->knot[k] = (struct calibration_knot){ .magnitude = magnitude,
                                                        .gain = 1.004f - 0.002f * (float)k,
                                                        .lead_50hz_rad = 0.05f / (float)(k + 1u),
                                                        .lead_60hz_rad = 0.04f / (float)(k + 1u) };
        }
    }
    float correction[TABLE_POINTS];
    for (unsigned n = 0; n < TABLE_POINTS; n++) {
        correction[n] = 3.3f - 0.11f * (float)(n * n % 61u);
    }
    const uint32_t range = (uint32_t)(plan->code_max - plan->code_min);
    const uint32_t cell = range / (TABLE_POINTS - 1);
    const enum status status = linearity_table_init(&bench->linearity, plan->code_min,
                                                    cell > 0 ? cell : 1u, correction, TABLE_POINTS);
    return status == STATUS_OK ? calibration_check(&bench->calibration) : status;
}

static enum status start_case(struct bench *bench, const struct flash_region *flash,
                              const struct entropy *entropy)
{
    memset(bench->flash, 0xff, sizeof bench->flash);
    enum status status = journal_open(&bench->journal, flash, entropy);
    status = status == STATUS_OK ? calibrate(bench) : status;
    if (status != STATUS_OK) {
        return status;
    }
    code_generator_init(&bench->generator, &bench->test_case.plan);
    bench->source = code_generator_source(&bench->generator);
    struct whole_engine_settings settings = whole_engine_settings_default();
    settings.source = &bench->source;
    settings.wiring = &bench->test_case.wiring;
    settings.readings = &bench->readings;
    settings.records = &bench->records;
    settings.values = &bench->values;
    settings.calibration = &bench->calibration;
    settings.linearity = &bench->linearity;
    settings.demand.sub_min = 1;
    settings.tariff = "1 02:30-03:00; 2";
    settings.time_zone = "CET-1CEST,M3.5.0,M10.5.0/3";
    settings.utc_start_ms = UTC_START_MS;
    settings.snapshot_storage = bench->snapshots;
    settings.snapshot_samples = SNAPSHOT_SAMPLES;
    settings.processing.reading_ms = 500;
    settings.quality.power.declared_v = 0.0; // Learnt: the vectors have all sorts of voltages.
    settings.spectrum.spectrum_ms = 500;
    settings.spectrum_mode = WAVEFORM_AT_ONCE;
    settings.spectrum_storage = bench->samples;
    settings.spectrum_storage_size = sizeof bench->samples;
    settings.watcher =
        (struct whole_engine_watcher){ .window = take_window, .part = take_part, .ctx = bench };
    return whole_engine_init(&bench->engine, &settings);
}

static void run_case(struct bench *bench)
{
    const struct flash_region flash = { .size = sizeof bench->flash,
                                        .sector_size = FLASH_SECTOR_SIZE,
                                        .read = flash_read,
                                        .program = flash_program,
                                        .erase = flash_erase,
                                        .sync = flash_sync,
                                        .ctx = bench };
    const struct entropy entropy = { .fill = not_random };
    bench->readings = (struct reading_sink){ .commit = take_reading, .ctx = bench };
    bench->records = (struct record_sink){ .commit = take_record, .ctx = bench };
    bench->values = (struct key_value){ .get = get_no_value, .set = set_value, .ctx = bench };
    if (start_case(bench, &flash, &entropy) != STATUS_OK) {
        check(bench, false, "the engine does not start");
        return; // A set of wiring or codes that it refuses is a mistake in plans.c.
    }
    enum status status = STATUS_OK;
    while (status == STATUS_OK || status == STATUS_BUSY) {
        status = whole_engine_step(&bench->engine, code_generator_uptime_us(&bench->generator));
    }
    check(bench, status == STATUS_MISSING, "the engine stops early");
    send_batch(bench);
}

static void print_digest(const char *name, const uint8_t digest[SHA256_SIZE])
{
    for (unsigned n = 0; n < SHA256_SIZE; n++) {
        printf("%02x", digest[n]);
    }
    printf("  %s\n", name);
}

/// The digest of the bytes 0 to 250, four times over, which sha256sum can be asked about.
static void print_known(void)
{
    struct sha256 sha;
    uint8_t digest[SHA256_SIZE];
    sha256_init(&sha);
    for (unsigned n = 0; n < 1004; n++) {
        const uint8_t byte = (uint8_t)(n % 251);
        sha256_add(&sha, &byte, 1);
    }
    sha256_end(&sha, digest);
    print_digest("known", digest);
}

/// Every bit of the elementary functions over many orders of magnitude.
static void elementary(struct sha256 *sha)
{
    double x = 1e-9;
    for (unsigned n = 0; n < 2000; n++) {
        say_double(sha, portable_sqrt(x));
        say_double(sha, portable_sin(x));
        say_double(sha, portable_cos(x));
        say_double(sha, portable_atan2(x - 3.0, 1.7 - x));
        say_double(sha, portable_log2(x));
        say_u64(sha, (uint64_t)portable_round(x * 1000.0));
        x *= 1.0173;
    }
}

/// From -1/2 to 1/2.
static double next_number(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(int32_t)(*seed >> 32) / 4294967296.0;
}

/// What a load shows at the harmonics of the mains; with a `noise` of 1 hardly anything.
static void watch_load(struct calibration_response *response, double hz, double noise,
                       uint64_t *seed)
{
    for (unsigned window = 0; window < 12; window++) {
        struct calibration_phasor voltage[CALIBRATION_ORDERS];
        struct calibration_phasor current[CALIBRATION_ORDERS];
        for (unsigned n = 0; n < CALIBRATION_ORDERS; n++) {
            const double peak = n == 0 ? 1500.0 : 20.0;
            voltage[n].re = peak * (0.6 + 0.1 * next_number(seed));
            voltage[n].im = peak * (0.3 + 0.1 * next_number(seed));
            current[n].re = 0.5 * voltage[n].re + noise * next_number(seed);
            current[n].im = 0.51 * voltage[n].im + noise * next_number(seed);
        }
        calibration_response_add(response, voltage, current, hz);
    }
}

/// Curves of loads at three currents.
static void calibrate_by_harmonics(struct sha256 *sha)
{
    const struct calibration_input before = { .gain = 1.0 };
    uint64_t seed = 5;
    for (unsigned n = 0; n < 200; n++) {
        const double hz = 50.0 + n % 11;
        struct calibration_point points[3];
        for (unsigned i = 0; i < 3; i++) {
            struct calibration_response response = { .windows = 0 };
            watch_load(&response, hz, n % 4 == 3 ? 1.0 : 0.001 * (i + 1.0), &seed);
            points[i] = (struct calibration_point){
                .verdict = CALIBRATION_FOUND,
                .has_lead = true,
                .lead_rad = 0.05 + 0.01 * next_number(&seed),
                .frequency_hz = hz,
                .magnitude_a = 4.0 * (i * i + 1.0),
                .lead_error_deg = 0.01,
                .trend = calibration_response_trend(&response, 1e-6),
            };
        }
        const struct calibration_curve curve = calibration_fit_curve(points, 3, 1e-6, &before);
        say_u64(sha, curve.law);
        say_double(sha, curve.input.delay_s);
        say_double(sha, curve.lead_error_45hz_deg);
        say_double(sha, curve.lead_error_65hz_deg);
        for (uint32_t knot = 0; knot < curve.input.knots; knot++) {
            say_double(sha, (double)curve.input.knot[knot].lead_50hz_rad);
            say_double(sha, (double)curve.input.knot[knot].lead_60hz_rad);
        }
    }
}

int main(void)
{
    static struct bench bench;
    uint8_t digest[SHA256_SIZE];
    struct sha256 all;
    sha256_init(&all);
    print_known();

    sha256_init(&bench.sha);
    elementary(&bench.sha);
    sha256_end(&bench.sha, digest);
    print_digest("elementary", digest);
    sha256_add(&all, digest, sizeof digest);

    sha256_init(&bench.sha);
    calibrate_by_harmonics(&bench.sha);
    sha256_end(&bench.sha, digest);
    print_digest("calibration", digest);
    sha256_add(&all, digest, sizeof digest);

    for (unsigned set = 0; set < GUEST_SET_COUNT; set++) {
        sha256_init(&bench.sha);
        for (unsigned n = 0; guest_set_case(set, n, &bench.test_case); n++) {
            run_case(&bench);
        }
        sha256_end(&bench.sha, digest);
        print_digest(guest_set_name(set), digest);
        sha256_add(&all, digest, sizeof digest);
    }
    const uint32_t wanted = UINT32_C(1) << RECORD_KIND_READING | UINT32_C(1) << RECORD_KIND_EVENT |
                            UINT32_C(1) << RECORD_KIND_WAVEFORM |
                            UINT32_C(1) << RECORD_KIND_INTERVAL |
                            UINT32_C(1) << RECORD_KIND_SPECTRUM;
    check(&bench, (bench.kinds & wanted) == wanted, "a kind of record was never made");
    sha256_end(&all, digest);
    print_digest("all", digest);
    return bench.failed ? 1 : 0;
}
