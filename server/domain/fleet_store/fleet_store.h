// SPDX-License-Identifier: MIT
#pragma once

/// What the fleet's store can be asked: the reading side, for edges. The writing side is
/// fleet_writer.h, and only the intake uses it. The domain owns both interfaces; every store passes
/// the suite in server/store/conformance.
///
/// Batches are kept as they came. A record is known by (device, journal_id, seq) and stored once.
/// Registers and energies are whole millijoule. Times are Unix UTC in milliseconds.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"
#include "device_id.h"
#include "finding.h"
#include "status.h"

enum { DEVICE_NAME_SIZE = 65 }; ///< A person's name for a device: at most 64 bytes of UTF-8.

/// What is kept of a device besides its readings.
struct device_record {
    char device_id[DEVICE_ID_SIZE];
    char name[DEVICE_NAME_SIZE];
    int64_t first_seen_ms;
    bool unacknowledged_data; ///< It sends `data` only, so readings may be missing unnoticed.
};

/// One reading with its identity and its place in time.
struct stored_reading {
    char device_id[DEVICE_ID_SIZE];
    uint8_t journal_id[JOURNAL_ID_SIZE];
    uint64_t seq;
    uint32_t boot_id;
    int64_t time_ms;     ///< End of the window.
    uint8_t time_source; ///< enum anchor_source; NONE means guessed from the time of arrival.
    struct reading reading;
};

enum {
    TELEMETRY_CHANNEL_TOTAL = -1,
    TELEMETRY_MINUTE_MS = 60000,
    TELEMETRY_POINT_LIMIT = 20000, ///< Most buckets of one query.
};

struct telemetry_query {
    const char *device_id;
    int channel;       ///< 0 to 7, or TELEMETRY_CHANNEL_TOTAL.
    int64_t start_ms;  ///< Inclusive.
    int64_t end_ms;    ///< Exclusive.
    int64_t bucket_ms; ///< Under a minute: from the readings. Else a multiple of a minute: from
                       ///< roll-ups.
};

/// One bucket of telemetry. A bucket with `measured_us` 0 holds nothing: show null, not zero.
///
/// For the total, power and current of one reading are the sums over its channels, and the voltage
/// is that of its first measured channel; the means over time are taken after that.
struct telemetry_point {
    int64_t start_ms;
    int64_t measured_us; ///< How much of the bucket was measured; the weight of the means.
    double voltage_v;    ///< Rms over the measured time.
    double current_a;    ///< Rms over the measured time.
    double active_power_w;
    double active_power_min_w; ///< Of the readings in the bucket.
    double active_power_max_w;
    double reactive_power_var;
    double apparent_power_va;
    double power_factor;
    double frequency_hz; ///< Mean over the time with a reference; 0 without one.
    int64_t import_mj;   ///< Energy that passed within the bucket.
    int64_t export_mj;
    uint32_t quality; ///< Union of the readings' quality bits.
};

struct channel_energy {
    int64_t import_mj;
    int64_t export_mj;
};

enum { FINDING_ANY_SUBJECT = -1, FINDING_LIMIT = 1000 };

/// Findings of one kind and time.
struct finding_query {
    const char *device_id;
    unsigned kind;    ///< enum record_kind; a kind of finding.
    int64_t subject;  ///< As finding_subject(), or FINDING_ANY_SUBJECT.
    int64_t start_ms; ///< Inclusive.
    int64_t end_ms;   ///< Exclusive.
    unsigned limit;   ///< At most so many are visited, up to FINDING_LIMIT.
    bool oldest_first;
};

enum {
    REGISTER_TOTAL = READING_CHANNEL_COUNT, ///< Stands for the total among channels.
    REGISTER_COUNT = READING_CHANNEL_COUNT + 1,
    REGISTER_USERNAME_SIZE = 65,
};

/// A person has set what a register shows, to match the meter of the utility. The registers of the
/// device and the lifetime registers stay as they are: `offset_mj` is added for showing.
struct register_preset {
    uint8_t channel; ///< Or REGISTER_TOTAL.
    bool is_export;
    int64_t time_ms;
    char username[REGISTER_USERNAME_SIZE];
    int64_t old_mj;    ///< Shown before.
    int64_t new_mj;    ///< Shown after; not negative.
    int64_t offset_mj; ///< Between the lifetime register and what is shown from then on.
};

