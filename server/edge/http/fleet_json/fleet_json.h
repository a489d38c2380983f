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

/// Writes a quantity rounded to `decimals` places; null when it is not finite or beyond 1e12.
void fleet_json_quantity(struct json_writer *writer, const char *name, double value,
                         unsigned decimals);

/// Writes 16 bytes of a journal's name as 32 hexadecimal digits.
void fleet_json_journal_id(struct json_writer *writer, const char *name,
                           const uint8_t journal_id[JOURNAL_ID_SIZE]);
