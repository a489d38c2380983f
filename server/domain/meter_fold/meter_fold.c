// SPDX-License-Identifier: MIT
#include "meter_fold.h"

#include <string.h>

#include "power_terms.h"

static const int64_t time_min_ms = -62135596800000; // Year 1.
static const int64_t time_max_ms = 253402300799999; // The end of year 9999.

static int64_t clamp_time(int64_t time_ms)
{
    return time_ms < time_min_ms ? time_min_ms : time_ms > time_max_ms ? time_max_ms : time_ms;
}

int64_t anchor_time_ms(const struct anchor *anchor, uint64_t uptime_ms)
{
    const int64_t utc_ms = clamp_time(anchor->utc_ms);
    const int64_t span_ms = time_max_ms - time_min_ms;
    if (uptime_ms >= anchor->uptime_ms) {
        const uint64_t later_ms = uptime_ms - anchor->uptime_ms;
        return clamp_time(later_ms > (uint64_t)span_ms ? time_max_ms : utc_ms + (int64_t)later_ms);
    }
    const uint64_t earlier_ms = anchor->uptime_ms - uptime_ms;
    return clamp_time(earlier_ms > (uint64_t)span_ms ? time_min_ms : utc_ms - (int64_t)earlier_ms);
}

void meter_fold_init(struct meter_fold *fold, const struct meter_state *state)
{
    *fold = (struct meter_fold){ .state = *state };
}

void meter_fold_begin_journal(struct meter_fold *fold)
{
    for (unsigned channel = 0; channel < ROLLUP_ROW_COUNT; channel++) {
        meter_segment_expect_reset(&fold->state.segment[channel][METER_IMPORT]);
        meter_segment_expect_reset(&fold->state.segment[channel][METER_EXPORT]);
    }
}

void meter_fold_set_anchor(struct meter_fold *fold, const struct anchor *anchor)
{
    fold->anchor = *anchor;
}

enum status meter_fold_flush(struct meter_fold *fold, const struct meter_fold_sink *sink)
{
    if (!fold->open) {
        return STATUS_OK;
    }
    const enum status status = sink->minute(sink->ctx, fold->minute_ms, fold->rows);
    fold->open = false;
    return status;
}

/// What can have passed since the last reading: by uptime within a boot, else by the calendar.
static int64_t allowed_since_last(const struct meter_state *state, uint32_t boot_id,
                                  uint64_t uptime_ms, int64_t time_ms)
{
    if (!state->has_last) {
        return INT64_MAX;
    }
    if (state->boot_id == boot_id && uptime_ms >= state->uptime_ms) {
        return meter_segment_allowed_mj(uptime_ms - state->uptime_ms);
    }
    return meter_segment_allowed_mj(time_ms > state->time_ms ? (uint64_t)(time_ms - state->time_ms)
                                                             : 0);
}

static enum status take_register(struct meter_state *state, const struct placed_reading *placed,
                                 unsigned channel, enum meter_direction direction,
                                 int64_t register_mj, int64_t allowed_mj, int64_t *passed_mj,
                                 const struct meter_fold_sink *sink)
{
    const enum meter_event event =
        meter_segment_take(&state->segment[channel][direction], register_mj, allowed_mj, passed_mj);
    if (event == METER_EVENT_NONE || event == METER_EVENT_HELD || sink == NULL) {
        return STATUS_OK;
    }
    const struct meter_notice notice = { .event = event,
                                         .seq = placed->seq,
                                         .channel = (uint8_t)channel,
                                         .direction = direction,
                                         .time_ms = placed->time_ms };
    return sink->notice(sink->ctx, &notice);
}

/// The total's registers. What passes in a time stays the sum over the channels, as for power.
static enum status take_total(struct meter_state *state, const struct placed_reading *placed,
                              int64_t allowed_mj, const struct meter_fold_sink *sink)
{
    const struct reading_total *total = &placed->reading->total;
    const int64_t all_allowed_mj = allowed_mj > INT64_MAX / READING_CHANNEL_COUNT
                                       ? INT64_MAX
                                       : allowed_mj * READING_CHANNEL_COUNT;
    int64_t passed_mj;
    enum status status = take_register(state, placed, READING_CHANNEL_COUNT, METER_IMPORT,
                                       power_terms_register_total(total->import_mj), all_allowed_mj,
                                       &passed_mj, sink);
    if (status == STATUS_OK) {
        status = take_register(state, placed, READING_CHANNEL_COUNT, METER_EXPORT,
                               power_terms_register_total(total->export_mj), all_allowed_mj,
                               &passed_mj, sink);
    }
    return status;
}