/// Energy that passed in a time, and the lifetime registers at the newest reading. A lifetime
/// register goes on over resets of the device; without one it equals the device's register.
struct energy_report {
    struct channel_energy total;
    struct channel_energy channel[READING_CHANNEL_COUNT];
    struct channel_energy lifetime[REGISTER_COUNT]; ///< The total last.
    struct channel_energy shown[REGISTER_COUNT];    ///< Lifetime registers with their presets.
    uint8_t channels;                               ///< Bit n: channel n was ever measured.
};

/// Records of a journal that will never come, or were never stored. Both ends belong to it.
struct seq_range {
    uint64_t first_seq;
    uint64_t last_seq;
};

/// One journal as its stored batches show it.
struct journal_delivery {
    uint8_t journal_id[JOURNAL_ID_SIZE];
    uint64_t watermark;           ///< Every record up to here is stored or in `gaps`.
    uint64_t stored;              ///< Records stored, counted from the batches themselves.
    uint64_t doubled;             ///< Records found in more than one batch; not 0 is a defect.
    const struct seq_range *gaps; ///< Ascending; valid during the visit.
    size_t gap_count;
};

/// The reading side of a store. Any thread may call any of these at any time; each sees whole
/// commits only, and may block for as long as the disk does.
///
/// Each returns STATUS_MISSING when there is no such device (or no reading, for `latest`), and
/// STATUS_IO when the store cannot be read.
struct fleet_store {
    /// The newest reading of the device's newest journal.
    MUST_CHECK enum status (*latest)(void *ctx, const char *device_id,
                                     struct stored_reading *latest);

    /// Fills one point per bucket from `start_ms` on, empty ones included; `points` has room for
    /// (end_ms - start_ms) / bucket_ms, rounded up, which is also what `*count` becomes.
    ///
    /// @return STATUS_INVALID  the range is empty, the channel does not exist, or there are more
    /// than
    ///                         TELEMETRY_POINT_LIMIT buckets.
    MUST_CHECK enum status (*telemetry)(void *ctx, const struct telemetry_query *query,
                                        struct telemetry_point *points, size_t *count);

    /// Energy of the minutes that begin in [start_ms, end_ms).
    MUST_CHECK enum status (*energy)(void *ctx, const char *device_id, int64_t start_ms,
                                     int64_t end_ms, struct energy_report *report);

    /// Calls `visit` for findings of one kind, newest first or oldest first. They are valid during
    /// the visit.
    ///
    /// @return STATUS_INVALID  the kind is none of a finding, or the limit is too high.
    MUST_CHECK enum status (*findings)(void *ctx, const struct finding_query *query,
                                       void (*visit)(void *visit_ctx,
                                                     const struct stored_finding *finding),
                                       void *visit_ctx);

    /// Finds the finding that is this record. @return STATUS_MISSING  it is none, or not there.
    MUST_CHECK enum status (*finding)(void *ctx, const char *device_id,
                                      const uint8_t journal_id[JOURNAL_ID_SIZE], uint64_t seq,
                                      struct stored_finding *finding);

    /// Calls `visit` for every part of an event's waveform, in order of time.
    MUST_CHECK enum status (*waveform)(void *ctx, const struct stored_finding *event,
                                       void (*visit)(void *visit_ctx,
                                                     const struct stored_finding *part),
                                       void *visit_ctx);

    /// Makes a register show `preset->new_mj` and keeps who did it; fills in `old_mj` and
    /// `offset_mj`. On disk when it returns.
    ///
    /// @return STATUS_MISSING  the device is not known, or has no such register yet.
    MUST_CHECK enum status (*preset)(void *ctx, const char *device_id,
                                     struct register_preset *preset);

    /// Calls `visit` for every preset of the device, newest first.
    MUST_CHECK enum status (*presets)(void *ctx, const char *device_id,
                                      void (*visit)(void *visit_ctx,
                                                    const struct register_preset *preset),
                                      void *visit_ctx);

    /// Calls `visit` for every journal of the device, oldest first.
    MUST_CHECK enum status (*deliveries)(void *ctx, const char *device_id,
                                         void (*visit)(void *visit_ctx,
                                                       const struct journal_delivery *delivery),
                                         void *visit_ctx);

    /// Calls `visit` for every device, by name.
    MUST_CHECK enum status (*devices)(void *ctx,
                                      void (*visit)(void *visit_ctx,
                                                    const struct device_record *device),
                                      void *visit_ctx);

    /// Gives a device a name of at most DEVICE_NAME_SIZE - 1 bytes; on disk when it returns.
    MUST_CHECK enum status (*rename_device)(void *ctx, const char *device_id, const char *name);

    void *ctx;
};
