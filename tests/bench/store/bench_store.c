// SPDX-License-Identifier: MIT

/// How fast the store takes batches: many meters, one reading a batch, group commits with
/// synchronous=FULL. Prints batches a second and microseconds of CPU a batch.
///
///   bench_store FOLDER [METERS [SECONDS]]

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "ingest.h"
#include "sqlite_fleet_store.h"

enum { GROUP = 400, PAYLOAD_SIZE = 2048, US_PER_S = 1000000 };

static const int64_t start_ms = 1763726400000;

struct bench {
    const struct fleet_writer *writer;
    struct ingest *ingest;
    struct fleet_counters counters;
    unsigned meters;
    uint64_t batches;
    double worst_commit_ms;
};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_us(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * US_PER_S +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/// The batch with which a meter of eight channels tells of second `second`.
static size_t make_batch(unsigned meter, uint64_t second, uint8_t payload[PAYLOAD_SIZE])
{
    struct record records[2] = { { .kind = RECORD_KIND_READING } };
    struct batch_header header = {
        .boot_id = 1, .first_seq = second + 1, .oldest_seq = second, .count = 1
    };
    memcpy(header.journal_id, &meter, sizeof meter);
    struct reading *reading = &records[0].reading;
    reading->uptime_ms = second * 1000;
    reading->window_us = 1000000 + (uint32_t)(second % 17);
    reading->frequency_mhz = 49990 + (uint32_t)(second % 23);
    reading->channels = 0xFF;
    reading->connected = 0xFF;
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        reading->channel[i] = (struct reading_channel){
            .voltage_10mv = 23000 + (uint32_t)((second + meter) % 40),
            .current_100ua = 10000 + 997 * i,
            .active_power_10mw = 23000 + (int32_t)(second % 101),
            .apparent_power_10mva = 24000,
            .power_factor_1e4 = 9600,
            .import_mj = (int64_t)second * 230000 + meter,
        };
    }
    if (second == 1) {
        records[1] = records[0];
        records[0] = (struct record){
            .kind = RECORD_KIND_ANCHOR,
            .anchor = { .uptime_ms = 0, .utc_ms = start_ms, .source = ANCHOR_SOURCE_SNTP }
        };
        header.first_seq = 1;
        header.oldest_seq = 1;
        header.count = 2;
    }
    size_t size = 0;
    if (batch_encode(&header, records, payload, PAYLOAD_SIZE, &size) != STATUS_OK) {
        abort();
    }
    return size;
}

static void fail(const struct bench *bench)
{
    (void)fprintf(stderr, "bench_store: %s\n", bench->writer->error(bench->writer->ctx));
    exit(1); // NOLINT(concurrency-mt-unsafe)
}

static void store_group(struct bench *bench, uint8_t (*payload)[PAYLOAD_SIZE], const size_t *size)
{
    const struct fleet_writer *writer = bench->writer;
    if (writer->begin(writer->ctx) != STATUS_OK) {
        fail(bench);
    }
    for (unsigned i = 0; i < GROUP; i++) {
        char name[DEVICE_ID_SIZE];
        struct ingest_outcome outcome;
        (void)snprintf(name, sizeof name, "meter-%llu",
                       (unsigned long long)((bench->batches + i) % bench->meters));
        if (ingest_take_batch(bench->ingest, name, payload[i], size[i], start_ms, &outcome) !=
                STATUS_OK ||
            outcome.kind != INGEST_STORED) {
            fail(bench);
        }
    }
    const double before_s = now_s();
    if (writer->commit(writer->ctx) != STATUS_OK) {
        fail(bench);
    }
    const double commit_ms = (now_s() - before_s) * 1000.0;
    bench->worst_commit_ms =
        commit_ms > bench->worst_commit_ms ? commit_ms : bench->worst_commit_ms;
    ingest_committed(bench->ingest);
    bench->batches += GROUP;
}

static void run(struct bench *bench, double seconds)
{
    static uint8_t payload[GROUP][PAYLOAD_SIZE];
    static size_t size[GROUP];
    double storing_s = 0.0;
    double storing_us = 0.0;
    size_t bytes = 0;
    while (storing_s < seconds) {
        for (unsigned i = 0; i < GROUP; i++) {
            const uint64_t number = bench->batches + i;
            size[i] = make_batch((unsigned)(number % bench->meters), 1 + number / bench->meters,
                                 payload[i]);
            bytes += size[i];
        }
        const double before_s = now_s();
        const double before_us = cpu_us();
        store_group(bench, payload, size);
        storing_s += now_s() - before_s;
        storing_us += cpu_us() - before_us;
    }
    (void)printf("meters %u, batches %llu of %zu bytes, groups of %d\n", bench->meters,
                 (unsigned long long)bench->batches, bytes / (size_t)bench->batches, GROUP);
    (void)printf("stored batches a second: %.0f\n", (double)bench->batches / storing_s);
    (void)printf("CPU a batch: %.1f us\n", storing_us / (double)bench->batches);
    (void)printf("longest commit: %.1f ms\n", bench->worst_commit_ms);
}

int main(int argc, char **argv)
{
    char path[1024];
    char error[256];
    struct bench bench = { .meters = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000 };
    const double seconds = argc > 3 ? strtod(argv[3], NULL) : 10.0;
    if (argc < 2 || bench.meters == 0) {
        (void)fprintf(stderr, "usage: bench_store FOLDER [METERS [SECONDS]]\n");
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/bench_store.db", argv[1]);
    if (access(path, F_OK) == 0) {
        (void)fprintf(stderr, "bench_store: %s exists; remove it first\n", path);
        return 1;
    }
    const struct sqlite_fleet_store_options options = { .path = path };
    struct sqlite_fleet_store *store = sqlite_fleet_store_open(&options, error, sizeof error);
    if (store == NULL) {
        (void)fprintf(stderr, "bench_store: %s\n", error);
        return 1;
    }
    bench.writer = sqlite_fleet_store_writer(store);
    bench.ingest = ingest_open(bench.writer, &bench.counters);
    if (bench.ingest != NULL) {
        run(&bench, seconds);
    }
    ingest_close(bench.ingest);
    sqlite_fleet_store_close(store);
    return 0;
}