static struct rollup_sample sample_of(const struct reading *reading,
                                      const struct reading_channel *channel)
{
    return (struct rollup_sample){
        .window_us = reading->window_us,
        .frequency_mhz = reading->frequency_mhz,
        .voltage_10mv = channel->voltage_10mv,
        .current_100ua = channel->current_100ua,
        .active_power_10mw = channel->active_power_10mw,
        .reactive_power_10mvar = channel->reactive_power_10mvar,
        .apparent_power_10mva = channel->apparent_power_10mva,
        .quality = (uint32_t)reading->quality | channel->quality,
    };
}

static void add_to_total(struct rollup_sample *total, const struct rollup_sample *sample)
{
    if (total->voltage_10mv == 0.0) {
        total->voltage_10mv = sample->voltage_10mv;
    }
    total->current_100ua += sample->current_100ua;
    total->active_power_10mw += sample->active_power_10mw;
    total->reactive_power_10mvar += sample->reactive_power_10mvar;
    total->apparent_power_10mva += sample->apparent_power_10mva;
    total->import_mj += sample->import_mj;
    total->export_mj += sample->export_mj;
    total->quality |= sample->quality;
}

enum status meter_state_take(struct meter_state *state, const struct placed_reading *placed,
                             struct rollup_sample samples[ROLLUP_ROW_COUNT],
                             const struct meter_fold_sink *sink)
{
    const struct reading *reading = placed->reading;
    const int64_t allowed_mj =
        allowed_since_last(state, placed->boot_id, reading->uptime_ms, placed->time_ms);
    struct rollup_sample *total = &samples[READING_CHANNEL_COUNT];
    *total = (struct rollup_sample){ .window_us = reading->window_us,
                                     .frequency_mhz = reading->frequency_mhz,
                                     .quality = reading->quality };

    enum status status = STATUS_OK;
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        samples[i] = (struct rollup_sample){ 0 };
        if ((reading->channels >> i & 1u) == 0 || status != STATUS_OK) {
            continue;
        }
        samples[i] = sample_of(reading, &reading->channel[i]);
        const struct reading_channel *channel = &reading->channel[i];
        status = take_register(state, placed, i, METER_IMPORT, channel->import_mj, allowed_mj,
                               &samples[i].import_mj, sink);
        if (status == STATUS_OK) {
            status = take_register(state, placed, i, METER_EXPORT, channel->export_mj, allowed_mj,
                                   &samples[i].export_mj, sink);
        }
        add_to_total(total, &samples[i]);
    }
    if (status == STATUS_OK) {
        status = take_total(state, placed, allowed_mj, sink);
    }
    state->has_last = true;
    state->boot_id = placed->boot_id;
    state->uptime_ms = reading->uptime_ms;
    state->time_ms = placed->time_ms;
    return status;
}

/// A window that ends exactly on the minute belongs to the minute before.
static enum status open_minute(struct meter_fold *fold, int64_t time_ms,
                               const struct meter_fold_sink *sink)
{
    const int64_t minute_ms = rollup_start_ms(time_ms - 1, ROLLUP_MINUTE_MS);
    if (fold->open && fold->minute_ms == minute_ms) {
        return STATUS_OK;
    }
    const enum status status = meter_fold_flush(fold, sink);
    memset(fold->rows, 0, sizeof fold->rows);
    fold->minute_ms = minute_ms;
    fold->open = true;
    return status;
}

enum status meter_fold_take(struct meter_fold *fold, uint32_t boot_id, uint64_t seq,
                            const struct record *record, const struct meter_fold_sink *sink)
{
    if (record->kind == RECORD_KIND_ANCHOR) {
        fold->anchor = record->anchor;
    }
    if (record->kind != RECORD_KIND_READING) {
        return STATUS_OK;
    }
    const struct placed_reading placed = {
        .boot_id = boot_id,
        .seq = seq,
        .time_ms = anchor_time_ms(&fold->anchor, record->reading.uptime_ms),
        .reading = &record->reading,
    };
    struct rollup_sample samples[ROLLUP_ROW_COUNT];
    enum status status = open_minute(fold, placed.time_ms, sink);
    if (status == STATUS_OK) {
        status = meter_state_take(&fold->state, &placed, samples, sink);
    }
    for (unsigned i = 0; i < ROLLUP_ROW_COUNT && status == STATUS_OK; i++) {
        if (samples[i].window_us > 0) {
            rollup_add(&fold->rows[i], &samples[i]);
        }
    }
    return status;
}
