// SPDX-License-Identifier: MIT
#include "demand_detail.h"

#include "json_writer.h"

static void write_time(struct json_writer *json, const char *name, int64_t ms)
{
    if (ms > 0) {
        json_writer_integer(json, name, ms);
    } else {
        json_writer_null(json, name);
    }
}

enum status demand_detail_write(const struct maximum_demand_value *value, char *out,
                                size_t capacity, size_t *size)
{
    struct json_writer json;
    json_writer_init(&json, out, capacity);
    json_writer_begin_object(&json, NULL);
    json_writer_decimal(&json, "maximum_demand_w", value->demand_mw, 3);
    write_time(&json, "maximum_demand_ms", value->at_ms);
    json_writer_unsigned(&json, "resets", value->resets);
    write_time(&json, "reset_ms", value->reset_at_ms);
    json_writer_string(&json, "reset_by", value->reset_by);
    json_writer_decimal(&json, "previous_demand_w", value->previous_mw, 3);
    write_time(&json, "previous_demand_ms", value->previous_at_ms);
    json_writer_end_object(&json);
    return json_writer_finish(&json, size);
}
