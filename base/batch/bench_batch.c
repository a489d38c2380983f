// SPDX-License-Identifier: MIT

/// Prints what a batch costs: bytes, and processor time to encode and decode it.

#include <stdio.h>
#include <time.h>

#include "batch.h"
#include "reading_example.h"

enum { RECORD_COUNT = 60, ROUNDS = 5000 };

static double processor_ns(void)
{
    return (double)clock() * 1e9 / CLOCKS_PER_SEC;
}

int main(void)
{
    static struct record records[BATCH_RECORD_LIMIT];
    static uint8_t bytes[BATCH_SIZE_LIMIT];
    static const unsigned channel_counts[] = { 1, 3, 8 };

    for (unsigned c = 0; c < sizeof channel_counts / sizeof *channel_counts; c++) {
        struct reading_example example;
        reading_example_init(&example, 1);
        for (unsigned i = 0; i < RECORD_COUNT; i++) {
            records[i] = reading_example_next(&example, channel_counts[c]);
        }
        struct batch_header header = { .boot_id = 1, .first_seq = 1, .count = RECORD_COUNT };
        size_t size = 0;
        enum status status = STATUS_OK;

        const double start_ns = processor_ns();
        for (unsigned i = 0; i < ROUNDS && status == STATUS_OK; i++) {
            status = batch_encode(&header, records, bytes, sizeof bytes, &size);
        }
        const double middle_ns = processor_ns();
        for (unsigned i = 0; i < ROUNDS && status == STATUS_OK; i++) {
            status = batch_decode(bytes, size, &header, records);
        }
        const double end_ns = processor_ns();
        if (status != STATUS_OK) {
            (void)fprintf(stderr, "bench_batch: %s\n", status_name(status));
            return 1;
        }
        (void)printf("%d readings of %u channels: %zu bytes, encode %.0f ns, decode %.0f ns\n",
                     RECORD_COUNT, channel_counts[c], size, (middle_ns - start_ns) / ROUNDS,
                     (end_ns - middle_ns) / ROUNDS);
    }
    return 0;
}
