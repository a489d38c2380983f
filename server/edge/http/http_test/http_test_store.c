// SPDX-License-Identifier: MIT
#include <string.h>

#include "http_test_bed.h"

enum { EVENT_SEQ = 77, NOON_MS_DAY = 1763726400 };

static struct stored_finding make_finding(unsigned kind)
{
    struct stored_finding finding = { .device_id = BED_DEVICE,
                                      .journal_id = { 0xAB },
                                      .seq = EVENT_SEQ,
                                      .boot_id = 1,
                                      .time_ms = INT64_C(1000) * NOON_MS_DAY,
                                      .time_source = ANCHOR_SOURCE_SNTP,
                                      .record = { .kind = (uint8_t)kind } };
    if (kind == RECORD_KIND_EVENT) {
        finding.has_waveform = true;
        finding.record.event = (struct power_event){ .started_us = 5000250,
                                                     .duration_us = 83400,
                                                     .id = 3,
                                                     .extreme_10mv = 9200,
                                                     .declared_10mv = 23000,
                                                     .quality = READING_QUALITY_GAP };
    } else if (kind == RECORD_KIND_SPECTRUM) {
        finding.record.spectrum = (struct spectrum){ .uptime_ms = 9000,
                                                     .span_ms = 3000,
                                                     .windows = 15,
                                                     .fundamental_rms = 23000,
                                                     .distortion_ppm = 21000,
                                                     .harmonic_ppm = { 1000000, 0, 21000 } };
    } else {
        finding.record.interval =
            (struct metering_interval){ .uptime_ms = 700000,
                                        .length_ms = 600000,
                                        .measured_ms = 599800,
                                        .frequency_mhz = 50001,
                                        .flags = INTERVAL_FLAGGED | INTERVAL_CLOCK_STEP,
                                        .channels = 0x05 };
        finding.record.interval.channel[2].voltage_low_10mv = 21900;
    }
    return finding;
}

static enum status
find_findings(void *ctx, const struct finding_query *query,
              void (*visit)(void *visit_ctx, const struct stored_finding *finding), void *visit_ctx)
{
    if (bed_store_fails(ctx)) {
        return STATUS_IO;
    }
    // The fake holds one spectrum, that of the voltage of channel 0, and some of all else.
    struct stored_finding finding = make_finding(query->kind);
    if (query->kind == RECORD_KIND_SPECTRUM && query->subject > 0) {
        return STATUS_OK;
    }
    if (query->kind == RECORD_KIND_INTERVAL) {
        finding.record.interval.kind = (uint8_t)query->subject;
    }
    visit(visit_ctx, &finding);
    return STATUS_OK;
}

static enum status find_finding(void *ctx, const char *device_id,
                                const uint8_t journal_id[JOURNAL_ID_SIZE], uint64_t seq,
                                struct stored_finding *finding)
{
    (void)device_id;
    if (bed_store_fails(ctx)) {
        return STATUS_IO;
    }
    *finding = make_finding(RECORD_KIND_EVENT);
    return seq == EVENT_SEQ && memcmp(journal_id, finding->journal_id, JOURNAL_ID_SIZE) == 0
               ? STATUS_OK
               : STATUS_MISSING;
}

static enum status find_waveform(void *ctx, const struct stored_finding *event,
                                 void (*visit)(void *visit_ctx, const struct stored_finding *part),
                                 void *visit_ctx)
{
    if (bed_store_fails(ctx)) {
        return STATUS_IO;
    }
    struct stored_finding part = *event;
    part.record = (struct record){ .kind = RECORD_KIND_WAVEFORM,
                                   .waveform = { .started_us = 4980250,
                                                 .event_id = 3,
                                                 .interval_ns = 156250,
                                                 .unit_per_1e6 = 200000,
                                                 .count = 64,
                                                 .sample = { -1600, 800 } } };
    visit(visit_ctx, &part);
    part.record.waveform.started_us += 10000; // Goes on without a hole.
    visit(visit_ctx, &part);
    part.record.waveform.signal = SIGNAL_CURRENT;
    visit(visit_ctx, &part);
    return STATUS_OK;
}

/// The export of the total is a register that the device has not shown yet.
static enum status preset_register(void *ctx, const char *device_id, struct register_preset *preset)
{
    (void)device_id;
    if (bed_store_fails(ctx)) {
        return STATUS_IO;
    }
    preset->old_mj = 5;
    preset->offset_mj = preset->new_mj - preset->old_mj;
    return preset->is_export ? STATUS_MISSING : STATUS_OK;
}

static enum status
list_presets(void *ctx, const char *device_id,
             void (*visit)(void *visit_ctx, const struct register_preset *preset), void *visit_ctx)
{
    const struct register_preset preset = { .channel = 7,
                                            .is_export = true,
                                            .time_ms = INT64_C(1000) * NOON_MS_DAY,
                                            .username = "admin",
                                            .old_mj = 10,
                                            .new_mj = 4,
                                            .offset_mj = -6 };
    (void)device_id;
    if (bed_store_fails(ctx)) {
        return STATUS_IO;
    }
    visit(visit_ctx, &preset);
    return STATUS_OK;
}

void bed_store_fill(struct fleet_store *store)
{
    store->findings = find_findings;
    store->finding = find_finding;
    store->waveform = find_waveform;
    store->preset = preset_register;
    store->presets = list_presets;
}
