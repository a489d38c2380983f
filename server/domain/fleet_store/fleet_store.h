// SPDX-License-Identifier: MIT
#pragma once

/// Where the fleet's data is kept. The domain owns this interface; every store passes the suite in
/// server/store/conformance.
///
/// Batches are kept as they came. A record is known by (device, journal_id, seq) and stored once;
/// the watermark of a journal is the highest sequence number below which nothing is missing, apart
/// from gaps that the device itself declared by naming a higher oldest_seq.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"
#include "status.h"

enum { DEVICE_ID_SIZE = 33 }; ///< 1 to 32 of [A-Za-z0-9_-], and a terminator.

/// What a batch of one commit leaves behind for its device: publish this on `ack` after the commit.
struct watermark {
    char device_id[DEVICE_ID_SIZE];
    uint8_t journal_id[JOURNAL_ID_SIZE];
    uint64_t seq;
};

/// One bucket of telemetry of one channel, or of all channels together.
struct telemetry_point {
    int64_t start_ms;     ///< UTC, start of the bucket.
    int64_t measured_us;  ///< How much of the bucket was measured; the weight of the means.
    double voltage_v;     ///< Rms over the measured time.
    double current_a;     ///< Rms over the measured time; for all channels the sum of theirs.
    double active_power_w;
    double active_power_min_w;
    double active_power_max_w;
    double reactive_power_var;
    double apparent_power_va;
    double power_factor;
    double frequency_hz;
    int64_t import_mj; ///< Energy that passed within the bucket.
    int64_t export_mj;
    uint32_t quality; ///< Union of the readings' quality bits.
};

enum { TELEMETRY_CHANNEL_TOTAL = -1 };

struct telemetry_query {
    const char *device_id;
    int channel;        ///< 0 to 7, or TELEMETRY_CHANNEL_TOTAL.
    int64_t start_ms;   ///< Inclusive.
    int64_t end_ms;     ///< Exclusive.
    int64_t bucket_ms;  ///< Width of a bucket; from 60 s on it is a multiple of a minute.
};
