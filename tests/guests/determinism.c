// SPDX-License-Identifier: MIT

/// Says in SHA-256 what the metering engine makes of many generated mains, so that machines can be
/// compared: windows, readings, and the batches that leave the device, by way of the journal.
///
/// Needs no operating system and no file: the codes come from integers, the words go to stdout.

#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "bytes.h"
#include "journal.h"
#include "plans.h"
#include "portable_math.h"
#include "sha256.h"
#include "whole_engine.h"

enum { FLASH_SECTOR_SIZE = 8192, FLASH_SECTORS = 4, RECORDS_PER_BATCH = 16, SAMPLE_ROOM = 16384 };

/// Everything that one case needs. Static: a guest's stack is small.
struct bench {
    struct sha256 sha;
    struct whole_engine engine;
    struct code_generator generator;
    struct guest_case test_case;
    struct adc_source source;
    uint64_t samples[SAMPLE_ROOM];
    struct reading_sink readings;
    struct record_sink records;
    struct journal journal;
    uint8_t flash[FLASH_SECTOR_SIZE * FLASH_SECTORS];
    struct record record[RECORDS_PER_BATCH];
    uint8_t batch[BATCH_SIZE_LIMIT];
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

static void take_half_cycle(void *ctx, const struct power_quality_update *update)
{
    struct bench *bench = ctx;
    if (update->has_urms) {
        say_double(&bench->sha, update->urms_v);
    }
}

static enum status start_case(struct bench *bench, const struct flash_region *flash,
                              const struct entropy *entropy)
{
    memset(bench->flash, 0xff, sizeof bench->flash);
    const enum status status = journal_open(&bench->journal, flash, entropy);
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
    settings.processing.reading_ms = 500;
    settings.quality.declared_v = 0.0; // Learnt: the vectors have all sorts of voltages.
    settings.spectrum.spectrum_ms = 500;
    settings.spectrum_mode = WAVEFORM_AT_ONCE;
    settings.spectrum_storage = bench->samples;
    settings.spectrum_storage_size = sizeof bench->samples;
    settings.watcher = (struct whole_engine_watcher){ .window = take_window,
                                                      .half_cycle = take_half_cycle,
                                                      .ctx = bench };
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

    for (unsigned set = 0; set < GUEST_SET_COUNT; set++) {
        sha256_init(&bench.sha);
        for (unsigned n = 0; guest_set_case(set, n, &bench.test_case); n++) {
            run_case(&bench);
        }
        sha256_end(&bench.sha, digest);
        print_digest(guest_set_name(set), digest);
        sha256_add(&all, digest, sizeof digest);
    }
    sha256_end(&all, digest);
    print_digest("all", digest);
    return bench.failed ? 1 : 0;
}
