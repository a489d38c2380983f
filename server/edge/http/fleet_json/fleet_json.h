// SPDX-License-Identifier: MIT
#pragma once

/// The fleet's things as JSON, the same words in REST and in the stream: DEVICE, READING and series
/// of contracts/rest.md. Unknown values are null.

#include "fleet_events.h"
#include "json_writer.h"

/// `name` as in json_writer.h.
void fleet_json_device(struct json_writer *writer, const char *name,
                       const struct device_view *device);
void fleet_json_reading(struct json_writer *writer, const char *name,
                        const struct stored_reading *reading);

/// Writes the registers by rate and by quadrant as the members "rates" and "reactive_mvars".
void fleet_json_rates(struct json_writer *writer, const struct reading_total *total);

/// EVENT, SPECTRUM or INTERVAL, by the finding's kind.
void fleet_json_finding(struct json_writer *writer, const char *name,
                        const struct stored_finding *finding);

/// The parts of an event's waveform, in order of time, as the member "signals": one signal for
/// each channel and kind, and for each stretch without a hole.
void fleet_json_signals(struct json_writer *writer, const struct stored_finding *event,
                        const struct waveform_chunk *parts, size_t count);

enum { FLEET_JSON_EVENT_ID_SIZE = 2 * JOURNAL_ID_SIZE + 1 + 20 + 1 };

/// The event's name in the interface: journal_id, "-" and seq.
void fleet_json_event_id(const struct stored_finding *event, char out[FLEET_JSON_EVENT_ID_SIZE]);

/// Reads such a name. @return false  it is none.
bool fleet_json_read_event_id(const char *text, uint8_t journal_id[JOURNAL_ID_SIZE], uint64_t *seq);

void fleet_json_relay(struct json_writer *writer, const char *device_id, uint8_t relay_mask,
                      int64_t time_ms);
void fleet_json_command(struct json_writer *writer, const char *device_id,
                        const struct command_result *result);

/// The answer to a telemetry query: one array per quantity.
struct telemetry_series {
    struct telemetry_query query;
    const struct telemetry_point *points;
    size_t count;
};

void fleet_json_series(struct json_writer *writer, const struct telemetry_series *series);

/// Writes an array of integers.
void fleet_json_numbers(struct json_writer *writer, const char *name, const int64_t *numbers,
                        unsigned count);

/// Writes a quantity rounded to `decimals` places; null when it is not finite or beyond 1e12.
void fleet_json_quantity(struct json_writer *writer, const char *name, double value,
                         unsigned decimals);

/// Writes 16 bytes of a journal's name as 32 hexadecimal digits.
void fleet_json_journal_id(struct json_writer *writer, const char *name,
                           const uint8_t journal_id[JOURNAL_ID_SIZE]);
